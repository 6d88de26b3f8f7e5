import { daybook, readModel } from '@daybook/core';
import type { Problem } from '@daybook/protocol';
import { httpHandler } from '@daybook/server';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { account } from '../../core/test/bank.ts';

import { emptyStore, openAccount, problemIn, serving } from './serving.ts';

test('G7 T1: a query that presents a token sees at least that token', async () => {
  await using bank = await serving();
  const token = await openAccount(bank, 'a', 500);
  const { status, headers, json } = await bank.get('/queries/balances/balanceOf?id=a', {
    'consistency-token': token,
  });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    data: { owner: 'Anna', balanceCents: 500 },
    position: 1,
    exact: true,
  });
  expect(json).toMatchObject({ token: headers.get('consistency-token') });
  expect(headers.get('cache-control')).toBe('no-store');
});

test('several tokens may be presented', async () => {
  await using bank = await serving();
  const tokens = [await openAccount(bank, 'a', 500), await openAccount(bank, 'b', 5)];
  const { json } = await bank.get('/queries/balances/balanceOf?id=b', {
    'consistency-token': tokens.join(', '),
  });
  expect(json).toMatchObject({ data: { balanceCents: 5 }, position: 3 });
});

test('a missing row is null, by GET and by POST', async () => {
  await using bank = await serving();
  expect(await bank.get('/queries/balances/balanceOf?id=nobody')).toMatchObject({
    status: 200,
    json: { data: null },
  });
  expect(await bank.post('/queries/balances/balanceOf', { id: 'nobody' })).toMatchObject({
    status: 200,
    json: { data: null },
  });
});

test('parameters that fit no schema are refused with pointers', async () => {
  await using bank = await serving();
  const byGet = await bank.get('/queries/balances/balanceOf?id=a&id=b');
  expect([byGet.status, problemIn(byGet).errors?.[0]?.pointer]).toEqual([400, '/id']);
  const byPost = await bank.post('/queries/balances/balanceOf', { id: 7 });
  expect([byPost.status, problemIn(byPost).errors?.[0]?.pointer]).toEqual([400, '/id']);
  const without = await bank.get('/queries/balances/balanceOf');
  expect([without.status, problemIn(without).errors?.[0]?.pointer]).toEqual([400, '/id']);
  const proto = await bank.get('/queries/balances/balanceOf?id=a&__proto__=b');
  expect([proto.status, problemIn(proto).errors?.[0]?.pointer]).toEqual([400, '/__proto__']);
});

test('a query string is read as the schema wants it, without a second schema for HTTP', async () => {
  const kinds = z.object({
    whole: z.int(),
    maybe: z.number().optional(),
    text: z.string(),
    either: z.union([z.string(), z.int()]),
    is: z.boolean().default(false),
    list: z.array(z.int()),
    none: z.string().nullable(),
    kind: z.enum(['a', 'b']),
  });
  const echo = readModel('echo', {
    from: [account],
    row: z.object({ owner: z.string() }),
    on: { AccountOpened: (_, { owner }) => ({ owner }) },
    queries: (query) => ({ back: query(kinds, async (_, params) => params) }),
  });
  const app = await daybook({ deciders: [account], readModels: [echo] }).start({
    store: emptyStore(),
  });
  const http = httpHandler(app);
  const ask = async (query: string) => {
    const response = await http.fetch(new Request(`http://localhost/queries/echo/back?${query}`));
    return (await response.json()) as Problem & { readonly data: unknown };
  };
  const common = 'text=7&either=7&none=x&kind=a';
  expect((await ask(`${common}&whole=-7&maybe=1.5e3&is=true&list=1&list=2`)).data).toEqual({
    whole: -7,
    maybe: 1_500,
    text: '7',
    either: '7',
    is: true,
    list: [1, 2],
    none: 'x',
    kind: 'a',
  });
  expect((await ask(`${common}&whole=7&list=1`)).data).toMatchObject({
    whole: 7,
    is: false,
    list: [1],
  });
  const pointers = async (query: string) =>
    (await ask(query)).errors?.map(({ pointer }) => pointer);
  expect(await pointers(`${common}&whole=seven&list=1`)).toEqual(['/whole']);
  expect(await pointers(`${common}&whole=0x10&list=x`)).toEqual(['/whole', '/list/0']);
  await app.close();
});

test('numbers of a query string are read as the schema wants them', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  const token = await openAccount(bank, 'b', 700);
  const { json } = await bank.get('/queries/balances/richest?limit=1', {
    'consistency-token': token,
  });
  expect(json).toMatchObject({ data: { rows: [{ balanceCents: 700 }] } });
});

test('Prefer: wait is honoured, capped, and said', async () => {
  await using bank = await serving();
  const token = await openAccount(bank, 'a', 500);
  const ask = (prefer: string) =>
    bank.get('/queries/balances/balanceOf?id=a', { 'consistency-token': token, prefer });
  expect((await ask('wait=1')).headers.get('preference-applied')).toBe('wait=1');
  expect((await ask('respond-async, wait=1000000')).headers.get('preference-applied')).toBe(
    'wait=30',
  );
  expect((await ask('return=minimal')).headers.get('preference-applied')).toBeNull();
  expect((await ask('wait=soon')).status).toBe(400);
  expect((await ask('wait=-1')).status).toBe(400);
});

test('T1: a text that is no token is refused', async () => {
  await using bank = await serving();
  for (const token of ['nonsense', '1.nonsense', 'x'.repeat(9_000)]) {
    const answer = await bank.get('/queries/balances/balanceOf?id=a', {
      'consistency-token': token,
    });
    expect([answer.status, problemIn(answer).code]).toEqual([409, 'token-of-another-store']);
  }
});

test.each(['at=2026-11-17T15:00:00Z', 'atPosition=3'])(
  'a query of the past (%s) is refused with a sentence',
  async (past) => {
    await using bank = await serving();
    for (const answer of [
      await bank.get(`/queries/balances/balanceOf?id=a&${past}`),
      await bank.post(`/queries/balances/balanceOf?${past}`, { id: 'a' }),
    ]) {
      expect([answer.status, problemIn(answer).code]).toEqual([400, 'unsupported-capability']);
      expect(problemIn(answer).detail).toContain('refused rather than ignored');
    }
  },
);
