import { expect, test } from 'vitest';

import { openAccount, problemIn, serving } from './serving.ts';

test('a command answers with its events, revision, position and token, in the body and in headers', async () => {
  await using bank = await serving();
  const { status, headers, json } = await bank.post('/commands/account/a/OpenAccount', {
    owner: 'Anna',
  });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    stream: 'account-a',
    revision: 0,
    position: 0,
    events: [
      {
        type: 'AccountOpened',
        revision: 0,
        streamId: 'a',
        data: { owner: 'Anna', overdraftCents: 0 },
      },
    ],
  });
  expect(headers.get('etag')).toBe('"0"');
  expect(headers.get('consistency-token')).toMatch(/^1\./);
  expect(json).toMatchObject({ token: headers.get('consistency-token') });
  expect(headers.get('idempotency-replayed')).toBeNull();
  expect(headers.get('cache-control')).toBe('no-store');
});

test('a command without data needs no body', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  expect((await bank.post('/commands/account/a/CloseAccount')).status).toBe(200);
});

test('a refusal is a problem with its typed data, the command id and a token', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  const answer = await bank.post(
    '/commands/account/a/WithdrawMoney',
    { cents: 900 },
    { 'idempotency-key': 'w1' },
  );
  expect(answer.status).toBe(422);
  expect(problemIn(answer)).toMatchObject({
    type: 'urn:daybook:problem:refused',
    code: 'refused',
    retryable: false,
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 500 } },
    commandId: 'w1',
    token: answer.headers.get('consistency-token'),
  });
});

test('G3 O2: a repeat gets the first answer, quoted or bare, and says so; a refusal too', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  const deposit = (key: string) =>
    bank.post('/commands/account/a/DepositMoney', { cents: 5 }, { 'idempotency-key': key });
  const first = await deposit('d-1');
  const again = await deposit('"d-1"');
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const withdraw = () =>
    bank.post('/commands/account/a/WithdrawMoney', { cents: 9_000 }, { 'idempotency-key': '"w"' });
  const refused = await withdraw();
  await bank.post('/commands/account/a/DepositMoney', { cents: 90_000 });
  const refusedAgain = await withdraw();
  expect(refusedAgain.text).toBe(refused.text);
  expect([refused, refusedAgain].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual(
    [null, 'true'],
  );
});

test('O2: a repeat is answered before If-Match is looked at', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  const deposit = () =>
    bank.post(
      '/commands/account/a/DepositMoney',
      { cents: 5 },
      { 'idempotency-key': 'd', 'if-match': '"0"' },
    );
  const first = await deposit();
  expect(first.status).toBe(200);
  expect((await deposit()).text).toBe(first.text);
});

test('O2: the same id with other content is refused, and nothing of the first is told', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  await bank.post('/commands/account/a/DepositMoney', { cents: 5 }, { 'idempotency-key': 'd' });
  const other = await bank.post(
    '/commands/account/a/DepositMoney',
    { cents: 6 },
    { 'idempotency-key': 'd' },
  );
  expect(other.status).toBe(422);
  expect(problemIn(other)).toMatchObject({ code: 'idempotency-key-reused' });
  expect(other.text).not.toContain('cents');
});

test('O4: an id of our own form that is too old is refused, never executed', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  const old = { 'idempotency-key': '01890a5d-ac96-774b-bcce-b302099a8057' };
  const answer = await bank.post('/commands/account/a/DepositMoney', { cents: 6 }, old);
  expect([answer.status, problemIn(answer).code]).toEqual([422, 'expired']);
});

test.each([
  ['the revision of the ETag', '"0"', 200],
  ['a weak ETag', 'W/"0"', 200],
  ['another revision', '"7"', 412],
  ['a revision without quotes', '0', 400],
  ['a list', '"0", "1"', 400],
  ['any', '*', 400],
  ['a number beyond the safe integers', '"9007199254740993"', 400],
])('If-Match with %s', async (_, ifMatch, status) => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  const answer = await bank.post(
    '/commands/account/a/DepositMoney',
    { cents: 5 },
    { 'if-match': ifMatch },
  );
  expect(answer.status).toBe(status);
});

