/** What a read model that does not keep up answers: a process writes, and the one that fills the read models is gone. */
import type { Problem } from '@daybook/protocol';
import { httpHandler, type HttpHandler, type HttpOptions } from '@daybook/server';
import { expect, test } from 'vitest';

import { account, balances, bank } from '../../core/test/bank.ts';
import { LiveClient } from './live-client.ts';
import { emptyStore } from './serving.ts';

interface Lagging extends AsyncDisposable {
  readonly http: HttpHandler;
  /** Of a command that the read models have not seen. */
  readonly unseen: string;
  ask(headers?: Readonly<Record<string, string>>): Promise<Response>;
}

async function lagging(options: HttpOptions = {}): Promise<Lagging> {
  const store = emptyStore();
  const filling = await bank.start({ store });
  const { token } = await filling.send(account.OpenAccount('a', { owner: 'Anna' }));
  await filling.query(balances.balanceOf({ id: 'a' }), { after: token });
  await filling.close();
  const app = await bank.start({ store, processing: false });
  const http = httpHandler(app, options);
  const sent = await app.send(account.DepositMoney('a', { cents: 5 }));
  return {
    http,
    unseen: sent.token,
    ask: (headers = {}) =>
      http.fetch(new Request('http://localhost/queries/balances/balanceOf?id=a', { headers })),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

test('G7 T2: Prefer: wait=0 is answered at once by projection-behind, with how far behind', async () => {
  await using late = await lagging();
  const response = await late.ask({ 'consistency-token': late.unseen, prefer: 'wait=0' });
  expect([
    response.status,
    response.headers.get('retry-after'),
    response.headers.get('preference-applied'),
  ]).toEqual([503, '1', 'wait=0']);
  expect(await response.json()).toMatchObject({
    code: 'projection-behind',
    retryable: true,
    position: 0,
    behind: 1,
  });
});

test('G7 T2: a wait that is over is answered by timed-out, never by a stale row', async () => {
  await using late = await lagging();
  const response = await late.ask({ 'consistency-token': late.unseen, prefer: 'wait=0.01' });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'timed-out', retryable: true });
});

test('T2: without a token the newest answer is given, with the position that it stands for', async () => {
  await using late = await lagging();
  expect(await (await late.ask()).json()).toMatchObject({ data: { balanceCents: 0 }, position: 0 });
});

test('G9: awaits of one connection are bounded, and end with their time', async () => {
  await using late = await lagging({ limits: { awaitsPerConnectionMax: 1 } });
  const server = await late.http.listen({ port: 0 });
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'await', id: '1', token: late.unseen, models: ['balances'], waitMs: 50 });
  client.send({ type: 'await', id: '2', token: late.unseen, models: ['balances'] });
  expect(await client.next('problem')).toMatchObject({
    id: '2',
    problem: { code: 'too-many-awaits', status: 429 },
  });
  expect(await client.next('ready')).toMatchObject({
    id: '1',
    models: [{ readModel: 'balances', status: 'timed-out' }],
  });
  client.send({ type: 'await', id: '3', token: late.unseen, models: ['balances'], waitMs: 0 });
  expect(await client.next('ready')).toMatchObject({ id: '3', models: [{ status: 'behind' }] });
  await server.close();
});

test('a caller who goes away is not waited for any longer, and is no error', async () => {
  const reported: unknown[] = [];
  await using late = await lagging({ onError: (error) => reported.push(error) });
  const gone = new AbortController();
  const asked = late.http.fetch(
    new Request('http://localhost/queries/balances/balanceOf?id=a', {
      headers: { 'consistency-token': late.unseen, prefer: 'wait=30' },
      signal: gone.signal,
    }),
  );
  gone.abort();
  expect(((await (await asked).json()) as Problem).code).toBe('timed-out');
  expect(reported).toEqual([]);
});
