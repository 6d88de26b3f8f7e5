/** What a client needs to show effects before the server does. */
import type { HttpOptions, Listening } from '@daybook/server';
import { daybook, readModel } from '@daybook/core';
import { httpHandler } from '@daybook/server';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { account } from '../../core/test/bank.ts';
import { LiveClient } from './live-client.ts';
import { emptyStore, openAccount, serving, type Serving } from './serving.ts';

interface Running {
  readonly bank: Serving;
  readonly server: Listening;
}

async function listening(options: HttpOptions = {}): Promise<Running> {
  const bank = await serving(options);
  const server = await bank.http.listen({ port: 0 });
  onTestFinished(async () => {
    await server.close();
    await bank[Symbol.asyncDispose]();
  });
  return { bank, server };
}

const balanceOf = (id: string) => ({ readModel: 'balances', query: 'balanceOf', params: { id } });
const richest = { readModel: 'balances', query: 'richest', params: { limit: 2 } };

test('V1 T3: with rows, each version says what was read, where the answer shows it, and as of when', async () => {
  const { bank, server } = await listening();
  await openAccount(bank, 'a', 500);
  const after = await openAccount(bank, 'b', 700);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: richest, after, rows: true });
  expect((await client.next('snap')).reads).toEqual({
    rows: [
      { key: 'b', asOf: { main: 3 }, at: '/rows/0' },
      { key: 'a', asOf: { main: 1 }, at: '/rows/1' },
    ],
    absent: [],
    finds: [
      {
        request: { orderBy: { balanceCents: 'desc' }, limit: 2 },
        keys: ['b', 'a'],
        next: expect.any(String) as string,
      },
    ],
    counts: [],
  });
  await bank.app.send(account.DepositMoney('a', { cents: 1_000 }));
  const next = await client.next('next');
  expect(next.reads?.rows).toEqual([
    { key: 'a', asOf: { main: 4 }, at: '/rows/0' },
    { key: 'b', asOf: { main: 3 }, at: '/rows/1' },
  ]);
  client.send({ type: 'sub', id: 'none', query: balanceOf('nobody'), rows: true });
  expect((await client.next('snap')).reads).toMatchObject({ rows: [], absent: ['nobody'] });
});

const things = readModel('things', {
  from: [account],
  row: z.object({ owner: z.string(), secret: z.string() }),
  indexes: ['owner'],
  on: { AccountOpened: (_, { owner }) => ({ owner, secret: 'told to nobody' }) },
  queries: (query) => ({
    ownerOf: query(
      z.object({ id: z.string() }),
      async (rows, { id }) => (await rows.get(id))?.owner,
    ),
    howMany: query(z.object({}), (rows) => rows.count()),
  }),
});

test.each([
  [
    'a row is shown in part',
    { readModel: 'things', query: 'ownerOf', params: { id: 'a' } },
    'Anna',
  ],
  ['rows are only counted', { readModel: 'things', query: 'howMany', params: {} }, 1],
])(
  'S1: nothing is told of what was read where %s, unless the server shares it',
  async (_, query, data) => {
    const app = await daybook({ deciders: [account], readModels: [things] }).start({
      store: emptyStore(),
    });
    onTestFinished(() => app.close());
    const { token } = await app.send(
      account.OpenAccount('a', { owner: 'Anna', overdraftCents: 0 }),
    );
    for (const sharesRows of [false, true]) {
      const server = await httpHandler(app, { sharesRows }).listen({ port: 0 });
      onTestFinished(() => server.close());
      const client = await LiveClient.welcomed(server.url);
      client.send({ type: 'sub', id: 's', query, after: token, rows: true });
      const snap = await client.next('snap');
      expect(snap.data).toBe(data);
      expect(snap.reads !== undefined).toBe(sharesRows);
      expect(JSON.stringify(snap).includes('secret')).toBe(sharesRows && data === 'Anna');
    }
  },
);

test('S1: with parameters that are forced, nothing is told of what was read', async () => {
  const { bank, server } = await listening({
    authorize: (_, { kind }) => (kind === 'query' ? { params: { id: 'a' } } : 'allow'),
  });
  const after = await openAccount(bank, 'a', 500);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('b'), after, rows: true });
  const snap = await client.next('snap');
  expect(snap.data).toMatchObject({ balanceCents: 500 });
  expect(snap.reads).toBeUndefined();
});

test('reach: an answer that stayed the same says when it stands at a token, once, and no gap follows', async () => {
  const { bank, server } = await listening();
  const after = await openAccount(bank, 'a', 500);
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'sub', id: 's', query: balanceOf('a'), after, rows: true });
  await client.next('snap');
  await openAccount(bank, 'b', 1);
  const token = await openAccount(bank, 'c', 1);
  client.send({ type: 'reach', id: 's', token });
  expect(await client.next('pos')).toMatchObject({ sub: 's', from: 1, to: 5, token });
  client.send({ type: 'reach', id: 's', token });
  expect(await client.next('pos')).toMatchObject({ from: 5, to: 5 });
  await openAccount(bank, 'd', 1);
  await bank.app.send(account.DepositMoney('a', { cents: 1 }));
  expect(await client.next('next')).toMatchObject({ from: 5, to: 8 });
  client.send({ type: 'reach', id: 's', token: 'nonsense' });
  expect((await client.next('problem')).problem.code).toBe('token-of-another-store');
});

