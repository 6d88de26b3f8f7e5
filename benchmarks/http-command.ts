// What does a command cost the server over HTTP, beside a handler written by hand?
import type { ChildProcess } from 'node:child_process';
import { Agent, request } from 'node:http';
import { ended, nextWord, started } from './src/child.ts';
import { platform } from './src/platform.ts';
import { answer, isQuick } from './src/question.ts';
import type { Contender, Sample } from './src/sample.ts';

const ACCOUNTS = 400;
const REQUESTS = isQuick ? 2_000 : 6_000;
const CONNECTIONS = 16;

const servers: ChildProcess[] = [];

try {
  await answer({
    name: 'http-command',
    question: 'What does a command cost the server over HTTP, beside a handler written by hand?',
    method: [
      `\`POST /commands/account/{id}/DepositMoney\` with an \`Idempotency-Key\`, ${REQUESTS} a round over ${ACCOUNTS} accounts and ${CONNECTIONS} kept connections. Servers and client are processes of their own; what counts is \`process.cpuUsage\` of the server. Ours is \`httpHandler(app).listen\` on the memory store: routing, checks of host and origin, validation, content hash, load and fold of the account (6 events on average), decision, append with its outcome, token, answer with the events.`,
      'By hand: `node:http`, the path split, the body collected and parsed, zod, a map of balances, the event pushed to an array, and answered in the same shape without a token. Nothing is folded, and a repeated request has another effect; *with ids* keeps the content hash and the answer of each request.',
    ],
    unit: 'request',
    contenders: [
      await contender('Daybook', 'daybook'),
      await contender('node:http and zod', 'by-hand'),
      await contender('node:http and zod, with ids', 'by-hand-once'),
      await contender('Daybook, with a read model', 'daybook-with-read-model'),
    ],
    targets: [
      { ...row('Daybook', 'node:http and zod'), atLeast: 1.5, aim: 1.3 },
      row('Daybook', 'node:http and zod, with ids'),
      row('Daybook, with a read model', 'node:http and zod'),
    ],
  });
} finally {
  for (const server of servers) await ended(server);
}

async function contender(name: string, kind: string): Promise<Contender> {
  const { child, first } = await started('http-server.ts', [kind]);
  servers.push(child);
  const port = Number(first['port']);
  let round = 0;
  return {
    name,
    async run(): Promise<Sample> {
      round += 1;
      // A server closes connections that are idle for seconds, as they are while the others have their turn.
      const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
      const post = (path: string, data: unknown): Promise<void> =>
        send({ agent, port }, path, data);
      const idOf = (index: number): string => `acc-${round}-${index % ACCOUNTS}`;
      await inParallel(ACCOUNTS, (index) =>
        post(`/commands/account/${idOf(index)}/OpenAccount`, { owner: 'somebody' }),
      );
      const before = await cpuMsOf(child);
      const startedAt = performance.now();
      await inParallel(REQUESTS, (index) =>
        post(`/commands/account/${idOf(index)}/DepositMoney`, { cents: index + 1 }),
      );
      const wallMs = performance.now() - startedAt;
      const cpuMs = (await cpuMsOf(child)) - before;
      agent.destroy();
      return { operations: REQUESTS, wallMs, cpuMs };
    },
  };
}

/** Never sleeps meanwhile: waking a client that sleeps would be counted as the work of whichever server is slower. */
async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let isDone = false;
  const stayAwake = (): void => {
    if (!isDone) setImmediate(stayAwake);
  };
  stayAwake();
  try {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        for (let index = next++; index < count; index = next++) await work(index);
      }),
    );
  } finally {
    isDone = true;
  }
}

function send(
  { agent, port }: { readonly agent: Agent; readonly port: number },
  path: string,
  data: unknown,
): Promise<void> {
  const body = JSON.stringify(data);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': platform.newId(),
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`${path} was answered ${response.statusCode}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function cpuMsOf(child: ChildProcess): Promise<number> {
  const word = nextWord(child);
  child.send('cpu');
  const { cpu } = await word;
  const { user, system } = cpu as NodeJS.CpuUsage;
  return (user + system) / 1_000;
}

function row(
  ours: string,
  theirs: string,
): { what: string; against: string; ours: string; theirs: string; measure: 'cpu' } {
  const what = ours === 'Daybook' ? 'HTTP command, CPU a request' : 'the same, with a read model';
  return { what, against: theirs, ours, theirs, measure: 'cpu' };
}
