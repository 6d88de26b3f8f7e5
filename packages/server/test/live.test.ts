import { once } from 'node:events';

import { account, postEntry } from '../../core/test/bank.ts';
import { PROTOCOL_VERSION } from '@daybook/protocol';
import type { HttpOptions, Listening } from '@daybook/server';
import { expect, test } from 'vitest';

import { LiveClient } from './live-client.ts';
import { openAccount, serving, type Serving } from './serving.ts';

interface Listener extends AsyncDisposable {
  readonly bank: Serving;
  readonly server: Listening;
}

async function listening(options: HttpOptions = {}): Promise<Listener> {
  const bank = await serving(options);
  const server = await bank.http.listen({ port: 0 });
  return {
    bank,
    server,
    async [Symbol.asyncDispose]() {
      await server.close();
      await bank[Symbol.asyncDispose]();
    },
  };
}

const balanceOf = (id: string) => ({ readModel: 'balances', query: 'balanceOf', params: { id } });

test('a live query gives its answer, and then each next version from where the last one stood', async () => {
  await using running = await listening();
  const { bank, server } = running;
  const token = await openAccount(bank, 'a', 500);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('a'), after: token });
  const snap = await client.next('snap');
  expect(snap).toMatchObject({ sub: 's', position: 1, data: { balanceCents: 500 }, exact: true });
  const done = await bank.app.send(account.DepositMoney('a', { cents: 1 }));
  const next = await client.next('next');
  expect(next).toMatchObject({
    sub: 's',
    from: 1,
    to: 2,
    position: 2,
    data: { balanceCents: 501 },
    token: done.token,
  });
});

test('L3: no frame stands inside an append: the sum never changes', async () => {
  await using running = await listening();
  const { bank, server } = running;
  await openAccount(bank, 'a', 500);
  const token = await openAccount(bank, 'b', 500);
  const client = await LiveClient.welcomed(server.url);
  client.send({
    type: 'sub',
    id: 's',
    query: { readModel: 'balances', query: 'richest', params: { limit: 2 } },
    after: token,
  });
  await client.next('snap');
  for (let round = 0; round < 20; round += 1) {
    await bank.app.send(
      postEntry({
        entryId: `e${round}`,
        postings: [
          { account: 'a', cents: -1 },
          { account: 'b', cents: 1 },
        ],
      }),
    );
  }
  const last = bank.app.face.events.head();
  for (let position = -1; position < (await last).position;) {
    const { data, to } = await client.next('next');
    const { rows } = data as { rows: readonly { balanceCents: number }[] };
    expect(rows.reduce((sum, { balanceCents }) => sum + balanceCents, 0)).toBe(1_000);
    position = to;
  }
});

test('await says when read models have seen a token', async () => {
  await using running = await listening();
  const { bank, server } = running;
  const client = await LiveClient.welcomed(server.url);
  const token = await openAccount(bank, 'a', 500);
  client.send({ type: 'await', id: 'w', token, models: ['balances'] });
  expect(await client.next('ready')).toMatchObject({
    id: 'w',
    models: [{ readModel: 'balances', status: 'fresh', position: 1 }],
  });
  client.send({ type: 'await', id: 'all', token });
  expect((await client.next('ready')).models.map(({ readModel }) => readModel).toSorted()).toEqual([
    'balances',
    'statements',
  ]);
  client.send({ type: 'await', id: 'bad', token: 'nonsense' });
  expect(await client.next('problem')).toMatchObject({
    id: 'bad',
    problem: { code: 'token-of-another-store' },
  });
});

test('a frame that is none is answered by a problem, and everything else goes on', async () => {
  await using running = await listening();
  const { bank, server } = running;
  await openAccount(bank, 'a', 500);
  const [client, other] = [
    await LiveClient.welcomed(server.url),
    await LiveClient.welcomed(server.url),
  ];
  for (const garbage of ['garbage', '{"type":"shout"}', '[]', '['.repeat(30_000)]) {
    client.send(garbage);
    expect((await client.next('problem')).problem).toMatchObject({
      code: 'invalid-message',
      status: 400,
    });
  }
  client.socket.send(Buffer.from([1, 2, 3]));
  expect((await client.next('problem')).problem.code).toBe('invalid-message');
  client.send('{"type":"sub","id":"s","query":{}}');
  expect(await client.next('problem')).toMatchObject({
    id: 's',
    problem: { errors: [{ pointer: '/query/readModel' }, { pointer: '/query/query' }] },
  });
  for (const one of [client, other]) {
    one.send({ type: 'ping' });
    await one.next('pong');
  }
});

