import { httpHandler, type HttpOptions } from '@daybook/server';
import { expect, test } from 'vitest';

import { openAccount, problemIn, refusalOf, serving, startedBank } from './serving.ts';

const path = '/commands/account/a/OpenAccount';

test.each([
  ['another name', 'evil.example'],
  ['another name with our port', 'evil.example:4680'],
  ['a name that begins like ours', 'localhost.evil.example'],
  ['a name that ends like ours', 'evil-localhost'],
])('S2: the Host %s is refused, for reads too', async (_, host) => {
  await using bank = await serving();
  expect(refusalOf(await bank.get('/events', { host }))).toBe('403 host-not-allowed');
  expect(refusalOf(await bank.post(path, { owner: 'x' }, { host }))).toBe('403 host-not-allowed');
});

test.each(['localhost', 'LOCALHOST:1', '127.0.0.1:4680', '[::1]:4680'])(
  'S2: the Host %s is served',
  async (host) => {
    await using bank = await serving();
    expect((await bank.get('/events', { host })).status).toBe(200);
    expect((await bank.get('/events', { host: 'evil.example' })).status).toBe(403);
    expect((await bank.get('/events', { host })).status).toBe(200);
  },
);

test('S2: hosts are those that were listed', async () => {
  await using bank = await serving({ allowedHosts: ['bank.example', 'other.example:8080'] });
  const statusOf = async (host: string) => (await bank.get('/meta', { host })).status;
  expect(await statusOf('bank.example:1')).toBe(200);
  expect(await statusOf('other.example:8080')).toBe(200);
  expect(await statusOf('other.example')).toBe(403);
  expect(await statusOf('localhost')).toBe(403);
});

test.each([
  ['a foreign origin', { origin: 'http://evil.example' }],
  ['an origin that begins like ours', { origin: 'http://localhost:4680.evil.example' }],
  ['the origin of another port', { origin: 'http://localhost:9999' }],
  ['the origin null', { origin: 'null' }],
  ['another site', { 'sec-fetch-site': 'cross-site' }],
  ['a sibling site', { 'sec-fetch-site': 'same-site' }],
  [
    'a text/plain post from a foreign origin',
    { origin: 'http://evil.example', 'content-type': 'text/plain' },
  ],
])('S2: an unsafe request from %s is refused, an event stream too', async (_, headers) => {
  await using bank = await serving();
  expect(refusalOf(await bank.post(path, { owner: 'x' }, headers))).toBe('403 origin-not-allowed');
  expect(refusalOf(await bank.get('/events', { ...headers, accept: 'text/event-stream' }))).toBe(
    '403 origin-not-allowed',
  );
  expect((await bank.get('/events')).json).toMatchObject({ head: -1 });
});

test.each([
  ['a page of the same host', { origin: 'http://localhost:4680', 'sec-fetch-site': 'same-origin' }],
  ['a page of the same host behind TLS', { origin: 'https://localhost:4680' }],
  ['somebody who typed it', { 'sec-fetch-site': 'none' }],
  ['no page', {}],
])('S2: a request from %s is served', async (_, headers) => {
  await using bank = await serving();
  expect((await bank.post(path, { owner: 'x' }, headers)).status).toBe(200);
});

test('S2: a page of an allowed origin may call, and read the answer; others get no such header', async () => {
  await using bank = await serving({ allowedOrigins: ['https://app.example'] });
  const origin = 'https://app.example';
  const answer = await bank.post(path, { owner: 'x' }, { origin, 'sec-fetch-site': 'cross-site' });
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
  expect(answer.headers.get('access-control-expose-headers')).toContain('consistency-token');
  const problem = await bank.get('/nothing-else', { origin });
  expect(problem.status).toBe(404);
  const other = await bank.get('/events', { origin: 'https://evil.example' });
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
  const preflight = (from: string) =>
    bank.http.fetch(
      new Request(`http://localhost${path}`, { method: 'OPTIONS', headers: { origin: from } }),
    );
  expect((await preflight(origin)).headers.get('access-control-allow-headers')).toContain(
    'idempotency-key',
  );
  expect(
    (await preflight('https://evil.example')).headers.get('access-control-allow-headers'),
  ).toBeNull();
});

