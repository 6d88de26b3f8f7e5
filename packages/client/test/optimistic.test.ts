/** Effects before the server has answered, against a real server with a projector that can be held back. */
import {
  daybookClient,
  type Client,
  type LiveQuery,
  type LiveState,
  type TypesOf,
} from '@daybook/client';
import { httpHandler, type HttpOptions } from '@daybook/server';
import { expect, onTestFinished, test } from 'vitest';

import { account, balances, bank, memoryStore, type Bank } from './bank.ts';
import { proxyTo, type Proxy } from './proxy.ts';

interface Running {
  readonly app: Bank;
  readonly proxy: Proxy;
  readonly client: Client<TypesOf<typeof bank>>;
}

async function running(options: HttpOptions = {}): Promise<Running> {
  const app = await bank.start({ store: memoryStore() });
  const server = await httpHandler(app, { allowedHosts: 'any', ...options }).listen({ port: 0 });
  const proxy = await proxyTo(server.port);
  const client = daybookClient(bank, {
    url: proxy.url,
    timings: { retryDelayMinMs: 1, retryDelayMaxMs: 20, attemptMs: 5_000 },
  });
  onTestFinished(async () => {
    client.close();
    await proxy.close();
    await server.close();
    await app.close();
  });
  return { app, proxy, client };
}

/** Resolves with the first state that is as asked. */
function until<State>(
  live: { get(): State; subscribe(listener: (state: State) => void): () => void },
  isIt: (state: State) => boolean,
): Promise<State> {
  return new Promise((resolve) => {
    const look = (state: State): void => {
      if (!isIt(state)) return;
      stop();
      resolve(state);
    };
    const stop = live.subscribe(look);
    look(live.get());
  });
}

const cents = (state: LiveState<{ balanceCents: number } | null>): number | undefined =>
  state.data?.balanceCents;

function balancesSeen(live: LiveQuery<{ balanceCents: number; owner: string } | null>): number[] {
  const seen: number[] = [];
  live.subscribe((state) => {
    const now = cents(state);
    if (now !== undefined && now !== seen.at(-1)) seen.push(now);
  });
  return seen;
}

test('a command is seen before it is answered, then accepted, then settled, and nothing flickers', async () => {
  const { app, client, proxy } = await running();
  const { token } = await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const live = client.live(balances.balanceOf({ id: 'a' }), { after: token });
  const stream = client.stream(account, 'a');
  await until(live, ({ status }) => status === 'live');
  await until(stream, ({ status }) => status === 'live');
  const seen = balancesSeen(live);
  proxy.cutAfter(0);
  const operation = client.dispatch(account.DepositMoney('a', { cents: 5 }));
  const first = await until(live, (state) => cents(state) === 5);
  expect(first).toMatchObject({ pending: [operation] });
  expect(operation.status).not.toBe('accepted');
  expect(stream.get()).toMatchObject({
    state: { balanceCents: 5 },
    confirmed: { balanceCents: 0 },
    revision: 0,
    pending: [operation],
  });
  proxy.cutAfter(undefined);
  expect(await operation.accepted).toMatchObject({ status: 'accepted', revision: 1 });
  expect(await operation.settled).toMatchObject({ status: 'settled' });
  expect(await until(live, ({ status }) => status === 'live')).toMatchObject({
    data: { balanceCents: 5 },
    pending: [],
  });
  expect(seen).toEqual([5]);
});

test('a row that begins with the command is seen at once', async () => {
  const { client } = await running();
  const live = client.live(balances.balanceOf({ id: 'a' }));
  await until(live, ({ status }) => status === 'live');
  const operation = client.dispatch(account.OpenAccount('a', { owner: 'Ada' }));
  const later = client.dispatch(account.DepositMoney('a', { cents: 5 }));
  await until(live, (state) => cents(state) === 5);
  expect(await operation.settled).toMatchObject({ status: 'settled' });
  expect(await later.settled).toMatchObject({ status: 'settled' });
  expect(live.get()).toMatchObject({ data: { owner: 'Ada', balanceCents: 5 }, pending: [] });
});

test('a refusal that could not be foreseen rolls back at once, and keeps what was meant', async () => {
  const { app, client, proxy } = await running();
  await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const { token } = await app.send(account.DepositMoney('a', { cents: 10 }));
  const live = client.live(balances.balanceOf({ id: 'a' }), { after: token });
  await until(live, (state) => cents(state) === 10);
  await until(client.stream(account, 'a'), ({ status }) => status === 'live');
  proxy.down();
  const operation = client.dispatch(account.WithdrawMoney('a', { cents: 8 }));
  await until(live, (state) => cents(state) === 2);
  await app.send(account.WithdrawMoney('a', { cents: 5 }));
  proxy.mend();
  expect(await operation.accepted).toMatchObject({
    status: 'refused',
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 5 } },
  });
  await until(live, (state) => cents(state) === 5);
  expect(client.outbox.refused()).toEqual([operation]);
  expect(client.outbox.refused()[0]?.message).toEqual(account.WithdrawMoney('a', { cents: 8 }));
  expect(client.outbox.discard(operation.id)).toBe(true);
  expect(client.outbox.list()).toEqual([]);
});

test('what as predicted would be refused now is conflicted, and sent all the same', async () => {
  const { app, client } = await running();
  const { token } = await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const live = client.live(balances.balanceOf({ id: 'a' }), { after: token });
  await until(client.stream(account, 'a'), ({ status }) => status === 'live');
  const operation = client.dispatch(account.WithdrawMoney('a', { cents: 8 }));
  const statuses: string[] = [operation.status];
  operation.subscribe(({ status }) => statuses.push(status));
  await operation.settled;
  expect(statuses).toContain('conflicted');
  expect(statuses.at(-1)).toBe('refused');
  expect(cents(live.get())).toBe(0);
});

test('G10: where history is closed, the effect comes with the answer, or with events given by hand', async () => {
  const { app, client, proxy } = await running({ authorize: () => 'allow' });
  const { token } = await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const live = client.live(balances.balanceOf({ id: 'a' }), { after: token });
  await until(live, ({ status }) => status === 'live');
  const seen = balancesSeen(live);
  const plain = client.dispatch(account.DepositMoney('a', { cents: 5 }));
  await plain.settled;
  await until(live, (state) => cents(state) === 5);
  proxy.down();
  const given = client.dispatch(account.DepositMoney('a', { cents: 7 }), {
    predict: [account.events.MoneyDeposited({ cents: 7 })],
  });
  await until(live, (state) => cents(state) === 12);
  proxy.mend();
  await given.settled;
  expect(seen).toEqual([5, 12]);
});
