import {
  daybookClient,
  type Client,
  type ClientTimings,
  type LiveQuery,
  type LiveState,
} from '@daybook/client';
import type { SubFrame } from '@daybook/protocol';
import { expect, onTestFinished, test } from 'vitest';

import { fakeServer, greet, next, snap, type FakeServer, type ServerEnd } from './fake-socket.ts';

const question = {
  kind: 'query',
  readModel: 'balances',
  query: 'balanceOf',
  params: { id: 'a' },
} as const;

function start(timings: Partial<ClientTimings> = {}): { client: Client; server: FakeServer } {
  const server = fakeServer();
  const client = daybookClient(undefined, {
    url: 'http://bank.test/base',
    WebSocket: server.WebSocket,
    random: () => 0,
    timings,
  });
  onTestFinished(() => client.close());
  return { client, server };
}

async function subscribed(
  server: FakeServer,
  epoch = 'e1',
): Promise<{ end: ServerEnd; sub: SubFrame }> {
  const end = await server.connection();
  await greet(end, { epoch });
  return { end, sub: (await end.frame()) as SubFrame };
}

/** The states that come, the present one first. */
function statesOf<Data>(live: LiveQuery<Data>): LiveState<Data>[] {
  const states = [live.get()];
  live.subscribe((state) => states.push(state));
  return states;
}

test('asks once connected, and gives each version in order', async () => {
  const { client, server } = start();
  const live = client.live(question, { after: 't3' });
  const { end, sub } = await subscribed(server);
  expect(end.url).toBe('ws://bank.test/base/live');
  expect(sub).toMatchObject({
    type: 'sub',
    query: { readModel: 'balances', query: 'balanceOf', params: { id: 'a' } },
    after: 't3',
  });
  expect(live.get()).toEqual({ status: 'loading' });
  end.say(snap(sub.id, 3));
  expect(live.get()).toMatchObject({
    status: 'live',
    data: 3,
    position: 3,
    token: 't3',
    exact: true,
  });
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const { data } of live) if (seen.push(data) === 3) return;
  })();
  await Promise.resolve();
  end.say(next(sub.id, 3, 5));
  await Promise.resolve();
  await new Promise(setImmediate);
  end.say(next(sub.id, 5, 6));
  await reading;
  expect(seen).toEqual([3, 5, 6]);
});

test('T2: never goes back: older and repeated frames are passed over', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  const states = statesOf(live);
  end.say(snap(sub.id, 5));
  end.say(next(sub.id, 2, 4));
  end.say(snap(sub.id, 4));
  end.say(next(sub.id, 5, 7));
  end.say(next(sub.id, 5, 6));
  expect(states.map((state) => state.data)).toEqual([undefined, 5, 7]);
});

test('a gap is noticed, and the query asked again from where it stands', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  end.say(snap(sub.id, 5));
  end.say(next(sub.id, 6, 8));
  end.say(next(sub.id, 8, 9));
  expect(await end.frame()).toEqual({ type: 'unsub', id: sub.id });
  const again = (await end.frame()) as SubFrame;
  expect(again).toMatchObject({ type: 'sub', after: 't5' });
  expect(again.id).not.toBe(sub.id);
  end.say(next(sub.id, 5, 6));
  expect(live.get()).toMatchObject({ data: 5 });
  end.say(snap(again.id, 9));
  expect(live.get()).toMatchObject({ data: 9 });
});

test('resumes after a lost connection at the token that it had, and keeps what it knew meanwhile', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const states = statesOf(live);
  const first = await subscribed(server);
  first.end.say(snap(first.sub.id, 5, { cents: 5 }));
  const before = live.get().data;
  first.end.close();
  const { end, sub } = await subscribed(server);
  expect(live.get()).toMatchObject({ status: 'stale', data: { cents: 5 } });
  expect(sub.after).toBe('t5');
  end.say(snap(sub.id, 5, { cents: 5 }));
  expect(live.get().status).toBe('live');
  expect(live.get().data).toBe(before);
  expect(states.map(({ status }) => status)).toEqual(['loading', 'live', 'stale', 'live']);
});

test('frames of a socket that was given up are not heard', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const first = await subscribed(server);
  first.end.say(snap(first.sub.id, 5));
  first.end.close();
  const second = await subscribed(server);
  first.end.say(next(first.sub.id, 5, 99));
  second.end.say(snap(second.sub.id, 6));
  first.end.say(next(first.sub.id, 6, 99));
  expect(live.get()).toMatchObject({ data: 6 });
});

test('L9: another epoch begins anew: the old token is not sent, and a lower position counts', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const first = await subscribed(server);
  first.end.say(snap(first.sub.id, 50));
  first.end.close();
  const { end, sub } = await subscribed(server, 'e2');
  expect(sub.after).toBeUndefined();
  end.say(snap(sub.id, 2));
  expect(live.get()).toMatchObject({ status: 'live', data: 2, position: 2 });
});