test('the problem of If-Match names the revision that the stream has', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a');
  const answer = await bank.post(
    '/commands/account/a/DepositMoney',
    { cents: 5 },
    { 'if-match': '"7"' },
  );
  expect(problemIn(answer)).toMatchObject({ code: 'revision-mismatch', revision: 0 });
});

test('If-None-Match: * opens a stream once; the mismatch is not remembered', async () => {
  await using bank = await serving();
  const open = (id: string) =>
    bank.post(
      '/commands/account/a/OpenAccount',
      { owner: 'Anna' },
      { 'if-none-match': '*', 'idempotency-key': id },
    );
  expect((await open('1')).status).toBe(200);
  expect((await open('2')).status).toBe(412);
  expect(
    (await bank.post('/commands/account/a/OpenAccount', { owner: 'B' }, { 'if-none-match': '"0"' }))
      .status,
  ).toBe(400);
});

test('correlation id and trace parent are stored with the events; a causation id is not taken', async () => {
  await using bank = await serving();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const { json } = await bank.post(
    '/commands/account/a/OpenAccount',
    { owner: 'Anna' },
    { 'correlation-id': 'talk', traceparent, 'causation-id': 'forged', actor: 'forged' },
  );
  expect(json).toMatchObject({ events: [{ metadata: { correlationId: 'talk', traceparent } }] });
  expect(JSON.stringify(json)).not.toContain('forged');
});

test('a decision answers with the revisions of its streams', async () => {
  await using bank = await serving();
  await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b');
  const entry = {
    entryId: 'e1',
    postings: [
      { account: 'a', cents: -200 },
      { account: 'b', cents: 200 },
    ],
  };
  const posted = await bank.post('/decisions/PostEntry', entry, { 'idempotency-key': 'e1' });
  expect(posted.status).toBe(200);
  expect(posted.json).toMatchObject({
    commandId: 'e1',
    streams: { 'account-a': 2, 'account-b': 1 },
    events: [{ type: 'MoneyWithdrawn' }, { type: 'MoneyDeposited' }],
  });
  expect(posted.headers.get('etag')).toBeNull();
  const again = await bank.post('/decisions/PostEntry', entry, { 'idempotency-key': 'e1' });
  expect(again.text).toBe(posted.text);
  expect((await bank.post('/decisions/PostEntry', entry, { 'if-match': '"1"' })).status).toBe(400);
});

test('a decision lists what is wrong with its entry', async () => {
  await using bank = await serving();
  const entry = {
    entryId: 'e1',
    postings: [
      { account: 'a', cents: -200 },
      { account: 'a', cents: 100 },
    ],
  };
  const answer = await bank.post('/decisions/PostEntry', entry);
  expect(answer.status).toBe(400);
  expect(problemIn(answer).errors?.map(({ detail }) => detail)).toEqual(
    expect.arrayContaining(['the cents sum to 0', 'an account stands once in an entry']),
  );
});

test.each(['constructor', 'a/b', 'Assets:US:BofA:Checking', 'ä ö', '%2F', '__proto__', 'a?b#c'])(
  'N2: the id %s works like any other',
  async (id) => {
    await using bank = await serving();
    await openAccount(bank, id, 7);
    const stream = await bank.get(`/streams/${encodeURIComponent(`account-${id}`)}`);
    expect(stream.json).toMatchObject({
      stream: `account-${id}`,
      events: [{ streamId: id }, { streamId: id }],
    });
    const state = await bank.get(`/streams/${encodeURIComponent(`account-${id}`)}/state`);
    expect(state.json).toMatchObject({ state: { balanceCents: 7 }, revision: 1 });
  },
);