test('watch: the state of a stream, before it begins and after each append to it', async () => {
  const { bank, server } = await listening();
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'watch', id: 'w', stream: 'account-a' });
  expect(await client.next('state')).toMatchObject({
    sub: 'w',
    revision: -1,
    state: { isOpen: false },
  });
  await openAccount(bank, 'b', 5);
  await openAccount(bank, 'a');
  expect(await client.next('state')).toMatchObject({
    revision: 0,
    position: 2,
    state: { isOpen: true, balanceCents: 0 },
  });
  await bank.app.send(account.DepositMoney('a', { cents: 7 }));
  expect(await client.next('state')).toMatchObject({ revision: 1, state: { balanceCents: 7 } });
  client.send({ type: 'watch', id: 'x', stream: 'nothing-a' });
  expect(await client.next('problem')).toMatchObject({
    id: 'x',
    problem: { code: 'stream-not-found' },
  });
  client.send({ type: 'unsub', id: 'w' });
});

test('S1: a stream is watched only by whom its history is open to', async () => {
  const { server } = await listening({ authorize: () => 'allow' });
  const client = await LiveClient.welcomed(server.url);
  client.send({ type: 'watch', id: 'w', stream: 'account-a' });
  expect(await client.next('problem')).toMatchObject({ id: 'w', problem: { code: 'forbidden' } });
});

test('ask: where own commands stand; another’s, and those that are not there, are not told of', async () => {
  const actors = new Map(['anna', 'bert'].map((name) => [name, { id: name }]));
  const { bank, server } = await listening({
    authenticate: ({ token = '' }) => actors.get(token),
    authorize: () => 'allow',
  });
  const send = async (id: string, actor: string): Promise<void> => {
    await bank.app.send(account.OpenAccount(id, { owner: 'O', overdraftCents: 0 }), { id, actor });
  };
  await send('a', 'anna');
  await send('b', 'bert');
  await bank.app.send(account.DepositMoney('c', { cents: 1 }), { id: 'refused', actor: 'anna' });
  const client = await LiveClient.welcomed(server.url, 'anna');
  client.send({ type: 'ask', id: 'q', commands: ['a', 'b', 'none', 'refused'] });
  expect(await client.next('outcomes')).toEqual({
    type: 'outcomes',
    id: 'q',
    commands: [
      { commandId: 'a', log: 'main', first: 0, position: 0 },
      { commandId: 'refused', log: 'main', first: null, position: null },
    ],
  });
});

test('V2: who asks the same shares one evaluation; who is forced to other parameters does not', async () => {
  let runs = 0;
  const counted = readModel('counted', {
    from: [account],
    row: z.object({ owner: z.string(), secret: z.string() }),
    on: { AccountOpened: (_, { owner }) => ({ owner, secret: '' }) },
    queries: (query) => ({
      one: query(z.object({ id: z.string() }), (rows, { id }) => {
        runs += 1;
        return rows.get(id);
      }),
    }),
  });
  const app = await daybook({ deciders: [account], readModels: [counted] }).start({
    store: emptyStore(),
  });
  const server = await httpHandler(app, {
    authenticate: ({ token = '' }) => ({ id: token }),
    authorize: (actor) => (actor?.id === 'forced' ? { params: { id: 'b' } } : 'allow'),
  }).listen({ port: 0 });
  onTestFinished(async () => {
    await server.close();
    await app.close();
  });
  const open = async (token: string): Promise<LiveClient> => {
    const client = await LiveClient.welcomed(server.url, token);
    client.send({
      type: 'sub',
      id: 's',
      query: { readModel: 'counted', query: 'one', params: { id: 'a' } },
    });
    await client.next('snap');
    return client;
  };
  const first = await open('x');
  const others = await Promise.all(Array.from({ length: 20 }, () => open('y')));
  const forced = await open('forced');
  runs = 0;
  await app.send(account.OpenAccount('a', { owner: 'Anna', overdraftCents: 0 }));
  for (const client of [first, ...others])
    expect((await client.next('next')).data).toEqual({ owner: 'Anna', secret: '' });
  // Two questions, each woken once by the commit; a wake-up more does no harm.
  expect(runs).toBeLessThanOrEqual(6);
  await app.send(account.OpenAccount('b', { owner: 'Bert', overdraftCents: 0 }));
  expect((await forced.next('next')).data).toEqual({ owner: 'Bert', secret: '' });
  first.send({ type: 'unsub', id: 's' });
  first.send({ type: 'ping' });
  await first.next('pong');
});

test('S1: a connection whose credentials expire is closed, to come back with new ones', async () => {
  const { server } = await listening({
    authenticate: () => ({ id: 'anna', expiresAt: Date.now() + 20 }),
    authorize: () => 'allow',
  });
  const client = await LiveClient.welcomed(server.url, 'anna');
  expect(await client.closed).toBe(4401);
});