test('reset makes the next snapshot count whatever its position, and what comes before it not', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  end.say(snap(sub.id, 50));
  end.say({ type: 'reset', sub: sub.id, reason: 'new-generation' });
  expect(live.get()).toMatchObject({ status: 'stale', data: 50 });
  end.say(next(sub.id, 50, 51));
  expect(live.get()).toMatchObject({ status: 'stale', data: 50 });
  end.say(snap(sub.id, 7, 'new', { generation: 2 }));
  end.say(snap(sub.id, 6, 'older', { generation: 2 }));
  expect(live.get()).toMatchObject({ status: 'live', data: 'new', generation: 2 });
});

test('L9: a token of our own that the server does not know is dropped; one of the application fails the query', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  const problem = {
    type: 'x',
    title: 'x',
    status: 409,
    code: 'lost-timeline',
    detail: 'gone',
    retryable: false,
  };
  end.say(snap(sub.id, 50));
  end.say({ type: 'problem', id: sub.id, problem });
  expect(await end.frame()).toMatchObject({ type: 'unsub' });
  const again = (await end.frame()) as SubFrame;
  expect(again.after).toBeUndefined();
  end.say(snap(again.id, 3));
  expect(live.get()).toMatchObject({ data: 3 });

  const other = client.live(question, { after: 'foreign' });
  const otherSub = (await end.frame()) as SubFrame;
  end.say({ type: 'problem', id: otherSub.id, problem });
  expect(other.get()).toMatchObject({ status: 'failed', error: { code: 'lost-timeline' } });
});

test('a retryable problem leaves the query open, any other ends it and every iteration', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  const problem = {
    type: 'x',
    title: 'x',
    status: 503,
    code: 'rebuilding',
    detail: 'being built',
    retryable: true,
  };
  end.say({ type: 'problem', id: sub.id, problem });
  expect(live.get()).toMatchObject({ status: 'loading', problem: { code: 'rebuilding' } });
  end.say(snap(sub.id, 1));
  end.say({ type: 'problem', id: sub.id, problem });
  expect(live.get()).toMatchObject({ status: 'stale', data: 1, problem: { code: 'rebuilding' } });
  end.say(next(sub.id, 1, 2));
  expect(live.get()).toMatchObject({ status: 'live', data: 2 });
  expect(live.get()).not.toHaveProperty('problem');
  const reading = (async () => {
    for await (const _ of live) void _;
  })();
  await Promise.resolve();
  end.say({
    type: 'problem',
    id: sub.id,
    problem: { ...problem, code: 'forbidden', status: 403, retryable: false },
  });
  await expect(reading).rejects.toMatchObject({ code: 'forbidden' });
  expect(live.get()).toMatchObject({ status: 'failed', data: 2 });
});

test('a fault of the server’s that may pass is asked again, by a new id, from where the query stands', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  end.say(snap(sub.id, 4));
  const problem = {
    type: 'x',
    title: 'x',
    status: 503,
    code: 'store-unavailable',
    detail: 'full',
    retryable: true,
  };
  end.say({ type: 'problem', id: sub.id, problem });
  expect(live.get()).toMatchObject({
    status: 'stale',
    data: 4,
    problem: { code: 'store-unavailable' },
  });
  expect(await end.frame()).toEqual({ type: 'unsub', id: sub.id });
  const again = (await end.frame()) as SubFrame;
  expect(again.after).toBe('t4');
  end.say(snap(again.id, 5));
  expect(live.get()).toMatchObject({ status: 'live', data: 5 });
});

test('many queries share one connection; it closes when the last has closed', async () => {
  const { client, server } = start({ idleMs: 1 });
  const [one, two] = [client.live(question), client.live(question)];
  const end = await server.connection();
  await greet(end);
  const [first, second] = [(await end.frame()) as SubFrame, (await end.frame()) as SubFrame];
  expect(first.id).not.toBe(second.id);
  end.say(snap(second.id, 2));
  expect([one.get().data, two.get().data]).toEqual([undefined, 2]);
  one.close();
  one.close();
  expect(await end.frame()).toEqual({ type: 'unsub', id: first.id });
  end.say(snap(first.id, 9));
  expect(one.get()).toEqual({ status: 'closed' });
  two.close();
  expect(two.get()).toEqual({ status: 'closed', data: 2 });
  await expect.poll(() => end.isClosed).toBe(true);
  expect(server.connectionCount).toBe(1);
});