test.each([
  ['an unknown query', { readModel: 'balances', query: 'constructor' }, 'unknown-query'],
  ['an unknown read model', { readModel: 'constructor', query: 'x' }, 'unknown-query'],
  [
    'parameters that do not fit',
    { readModel: 'balances', query: 'balanceOf', params: { id: 7 } },
    'invalid-message',
  ],
])('a subscription to %s is a problem with its id', async (_, query, code) => {
  await using running = await listening();
  const client = await LiveClient.welcomed(running.server.url);
  client.send({ type: 'sub', id: 's', query });
  expect(await client.next('problem')).toMatchObject({ id: 's', problem: { code } });
  client.send({ type: 'sub', id: 's', query: balanceOf('a') });
  expect(await client.next('snap')).toMatchObject({ sub: 's', data: null });
});

test('a newer protocol is refused by name and close code', async () => {
  await using running = await listening();
  const client = new LiveClient(running.server.url);
  await client.opened();
  client.send({ type: 'hello', v: PROTOCOL_VERSION + 1 });
  expect((await client.next('problem')).problem.code).toBe('protocol-unsupported');
  expect(await client.closed).toBe(4406);
});

test('whoever does not say hello first, or in time, is closed', async () => {
  await using running = await listening({ limits: { helloMs: 20 } });
  const hasty = new LiveClient(running.server.url);
  await hasty.opened();
  hasty.send({ type: 'ping' });
  expect((await hasty.next('problem')).problem.code).toBe('invalid-message');
  expect(await hasty.closed).toBe(4400);
  const silent = new LiveClient(running.server.url);
  expect(await silent.closed).toBe(4400);
});

test('G9: subscriptions, frames, awaits and connections are bounded, each by name', async () => {
  await using running = await listening({
    limits: {
      subscriptionsPerConnectionMax: 1,
      connectionsMax: 2,
      frameBytesMax: 1_000,
      awaitsPerConnectionMax: 1,
    },
  });
  const { bank, server } = running;
  await openAccount(bank, 'a');
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: '1', query: balanceOf('a') });
  await client.next('snap');
  client.send({ type: 'sub', id: '1', query: balanceOf('a') });
  expect((await client.next('problem')).problem.code).toBe('subscription-exists');
  client.send({ type: 'sub', id: '2', query: balanceOf('a') });
  expect((await client.next('problem')).problem.code).toBe('too-many-subscriptions');
  client.send({ type: 'unsub', id: '1' });

  const second = await LiveClient.welcomed(server.url);
  const third = new LiveClient(server.url);
  const [response] = (await once(third.socket, 'unexpected-response').then(([, answer]) => [
    answer,
  ])) as [{ statusCode: number }];
  expect(response.statusCode).toBe(429);
  second.send('x'.repeat(1_001));
  expect(await second.closed).toBe(1009);
  client.send({ type: 'ping' });
  await client.next('pong');
});

test('P4: a new generation resets the subscription, and a snap follows', async () => {
  await using running = await listening();
  const { bank, server } = running;
  const token = await openAccount(bank, 'a', 5);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('a'), after: token });
  expect(await client.next('snap')).toMatchObject({ generation: 1 });
  await bank.app.face.rebuild('balances');
  expect(await client.next('reset')).toEqual({ type: 'reset', sub: 's', reason: 'new-generation' });
  expect(await client.next('snap')).toMatchObject({
    sub: 's',
    generation: 2,
    data: { balanceCents: 5 },
  });
});

test('an application that closes ends its subscriptions by a problem', async () => {
  await using running = await listening();
  const client = await LiveClient.welcomed(running.server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('a') });
  await client.next('snap');
  await running.bank.app.close();
  expect(await client.next('problem')).toMatchObject({
    id: 's',
    problem: { code: 'closed', status: 503 },
  });
});

test('after unsub nothing more comes, and the id is free again', async () => {
  await using running = await listening();
  const { bank, server } = running;
  const token = await openAccount(bank, 'a', 5);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('a'), after: token });
  await client.next('snap');
  client.send({ type: 'unsub', id: 's' });
  client.send({ type: 'ping' });
  await client.next('pong');
  const done = await bank.app.send(account.DepositMoney('a', { cents: 1 }));
  client.send({ type: 'await', id: 'w', token: done.token });
  await client.next('ready');
  client.send({ type: 'sub', id: 's', query: balanceOf('a'), after: done.token });
  expect(await client.next('snap')).toMatchObject({ data: { balanceCents: 6 } });
});

