/** What is refused, with which answer; and that nothing was written then. */
import type { EventsAnswer } from '@daybook/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { openAccount, problemIn, refusalOf, serving, type Serving } from './serving.ts';

let bank: Serving;

beforeEach(async () => {
  bank = await serving();
  await openAccount(bank, 'a', 500);
});

afterEach(async () => {
  const { head } = (await bank.get('/events')).json as EventsAnswer;
  if (head !== 1) throw new Error(`Something was written: the head is ${head}.`);
  if (bank.reported.length > 0)
    throw new Error('Something failed inside.', { cause: bank.reported[0]?.error });
  await bank[Symbol.asyncDispose]();
});

test('wrong types: every issue is listed, with its pointer', async () => {
  const answer = await bank.post('/commands/account/b/OpenAccount', {
    owner: 7,
    overdraftCents: -1,
  });
  expect(refusalOf(answer)).toBe('400 invalid-message');
  expect(problemIn(answer).errors?.map(({ pointer }) => pointer)).toEqual([
    '/owner',
    '/overdraftCents',
  ]);
});

test.each([
  ['a command', '/commands/account/a/Nothing'],
  ['a decider', '/commands/nothing/a/OpenAccount'],
  ['a decider by a name of every object', '/commands/constructor/a/OpenAccount'],
  ['a command by a name of every object', '/commands/account/a/constructor'],
  ['a decision by a name of every object', '/decisions/constructor'],
  ['a command by a name that sets prototypes', '/commands/account/a/__proto__'],
])('N2: %s that is not there is 404', async (_, path) => {
  expect(refusalOf(await bank.post(path, { owner: 'x' }))).toBe('404 unknown-command');
});

test.each([
  '/queries/constructor/x',
  '/queries/balances/constructor',
  '/queries/balances/toString',
  '/queries/nope/nope',
])('N2: the query %s is 404', async (path) => {
  expect(refusalOf(await bank.get(path))).toBe('404 unknown-query');
});

test.each([
  ['a field by a name of every object', '{"owner":"x","constructor":{"prototype":1}}', 200],
  ['a __proto__ key', '{"owner":"x","__proto__":{"isAdmin":true}}', 400],
  ['a __proto__ key inside', '{"owner":"x","more":[{"__proto__":1}]}', 400],
  ['1e400', '{"owner":"x","overdraftCents":1e400}', 400],
  ['a whole number beyond the safe ones', '{"owner":"x","overdraftCents":9007199254740993}', 400],
  ['a lone surrogate', '{"owner":"\\ud800"}', 400],
  ['U+0000', '{"owner":"a\\u0000b"}', 400],
  ['a name that stands twice', '{"owner":"x","owner":"y"}', 400],
  ['a name that stands twice, once escaped', '{"owner":"x","\\u006fwner":"y"}', 400],
  ['no JSON', '{"owner":', 400],
  ['two values', '{} {}', 400],
  ['a list', '[]', 400],
  ['nothing but null', 'null', 400],
])('N3: a body with %s', async (_, body, status) => {
  const answer = await bank.post(
    `/commands/account/${status === 200 ? 'a' : 'b'}/OpenAccount`,
    body,
  );
  // The account is open already, so what is well-formed is refused by the decider.
  expect(refusalOf(answer)).toBe(status === 200 ? '422 refused' : '400 invalid-message');
});

test('N3: a name that stands twice is named by its pointer', async () => {
  const answer = await bank.post(
    '/commands/account/b/OpenAccount',
    '{"a":[{},{"b/c":1,"d":2,"b/c":{"e":1}}],"owner":"x","owner":"y"}',
  );
  expect(problemIn(answer).errors?.map(({ pointer }) => pointer)).toEqual(['/a/1/b~1c', '/owner']);
});

test.each([65, 5_000, 100_000])('N3: a body %i levels deep', async (depth) => {
  const answer = await bank.post(
    '/commands/account/b/OpenAccount',
    `{"owner":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`,
  );
  expect(refusalOf(answer)).toBe('400 invalid-message');
  expect(problemIn(answer).errors?.[0]?.detail).toContain('64 levels');
});

test('N3: brackets inside of texts are no depth', async () => {
  const answer = await bank.post(
    '/commands/account/a/OpenAccount',
    JSON.stringify({ owner: '[{"\\'.repeat(500) }),
  );
  expect(refusalOf(answer)).toBe('422 refused');
});