test('a reader that is slow is given the newest version', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const { end, sub } = await subscribed(server);
  end.say(snap(sub.id, 1));
  const reader = live[Symbol.asyncIterator]();
  expect((await reader.next()).value).toMatchObject({ data: 1 });
  for (let position = 2; position <= 500; position += 1)
    end.say(next(sub.id, position - 1, position));
  expect((await reader.next()).value).toMatchObject({ data: 500 });
  const waiting = reader.next();
  live.close();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('the credential goes into hello, asked for again with every connection', async () => {
  const server = fakeServer();
  let asked = 0;
  const client = daybookClient(undefined, {
    url: 'https://bank.test',
    WebSocket: server.WebSocket,
    random: () => 0,
    headers: () => {
      asked += 1;
      if (asked === 2) throw new Error('offline');
      return { Authorization: `Bearer ${asked}` };
    },
  });
  onTestFinished(() => client.close());
  const live = client.live(question);
  const first = await server.connection();
  expect(first.url).toBe('wss://bank.test/live');
  expect(await greet(first)).toMatchObject({ type: 'hello', token: '1' });
  const sub = (await first.frame()) as SubFrame;
  first.close(4401);
  const second = await server.connection();
  expect(await greet(second)).toMatchObject({ token: '3' });
  second.say(snap(sub.id, 1));
  second.close(4401);
  const third = await server.connection();
  expect(await greet(third)).toMatchObject({ token: '4' });
  third.close(4401);
  await expect
    .poll(() => live.get())
    .toMatchObject({ status: 'failed', data: 1, error: { code: 'unauthenticated' } });
  expect(server.connectionCount).toBe(3);
});

test('a version that the server does not speak ends every query at once', async () => {
  const { client, server } = start();
  const live = client.live(question);
  (await server.connection()).close(4406);
  await expect
    .poll(() => live.get())
    .toMatchObject({ status: 'failed', error: { code: 'protocol-unsupported' } });
  expect(server.connectionCount).toBe(1);
});

test('a connection that shows no life for two heartbeats is given up', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const end = await server.connection();
  await greet(end, { heartbeatMs: 5 });
  const sub = (await end.frame()) as SubFrame;
  end.say(snap(sub.id, 1));
  for (let beat = 0; beat < 6; beat += 1) {
    expect(await end.frame()).toEqual({ type: 'ping' });
    end.say({ type: 'pong' });
  }
  expect(server.connectionCount).toBe(1);
  const again = await subscribed(server);
  expect(end.isClosed).toBe(true);
  expect(again.sub.after).toBe('t1');
  expect(live.get()).toMatchObject({ status: 'stale', data: 1 });
});

test('a server that never greets is given up, and one that says bye is not pressed', async () => {
  const { client, server } = start({ connectMs: 5 });
  const live = client.live(question);
  const silent = await server.connection();
  const { end, sub } = await subscribed(server);
  expect(silent.isClosed).toBe(true);
  end.say(snap(sub.id, 1));
  end.say({ type: 'bye', retryAfterMs: 30 });
  const before = performance.now();
  end.close(1001);
  await server.connection();
  expect(performance.now() - before).toBeGreaterThan(25);
  expect(live.get().status).toBe('stale');
});

test('awaits are answered, asked again after a lost connection, and end with their signal', async () => {
  const { client, server } = start();
  const ready = client.awaitReady('t9', ['balances'], { waitMs: 500 });
  const first = await server.connection();
  await greet(first);
  expect(await first.frame()).toMatchObject({
    type: 'await',
    token: 't9',
    models: ['balances'],
    waitMs: 500,
  });
  first.close();
  const end = await server.connection();
  await greet(end);
  const frame = await end.frame();
  const models = [{ readModel: 'balances', status: 'fresh', position: 9 }] as const;
  if (frame.type === 'await') end.say({ type: 'ready', id: frame.id, models });
  expect(await ready).toEqual(models);

  const controller = new AbortController();
  const aborted = client.awaitReady('t9', undefined, { signal: controller.signal });
  await end.frame();
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  const closed = client.awaitReady('t9');
  client.close();
  await expect(closed).rejects.toMatchObject({ code: 'closed' });
});

test('G9: a question beyond the bound of a frame is refused by name, and nothing is sent', async () => {
  const { client, server } = start();
  const live = client.live({ ...question, params: { id: 'x'.repeat(70_000) } });
  const end = await server.connection();
  await greet(end);
  expect(live.get()).toMatchObject({
    status: 'failed',
    error: { code: 'limit-exceeded', limit: 'frameBytesMax' },
  });
});

test('closing the client ends iterations quietly, and nothing is opened any more', async () => {
  const { client, server } = start();
  const live = client.live(question);
  const end = await server.connection();
  const reading = live[Symbol.asyncIterator]().next();
  client.close();
  client.close();
  expect(await reading).toEqual({ done: true, value: undefined });
  expect(end.isClosed).toBe(true);
  expect(() => client.live(question)).toThrow(expect.objectContaining({ code: 'closed' }) as Error);
});
