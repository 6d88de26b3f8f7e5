import { expect, test } from 'vitest';

import { openAccount, problemIn, serving } from './serving.ts';

test('a stream is read in pages', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await bank.post('/commands/account/a/DepositMoney', { cents: 1 });
  const first = await bank.get('/streams/account-a?limit=2');
  expect(first.json).toMatchObject({
    stream: 'account-a',
    events: [{ revision: 0 }, { revision: 1 }],
    next: 2,
  });
  const last = await bank.get('/streams/account-a?from=2&limit=2');
  expect(last.json).toMatchObject({
    events: [{ revision: 2, data: { cents: 1, balanceCents: 501 } }],
    next: null,
  });
});

test('a stream that never was is 404', async () => {
  await using bank = await serving();
  for (const path of [
    '/streams/account-x',
    '/streams/account-x/state',
    '/streams/nothing-x/state',
  ]) {
    const answer = await bank.get(path);
    expect([answer.status, problemIn(answer).code]).toEqual([404, 'stream-not-found']);
  }
});

test('the state is given now, at a revision, at a position and at an instant', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await bank.post('/commands/account/a/DepositMoney', { cents: 1 });
  const state = async (query: string) => (await bank.get(`/streams/account-a/state${query}`)).json;
  expect(await state('')).toMatchObject({ state: { balanceCents: 501 }, revision: 2, position: 2 });
  expect(await state('?atRevision=1')).toMatchObject({ state: { balanceCents: 500 }, revision: 1 });
  expect(await state('?atPosition=0')).toMatchObject({
    state: { balanceCents: 0 },
    revision: 0,
    position: 0,
  });
  expect(await state('?at=2000-01-01T00:00:00Z')).toMatchObject({
    state: { isOpen: false },
    revision: null,
    position: -1,
  });
  expect(await state('?at=2000-01-01T00:00:00+02:00')).toMatchObject({ revision: null });
  expect(await state('?at=2000-01-01T00:00:00%2B02:00')).toMatchObject({ revision: null });
  expect(await state(`?at=${Date.now() - 10 ** 9}`)).toMatchObject({ revision: null });
});

test('the ETag of a state is what If-Match takes', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  const etag = (await bank.get('/streams/account-a/state')).headers.get('etag') ?? '';
  expect(
    (await bank.post('/commands/account/a/DepositMoney', { cents: 1 }, { 'if-match': etag }))
      .status,
  ).toBe(200);
});

test.each([
  'at=yesterday',
  'at=2026-11-17',
  'at=2999-01-01T00:00:00Z',
  'atRevision=9',
  'atPosition=99',
  'at=0&atRevision=0',
])('the state with %s is 400 and says why', async (query) => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  const answer = await bank.get(`/streams/account-a/state?${query}`);
  expect([answer.status, problemIn(answer).code]).toEqual([400, 'invalid-instant']);
});

test('L3: a position inside an append is refused, and both ends are named', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b');
  await bank.post('/decisions/PostEntry', {
    entryId: 'e',
    postings: [
      { account: 'a', cents: -1 },
      { account: 'b', cents: 1 },
    ],
  });
  const answer = await bank.get('/streams/account-a/state?atPosition=3');
  expect(answer.status).toBe(400);
  expect(problemIn(answer).detail).toMatch(/2 or 4/);
});

test('L3: pages of the log end on a commit, and go on from next', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b');
  await bank.post('/decisions/PostEntry', {
    entryId: 'e',
    postings: [
      { account: 'a', cents: -1 },
      { account: 'b', cents: 1 },
    ],
  });
  const first = await bank.get('/events?after=2&limit=1');
  expect(first.json).toMatchObject({
    events: [
      { position: 3, commit: 4 },
      { position: 4, commit: 4 },
    ],
    next: 4,
    head: 4,
  });
  expect((await bank.get('/events?after=4')).json).toEqual({ events: [], next: 4, head: 4 });
  expect((await bank.get('/events?after=head')).json).toEqual({ events: [], next: 4, head: 4 });
});

test('the log is filtered by types', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b', 5);
  const { json } = await bank.get('/events?types=MoneyDeposited,AccountClosed');
  expect(json).toMatchObject({ events: [{ position: 1 }, { position: 3 }], next: 3 });
});

test('the log is given as CloudEvents on request', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  const answer = await bank.get('/events?limit=1&types=AccountOpened', {
    accept: 'application/cloudevents-batch+json',
  });
  expect(answer.headers.get('content-type')).toBe('application/cloudevents-batch+json');
  expect(answer.headers.get('link')).toMatch(
    /^<\/events\?limit=1&types=AccountOpened&after=\d+>; rel="next"$/,
  );
  expect(answer.json).toMatchObject([
    {
      specversion: '1.0',
      type: 'AccountOpened',
      subject: 'account-a',
      source: '/main',
      sequence: '0000000000000000',
    },
  ]);
});
