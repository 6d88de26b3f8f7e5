/** `daybook dev`, and the commands that work on a server. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { folder, type Folder } from './daybook.ts';

async function served(
  here: Folder,
  args: readonly string[] = [],
): Promise<{ url: string; stop(signal?: NodeJS.Signals): Promise<unknown> }> {
  const child = here.start(['dev', '--json', ...args]);
  const errors = text(child.stderr);
  const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [
    Buffer | number,
  ];
  if (typeof line === 'number') throw new Error(await errors);
  const { url } = JSON.parse(String(line)) as { url: string };
  return {
    url,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      return (await once(child, 'exit'))[0];
    },
  };
}

test('dev serves the application, the commands work on it from afar, and SIGTERM ends it with 0', async () => {
  const here = folder();
  const { url, stop } = await served(here);
  const away = folder();
  const on = (...args: readonly string[]): ReturnType<Folder['json']> =>
    away.json(['--url', url, ...args]);
  expect(await on('send', 'account/a b/OpenAccount', '{"owner":"Ada"}')).toMatchObject({
    code: 0,
    documents: [{ stream: 'account-a b' }],
  });
  const deposited = await on('send', 'account/a b/DepositMoney', '{"cents":5}');
  expect((await on('send', 'account/a b/WithdrawMoney', '{"cents":6}')).code).toBe(3);
  expect((await on('send', 'account/a b/WithdrawMoney', '{"cents":"6"}')).code).toBe(2);
  expect((await on('send', 'account/a b/DepositMoney', '{"cents":6}', '--expect', '0')).code).toBe(
    4,
  );
  const token = String(deposited.documents[0]?.['token']);
  expect(
    await on('query', 'balances.balanceOf', '{"id":"a b"}', '--after', token, '--wait', '5'),
  ).toMatchObject({
    code: 0,
    documents: [{ status: 'fresh', data: { balanceCents: 5 } }],
  });
  expect((await on('tail', '--types', 'MoneyDeposited')).documents).toMatchObject([
    { position: 1 },
  ]);
  expect((await on('tail', '--last', '1')).documents).toMatchObject([{ position: 1 }]);
  expect(await on('health')).toMatchObject({ code: 0, documents: [{ status: 'ok' }] });
  expect(await on('parked')).toMatchObject({ code: 0, documents: [{ parked: [] }] });
  expect((await on('parked', 'retry', 'balances', 'a b')).code).toBe(2);
  expect(await on('rebuild', 'balances', '--wait', '10')).toMatchObject({
    code: 0,
    documents: [{ state: 'active' }],
  });
  // The store is shared: the same folder's own commands see what the server wrote.
  expect((await here.json(['tail'])).documents).toHaveLength(2);
  expect(await stop()).toBe(0);
  expect((await on('parked')).code).toBe(5);
}, 90_000);

test('tail follows a server', async () => {
  const here = folder();
  const { url, stop } = await served(here);
  const child = here.start(['tail', '--follow', '--json', '--url', url]);
  const first = once(child.stdout, 'data');
  await here.run(['send', 'account/a/OpenAccount', '{"owner":"Ada"}', '--url', url]);
  expect(JSON.parse(String((await first)[0]))).toMatchObject({ type: 'AccountOpened' });
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(130);
  expect(await stop('SIGINT')).toBe(0);
}, 40_000);

test('a port in use, an address that is none and a host beyond loopback are said in a sentence', async () => {
  const here = folder();
  const { url, stop } = await served(here);
  const { port } = new URL(url);
  expect(await here.run(['dev', '--port', port])).toMatchObject({
    code: 5,
    err: expect.stringContaining('in use') as string,
  });
  expect(await here.run(['dev', '--host', '0.0.0.0'])).toMatchObject({
    code: 7,
    err: expect.stringContaining('authorize') as string,
  });
  expect(await here.run(['health', '--url', 'localhost'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('http://') as string,
  });
  expect(
    await here.run(['send', 'account/a/OpenAccount', '--header', 'nonsense', '--url', url]),
  ).toMatchObject({ code: 2 });
  await stop();
}, 40_000);
