/** The client against a real server on loopback, with a wire between them that can be cut. */
import {
  daybookClient,
  type Client,
  type ClientTimings,
  type LiveQuery,
  type LiveState,
  type TypesOf,
} from '@daybook/client';
import type { StoreAdapter } from '@daybook/core';
import { httpHandler, type HttpOptions, type Listening } from '@daybook/server';
import { expect, onTestFinished, test } from 'vitest';

import { account, balances, bank, memoryStore, type Bank } from './bank.ts';
import { proxyTo, type Proxy } from './proxy.ts';

interface Running {
  readonly app: Bank;
  readonly server: Listening;
  stop(): Promise<void>;
}

const FAST: Partial<ClientTimings> = { retryDelayMinMs: 1, retryDelayMaxMs: 20, attemptMs: 5_000 };

async function serve(store: StoreAdapter, options: HttpOptions = {}): Promise<Running> {
  const app = await bank.start({ store });
  const server = await httpHandler(app, { allowedHosts: 'any', ...options }).listen({ port: 0 });
  const stop = async (): Promise<void> => {
    await server.close();
    await app.close();
  };
  onTestFinished(stop);
  return { app, server, stop };
}

async function proxied(
  port: number,
): Promise<{ proxy: Proxy; client: Client<TypesOf<typeof bank>> }> {
  const proxy = await proxyTo(port);
  const client = daybookClient(bank, { url: proxy.url, timings: FAST });
  onTestFinished(async () => {
    client.close();
    await proxy.close();
  });
  return { proxy, client };
}

/** Resolves with the first state that is as asked. */
function until<Data>(
  live: LiveQuery<Data>,
  isIt: (state: LiveState<Data>) => boolean,
): Promise<LiveState<Data>> {
  return new Promise((resolve) => {
    const look = (state: LiveState<Data>): void => {
      if (!isIt(state)) return;
      stop();
      resolve(state);
    };
    const stop = live.subscribe(look);
    look(live.get());
  });
}

test('a command, its refusal, its query, its history and its state are those of the application', async () => {
  const { server } = await serve(memoryStore());
  const { client } = await proxied(server.port);
  const opened = await client.send(account.OpenAccount('a b/ü', { owner: 'Ada' }), {
    expectedRevision: 'no-stream',
  });
  expect(opened).toMatchObject({
    status: 'accepted',
    stream: 'account-a b/ü',
    revision: 0,
    isRepeated: false,
  });
  await client.send(account.DepositMoney('a b/ü', { cents: 70 }));
  const refused = await client.send(account.WithdrawMoney('a b/ü', { cents: 100 }));
  expect(refused).toMatchObject({
    status: 'refused',
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 70 } },
  });
  const done = await client.send(account.WithdrawMoney('a b/ü', { cents: 30 }), {
    expectedRevision: 1,
  });
  const answer = await client.query(balances.balanceOf({ id: 'a b/ü' }), { after: done.token });
  expect(answer).toMatchObject({
    status: 'fresh',
    data: { owner: 'Ada', balanceCents: 40 },
    exact: true,
  });
  const history = await client.history(account, 'a b/ü', { from: 1 });
  expect(history.events.map(({ type }) => type)).toEqual(['MoneyDeposited', 'MoneyWithdrawn']);
  const state = await client.state(account, 'a b/ü', { atRevision: 1 });
  expect(state).toMatchObject({ state: { isOpen: true, balanceCents: 70 }, revision: 1 });
  const page = await client.events({ types: ['AccountOpened'] });
  expect(page.events).toHaveLength(1);
  await expect(
    client.send(account.WithdrawMoney('a', { cents: 1 }), { expectedRevision: 9 }),
  ).rejects.toMatchObject({
    code: 'revision-mismatch',
  });
  await expect(client.history(account, 'nobody')).rejects.toMatchObject({
    code: 'stream-not-found',
  });
  const ready = await client.awaitReady(done.token, ['balances']);
  expect(ready).toMatchObject([{ readModel: 'balances', status: 'fresh' }]);
});

