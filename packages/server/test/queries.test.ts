import { expect, test } from 'vitest';

import { openAccount, problemIn, serving } from './serving.ts';

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