test('S1: each subscription and await is authorised, with the actor of the hello', async () => {
  await using running = await listening({
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    authorize(actor, asked) {
      if (actor === undefined) return 'deny';
      if (asked.kind === 'query') return { params: { id: actor.id } };
      return asked.kind === 'await' && actor.id === 'b' ? 'deny' : 'allow';
    },
  });
  const { bank, server } = running;
  await bank.app.send(account.OpenAccount('a', { owner: 'Anna' }));
  const { token } = await bank.app.send(account.OpenAccount('b', { owner: 'Ben' }));
  const ben = await LiveClient.welcomed(server.url, 'b');
  ben.send({ type: 'sub', id: 's', query: balanceOf('a'), after: token });
  expect(await ben.next('snap')).toMatchObject({ data: { owner: 'Ben' } });
  ben.send({ type: 'await', id: 'w', token });
  expect(await ben.next('problem')).toMatchObject({
    id: 'w',
    problem: { code: 'forbidden', status: 403 },
  });
  const nobody = await LiveClient.welcomed(server.url);
  nobody.send({ type: 'sub', id: 's', query: balanceOf('a') });
  expect(await nobody.next('problem')).toMatchObject({
    id: 's',
    problem: { code: 'unauthenticated', status: 401 },
  });
});

test('S1: a hello whose token is nobody’s is refused by name and close code', async () => {
  await using running = await listening({
    authenticate: () => undefined,
    authorize: () => 'allow',
  });
  const client = new LiveClient(running.server.url);
  await client.opened();
  client.send({ type: 'hello', v: PROTOCOL_VERSION, token: 'stolen' });
  expect((await client.next('problem')).problem.code).toBe('unauthenticated');
  expect(await client.closed).toBe(4401);
});

test('S1: an authentication that throws ends the connection, and its error is not told', async () => {
  await using running = await listening({
    authenticate() {
      throw new Error('the database at 10.0.0.7 is down');
    },
  });
  const client = new LiveClient(running.server.url);
  await client.opened();
  client.send({ type: 'hello', v: PROTOCOL_VERSION, token: 'anna' });
  expect(JSON.stringify(await client.next('problem'))).not.toContain('10.0.0.7');
  expect(await client.closed).toBe(1011);
});

test.each([
  ['a foreign origin', { origin: 'http://evil.example' }, 403],
  ['a foreign host', { headers: { host: 'evil.example' } }, 403],
  ['a foreign site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
])('S2: a handshake from %s is refused', async (_, options, status) => {
  await using running = await listening();
  const client = new LiveClient(running.server.url, options);
  const [, response] = (await once(client.socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number },
  ];
  expect(response.statusCode).toBe(status);
});

test('S2: a page of the same host, or of an allowed origin, may connect', async () => {
  await using running = await listening({ allowedOrigins: ['https://app.example'] });
  for (const origin of [running.server.url, 'https://app.example']) {
    const client = new LiveClient(running.server.url, { origin });
    await client.opened();
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    client.socket.terminate();
  }
});

test('a handshake at another path is 404', async () => {
  await using running = await listening();
  const client = new LiveClient(`${running.server.url}/nothing`);
  const [, response] = (await once(client.socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number },
  ];
  expect(response.statusCode).toBe(404);
});

test('closing the server says bye, with the time to come back after', async () => {
  await using running = await listening();
  const client = await LiveClient.welcomed(running.server.url);
  const closing = running.server.close();
  expect(await client.next('bye')).toMatchObject({ retryAfterMs: 1_000 });
  expect(await client.closed).toBe(1001);
  await closing;
});

test('G8 G9: whoever does not read is closed, and nobody else notices', async () => {
  await using running = await listening({
    limits: { bufferedBytesMax: 200_000, heartbeatMs: 60_000 },
  });
  const { bank, server } = running;
  await openAccount(bank, 'a', 5);
  const slow = await LiveClient.welcomed(server.url);
  const good = await LiveClient.welcomed(server.url);
  slow.socket.pause();
  // Pongs that nobody takes: first the kernel's buffers fill, then ours.
  const flood = JSON.stringify({
    type: 'sub',
    id: 'x'.repeat(256),
    query: { readModel: 'n', query: 'n' },
  });
  const flooding = new AbortController();
  void (async () => {
    while (!flooding.signal.aborted && slow.socket.readyState === slow.socket.OPEN) {
      await new Promise<void>((resolve) => slow.socket.send(flood, () => resolve()));
    }
  })();
  await slow.closed;
  flooding.abort();
  good.send({ type: 'ping' });
  expect(await good.next('pong')).toEqual({ type: 'pong' });
});

test('a connection that shows no life for two beats is ended', async () => {
  await using running = await listening({ limits: { heartbeatMs: 20 } });
  const lively = await LiveClient.welcomed(running.server.url);
  const silent = new LiveClient(running.server.url, { autoPong: false });
  expect(await silent.closed).toBe(1006);
  lively.send({ type: 'ping' });
  await lively.next('pong');
});