test('S1: nobody is 401, somebody who may not is 403, before anything else is looked at', async () => {
  const asked: string[] = [];
  await using bank = await serving({
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    authorize(actor, what) {
      asked.push(what.kind);
      return actor?.id === 'anna' ? 'allow' : 'deny';
    },
  });
  expect(refusalOf(await bank.post(path, { owner: 'x' }))).toBe('401 unauthenticated');
  expect(refusalOf(await bank.post(path, { owner: 'x' }, bearer('eve')))).toBe('403 forbidden');
  expect(refusalOf(await bank.post('/commands/nothing/a/Nothing', '{', bearer('eve')))).toBe(
    '403 forbidden',
  );
  expect(refusalOf(await bank.post('/decisions/Nothing', '{', bearer('eve')))).toBe(
    '403 forbidden',
  );
  expect(refusalOf(await bank.get('/queries/nothing/nothing', bearer('eve')))).toBe(
    '403 forbidden',
  );
  expect(refusalOf(await bank.get('/meta', bearer('eve')))).toBe('403 forbidden');
  expect(refusalOf(await bank.get('/openapi.json', bearer('eve')))).toBe('403 forbidden');
  const opened = await bank.post(path, { owner: 'x' }, bearer('anna'));
  expect(opened.json).toMatchObject({ events: [{ metadata: { actor: 'anna' } }] });
  expect(refusalOf(await bank.post('/commands/nothing/a/Nothing', '{', bearer('anna')))).toBe(
    '404 unknown-command',
  );
  expect(new Set(asked)).toEqual(new Set(['command', 'decision', 'query', 'describe']));
});

test('S1: a repeat is authorised too', async () => {
  let verdict: 'allow' | 'deny' = 'allow';
  await using bank = await serving({
    authenticate: () => ({ id: 'anna' }),
    authorize: () => verdict,
  });
  const open = () => bank.post(path, { owner: 'x' }, { 'idempotency-key': 'o' });
  expect((await open()).status).toBe(200);
  verdict = 'deny';
  expect(refusalOf(await open())).toBe('403 forbidden');
});

test('O2: another actor does not get the outcome of the first', async () => {
  await using bank = await serving({
    authenticate: ({ token }) => ({ id: token ?? '' }),
    authorize: () => 'allow',
  });
  const open = (name: string) =>
    bank.post(path, { owner: 'x' }, { 'idempotency-key': 'o', authorization: `Bearer ${name}` });
  expect((await open('anna')).status).toBe(200);
  expect(refusalOf(await open('eve'))).toBe('422 idempotency-key-reused');
});

test('S1: history is a right of its own, denied once there is an authorisation', async () => {
  const options = { authenticate: () => ({ id: 'anna' }), authorize: () => 'allow' as const };
  await using closed = await serving(options);
  await openAccount(closed, 'a');
  const paths = [
    '/events',
    '/streams/account-a',
    '/streams/account-a/state',
    '/streams/account-nothing',
  ];
  for (const history of paths) expect(refusalOf(await closed.get(history))).toBe('403 forbidden');
  await using open = await serving({
    ...options,
    authorizeHistory: (_, { kind, stream }) =>
      kind === 'stream' && stream === 'account-a' ? 'allow' : 'deny',
  });
  await openAccount(open, 'a');
  const statuses = await Promise.all(
    paths.map(async (history) => (await open.get(history)).status),
  );
  expect(statuses).toEqual([403, 200, 403, 403]);
});

test('S1: an authorisation may force parameters of a query', async () => {
  await using bank = await serving({
    authenticate: () => ({ id: 'b' }),
    authorize: (actor, { kind }) => (kind === 'query' ? { params: { id: actor?.id } } : 'allow'),
  });
  await openAccount(bank, 'a', 1);
  const token = await openAccount(bank, 'b', 2);
  const headers = { 'consistency-token': token };
  const own = { status: 200, json: { data: { balanceCents: 2 } } };
  expect(await bank.get('/queries/balances/balanceOf?id=a', headers)).toMatchObject(own);
  expect(await bank.post('/queries/balances/balanceOf', { id: 'a' }, headers)).toMatchObject(own);
  expect(refusalOf(await bank.post('/queries/balances/balanceOf', [1], headers))).toBe(
    '400 invalid-message',
  );
});