test('a body that is not UTF-8', async () => {
  const request = new Request('http://localhost/commands/account/b/OpenAccount', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"owner":"\xff"}', 'latin1'),
  });
  expect((await bank.http.fetch(request)).status).toBe(400);
});

test('S4: a body of 2 MB is 413', async () => {
  expect(
    refusalOf(await bank.post('/commands/account/b/OpenAccount', { owner: 'x'.repeat(2_000_000) })),
  ).toBe('413 body-too-large');
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonp',
  'application/json; charset=latin1',
])('S2: a body of type %s is 415', async (type) => {
  expect(
    refusalOf(
      await bank.post('/commands/account/b/OpenAccount', '{"owner":"x"}', { 'content-type': type }),
    ),
  ).toBe('415 unsupported-media-type');
});

test('S2: a compressed body is 415', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  expect(refusalOf(await bank.post('/commands/account/b/OpenAccount', '{}', headers))).toBe(
    '415 unsupported-media-type',
  );
});

test.each([
  'application/json; charset=utf-8',
  'Application/JSON',
  'application/json;charset="UTF-8"',
])('a body of type %s is taken', async (type) => {
  expect(
    refusalOf(
      await bank.post('/commands/account/a/OpenAccount', '{"owner":"x"}', { 'content-type': type }),
    ),
  ).toBe('422 refused');
});

test.each([
  ['10 KB', 'x'.repeat(10_000)],
  ['257 bytes', 'x'.repeat(257)],
  ['a control character', '%07'],
  ['U+0000', '%00'],
])('N2: an id of %s is 400', async (_, id) => {
  expect(refusalOf(await bank.post(`/commands/account/${id}/OpenAccount`, { owner: 'x' }))).toBe(
    '400 invalid-message',
  );
});

test('a command id of 10 KB is 400', async () => {
  const answer = await bank.post(
    '/commands/account/b/OpenAccount',
    { owner: 'x' },
    { 'idempotency-key': 'k'.repeat(10_000) },
  );
  expect(refusalOf(answer)).toBe('400 invalid-message');
});

test.each(['"unclosed', '""'])('an Idempotency-Key of %s is 400', async (key) => {
  expect(
    refusalOf(
      await bank.post(
        '/commands/account/b/OpenAccount',
        { owner: 'x' },
        { 'idempotency-key': key },
      ),
    ),
  ).toBe('400 invalid-request');
});

test.each(['/commands/account/%ff/OpenAccount', '/commands/account/%E0%A4%A/OpenAccount'])(
  'S3: the path %s is no UTF-8 and 400',
  async (path) => {
    expect(refusalOf(await bank.post(path, { owner: 'x' }))).toBe('400 invalid-request');
  },
);

test.each([
  '/nothing',
  '/commands',
  '/commands/account/a/OpenAccount/',
  '/commands//a/OpenAccount',
  '//events',
  '/streams',
  '/admin',
])('the path %s is 404', async (path) => {
  const answer = await bank.post(path, {});
  expect(answer.status).toBe(404);
});

test('a method that is not served is 405 and says which are', async () => {
  const answer = await bank.get('/commands/account/a/OpenAccount');
  expect(refusalOf(answer)).toBe('405 method-not-allowed');
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
});

test('a parameter that a path does not know is refused, not ignored', async () => {
  const answer = await bank.get('/events?afterr=3');
  expect(refusalOf(answer)).toBe('400 invalid-request');
  expect(problemIn(answer).errors).toEqual([
    { pointer: '/afterr', detail: 'is not a parameter of this path' },
  ]);
});

test.each([
  '/events?after=x',
  '/events?after=-2',
  '/events?limit=0',
  '/events?limit=100000',
  '/events?after=1&after=2',
  '/events?types=',
  '/streams/account-a?from=-1',
  '/events?types=%ff',
])('%s is 400', async (path) => {
  expect(refusalOf(await bank.get(path))).toBe('400 invalid-request');
});

test('S4: a query string of too many parameters is 400', async () => {
  expect(refusalOf(await bank.get(`/queries/balances/balanceOf?${'a=1&'.repeat(101)}`))).toBe(
    '400 invalid-request',
  );
});