test('G3: a command whose answer is cut off at any byte is sent again and has one effect', async () => {
  const { app, server } = await serve(memoryStore());
  const { client, proxy } = await proxied(server.port);
  await client.send(account.OpenAccount('a', { owner: 'Ada' }));
  let effects = 0;
  for (const bytes of [0, 1, 40, 150, 300, 500]) {
    proxy.cut();
    proxy.cutAfter(bytes);
    const sending = client.send(account.DepositMoney('a', { cents: 1 }), {
      id: `deposit-${bytes}`,
    });
    await expect
      .poll(async () => (await app.state(account, 'a')).state.balanceCents)
      .toBe(effects + 1);
    proxy.cutAfter(undefined);
    expect(await sending).toMatchObject({ status: 'accepted', revision: effects + 1 });
    effects += 1;
    expect((await app.state(account, 'a')).state.balanceCents).toBe(effects);
  }
});

test('G3: a command sent while the server is down is done when it is back', async () => {
  const store = memoryStore();
  const first = await serve(store);
  const { client, proxy } = await proxied(first.server.port);
  await client.send(account.OpenAccount('a', { owner: 'Ada' }));
  proxy.down();
  await first.stop();
  const sending = client.send(account.DepositMoney('a', { cents: 5 }));
  const second = await serve(store);
  proxy.mend(second.server.port);
  expect(await sending).toMatchObject({ status: 'accepted', revision: 1 });
});

test('G7: a live query shows each version, and goes on after the server was restarted', async () => {
  const store = memoryStore();
  const first = await serve(store);
  const { client, proxy } = await proxied(first.server.port);
  const opened = await client.send(account.OpenAccount('a', { owner: 'Ada' }));
  const live = client.live(balances.balanceOf({ id: 'a' }), { after: opened.token });
  const positions: number[] = [];
  live.subscribe((state) => {
    if (state.status === 'live') positions.push(state.position);
  });
  await until(live, ({ data }) => data?.balanceCents === 0);
  await client.send(account.DepositMoney('a', { cents: 5 }));
  await until(live, ({ data }) => data?.balanceCents === 5);
  proxy.down();
  await until(live, ({ status }) => status === 'stale');
  await first.stop();
  expect(live.get().data).toEqual({ owner: 'Ada', balanceCents: 5 });
  const second = await serve(store);
  await second.app.send(account.DepositMoney('a', { cents: 2 }));
  proxy.mend(second.server.port);
  await until(live, ({ status, data }) => status === 'live' && data?.balanceCents === 7);
  expect(positions).toEqual(positions.toSorted((left, right) => left - right));
  live.close();
});

test('G7: a live query that is cut at any byte never goes back and ends where the account is', async () => {
  const { app, server } = await serve(memoryStore());
  const { client, proxy } = await proxied(server.port);
  await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const live = client.live(balances.balanceOf({ id: 'a' }));
  const seen: number[] = [];
  live.subscribe((state) => {
    if (state.data !== undefined && state.data !== null) seen.push(state.data.balanceCents);
  });
  for (let round = 1; round <= 25; round += 1) {
    proxy.cutAfter(round * 53);
    proxy.cut();
    const { token } = await app.send(account.DepositMoney('a', { cents: 1 }));
    await app.query(balances.balanceOf({ id: 'a' }), { after: token });
    if (round % 3 === 0) proxy.cutAfter(undefined);
  }
  proxy.cutAfter(undefined);
  await until(live, ({ status, data }) => status === 'live' && data?.balanceCents === 25);
  expect(seen).toEqual(seen.toSorted((left, right) => left - right));
});