test('S1: forced parameters, or anything else than allow, deny a command', async () => {
  for (const verdict of [{ params: {} }, undefined, true, 'ALLOW']) {
    await using bank = await serving({
      authenticate: () => ({ id: 'x' }),
      authorize: () => verdict as 'allow',
    });
    expect(refusalOf(await bank.post(path, { owner: 'x' }))).toBe('403 forbidden');
  }
});

test('an authorisation that throws denies, and its error is not told', async () => {
  await using bank = await serving({
    authorize() {
      throw new Error('the database at 10.0.0.7 is down');
    },
  });
  const answer = await bank.post(path, { owner: 'x' });
  expect(refusalOf(answer)).toBe('500 internal');
  expect(answer.text).not.toContain('10.0.0.7');
  expect(bank.reported).toMatchObject([
    { errorId: problemIn(answer).errorId, error: { message: expect.stringContaining('10.0.0.7') } },
  ]);
});

test('an error of a driver is not taken for one of ours because it has a code of the same name', async () => {
  await using bank = await serving({
    authenticate() {
      throw Object.assign(new Error('ldap://10.0.0.7 refused'), { code: 'forbidden' });
    },
  });
  const answer = await bank.get('/meta');
  expect(refusalOf(answer)).toBe('500 internal');
  expect(answer.text).not.toContain('10.0.0.7');
});

test('the admin paths are closed in production, and open on loopback in development', async () => {
  const app = await startedBank();
  const statusOf = async (options: Parameters<typeof httpHandler>[1], remoteAddress?: string) => {
    const request = new Request('http://localhost/admin/parked');
    return (await httpHandler(app, options).fetch(request, { remoteAddress })).status;
  };
  expect(await statusOf({}, '127.0.0.1')).toBe(403);
  expect(await statusOf({ mode: 'development' }, '127.0.0.1')).toBe(200);
  expect(await statusOf({ mode: 'development' }, '::ffff:127.0.0.1')).toBe(200);
  expect(await statusOf({ mode: 'development' }, '192.168.1.7')).toBe(403);
  expect(await statusOf({ mode: 'development' })).toBe(403);
  expect(await statusOf({ mode: 'development', authorize: () => 'allow' }, '127.0.0.1')).toBe(403);
  expect(await statusOf({ authorize: () => 'deny', authorizeAdmin: () => 'allow' })).toBe(200);
  await app.close();
});

test('G10: health tells strangers only the status', async () => {
  await using bank = await serving({
    authenticate: ({ token }) => (token === undefined ? undefined : { id: token }),
    authorize: (actor) => (actor === undefined ? 'deny' : 'allow'),
  });
  await openAccountAs(bank, 'anna');
  const told = await bank.get('/health', { authorization: 'Bearer anna' });
  expect(told.json).toMatchObject({ readModels: [{ name: 'balances' }, { name: 'statements' }] });
  const stranger = await bank.get('/health');
  expect(Object.keys(stranger.json as object)).toEqual(['status']);
});

function bearer(name: string): { readonly authorization: string } {
  return { authorization: `Bearer ${name}` };
}

async function openAccountAs(
  bank: Awaited<ReturnType<typeof serving>>,
  name: string,
): Promise<void> {
  await bank.post(path, { owner: 'x' }, { authorization: `Bearer ${name}` });
}

test.each([
  [{ basePath: 'book' }, 'basePath'],
  [{ basePath: '/book/' }, 'basePath'],
  [{ allowedOrigins: ['app.example'] }, 'allowedOrigins'],
  [{ allowedOrigins: ['https://app.example/'] }, 'allowedOrigins'],
  [{ limits: { bodyBytesMax: 0 } }, 'bodyBytesMax'],
  [{ limits: { nothing: 1 } }, 'nothing'],
] as readonly (readonly [HttpOptions, string])[])(
  'the option %j is refused when the handler is made',
  async (options, named) => {
    const app = await startedBank();
    expect(() => httpHandler(app, options)).toThrow(named);
    await app.close();
  },
);
