/** The bank over HTTP, on one file or on PostgreSQL: what `npm start` runs. */
import { hasCode } from '@daybook/core';
import { httpHandler } from '@daybook/server';

import { argumentsOf, USAGE, UsageError, type ServerArguments } from './arguments.ts';
import { bank } from './bank.ts';
import { importLedger } from './demo.ts';
import { openPlace } from './place.ts';

/** Requests in flight have this long to finish once the server was told to stop. */
const DRAIN_MS_MAX = 9_500;

const flags = process.argv.slice(2);
if (flags.includes('--help')) {
  console.log(USAGE);
} else {
  try {
    await serve(argumentsOf(flags, process.env));
  } catch (error) {
    console.error(sentenceOf(error));
    if (hasCode(error, 'not-authorised'))
      console.error('The flag for that is: npm start -- --public');
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

async function serve(serverArguments: ServerArguments): Promise<void> {
  const { port, host, isDemo, isPublic } = serverArguments;
  await using place = await openPlace(serverArguments);
  const app = await bank.start({ store: place.store });
  const stop = Promise.withResolvers<NodeJS.Signals>();
  onSignals(stop.resolve);
  try {
    if (isDemo) {
      const imported = await importLedger(app.face);
      if (imported > 0) console.log(`The ledger is in the bank now: ${imported} events.`);
    }
    const handler = httpHandler(app, { title: 'The bank', public: isPublic });
    const server = await handler.listen({ port, host });
    console.log(greeting(server.url, isDemo));
    console.log(`${await stop.promise}: finishing what is in flight.`);
    await server.close();
  } finally {
    await app.close();
  }
}

/** The first signal ends in order, the second at once; so does a drain that takes too long. */
function onSignals(stop: (signal: NodeJS.Signals) => void): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stop(signal);
      setTimeout(() => process.exit(0), DRAIN_MS_MAX).unref();
    });
  }
}

function greeting(url: string, isDemo: boolean): string {
  const id = isDemo ? 'Assets:US:BofA:Checking' : 'acc-1';
  const commands = isDemo
    ? [
        `curl ${url}/queries/balances/balanceOf?id=${id}`,
        `curl '${url}/queries/statements/statementOf?id=${id}&limit=3'`,
        `curl '${url}/streams/account-${id}/state?at=2024-08-26T18:44:31Z'`,
      ]
    : [
        `curl -H content-type:application/json -d '{"owner":"Ada"}' ${url}/commands/account/${id}/OpenAccount`,
        `curl -H content-type:application/json -d '{"cents":5000}' ${url}/commands/account/${id}/DepositMoney`,
        `curl ${url}/queries/balances/balanceOf?id=${id}`,
      ];
  return [`The bank is open on ${url}`, 'Try:', ...commands.map((command) => `  ${command}`)].join(
    '\n',
  );
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