test('L9: when the server stands on another log, a live query begins anew and says what is there', async () => {
  const first = await serve(memoryStore());
  const { client, proxy } = await proxied(first.server.port);
  for (const message of [
    account.OpenAccount('a', { owner: 'Ada' }),
    account.DepositMoney('a', { cents: 5 }),
  ]) {
    await first.app.send(message);
  }
  const live = client.live(balances.balanceOf({ id: 'a' }));
  await until(live, ({ data }) => data?.balanceCents === 5);
  const other = await serve(memoryStore());
  await other.app.send(account.OpenAccount('a', { owner: 'Bea' }));
  proxy.down();
  proxy.mend(other.server.port);
  const state = await until(live, ({ status, data }) => status === 'live' && data?.owner === 'Bea');
  expect(state).toMatchObject({ position: 0, data: { balanceCents: 0 } });
});

test('an unknown query and a wrong parameter end a live query with the server’s problem, and no other', async () => {
  const { server } = await serve(memoryStore());
  const { client } = await proxied(server.port);
  const good = client.live(balances.balanceOf({ id: 'a' }));
  const unknown = client.live({
    kind: 'query',
    readModel: 'balances',
    query: 'constructor',
    params: {},
  } as never);
  const wrong = client.live(balances.balanceOf({ id: 5 as never }));
  expect(await until<unknown>(unknown, ({ status }) => status === 'failed')).toMatchObject({
    error: { code: 'unknown-query' },
  });
  expect(await until(wrong, ({ status }) => status === 'failed')).toMatchObject({
    error: { code: 'invalid-message' },
  });
  expect(await until(good, ({ status }) => status === 'live')).toMatchObject({ data: null });
});

test('S1: who may not is told so; a bearer token goes with requests and with the connection', async () => {
  const { server } = await serve(memoryStore(), {
    authenticate: ({ token }) => (token === 'ada' ? { id: 'ada' } : undefined),
    authorize: (actor) => (actor === undefined ? 'deny' : 'allow'),
  });
  const nobody = daybookClient(bank, { url: server.url, timings: FAST });
  const ada = daybookClient(bank, {
    url: server.url,
    timings: FAST,
    headers: () => ({ authorization: 'Bearer ada' }),
  });
  onTestFinished(() => {
    nobody.close();
    ada.close();
  });
  await expect(nobody.send(account.OpenAccount('a', { owner: 'Eve' }))).rejects.toMatchObject({
    isRetryable: false,
  });
  expect(await ada.send(account.OpenAccount('a', { owner: 'Ada' }))).toMatchObject({
    status: 'accepted',
  });
  const live = ada.live(balances.balanceOf({ id: 'a' }));
  expect(await until(live, ({ status, data }) => status === 'live' && data !== null)).toMatchObject(
    { data: { owner: 'Ada' } },
  );
  const denied = nobody.live(balances.balanceOf({ id: 'a' }));
  expect(await until(denied, ({ status }) => status === 'failed')).toBeDefined();
});

/** Never run; each line that must not compile is named. */
async function answersAreTyped(client: Client<TypesOf<typeof bank>>): Promise<void> {
  const done = await client.send(account.WithdrawMoney('a', { cents: 1 }));
  // @ts-expect-error -- not yet told apart from a refusal.
  void done.events;
  // @ts-expect-error -- this command is never refused so.
  if (done.status === 'refused' && done.refusal.type === 'NotOpen') return;
  const answer = await client.query(balances.balanceOf({ id: 'a' }), { after: done.token });
  // @ts-expect-error -- it may not be fresh.
  void answer.data;
  const now = await client.query(balances.balanceOf({ id: 'a' }));
  const cents: number | undefined = now.data?.balanceCents;
  for await (const { data } of client.live(balances.balanceOf({ id: 'a' }))) {
    const owner: string | undefined = data?.owner;
    void [cents, owner];
  }
  // @ts-expect-error -- there is no such read model.
  await client.awaitReady(done.token, ['nothing']);
}

test('the types of answers are those of the definitions', () => {
  expect(answersAreTyped).toBeTypeOf('function');
});
