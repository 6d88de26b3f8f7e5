import {
  daybookClient,
  type Client,
  type ClientOptions,
  type ClientTimings,
} from '@daybook/client';
import { expect, onTestFinished, test } from 'vitest';

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

type Answer = Response | Error | 'never';

/** A client whose requests are answered from a list, in order. */
function start(
  answers: readonly Answer[],
  timings: Partial<ClientTimings> = {},
  more: Partial<ClientOptions> = {},
): { client: Client; seen: Seen[] } {
  const seen: Seen[] = [];
  const left = [...answers];
  const client = daybookClient(undefined, {
    url: 'http://bank.test/base/',
    random: () => 0,
    timings,
    fetch: async (url, init = {}) => {
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
      seen.push({
        url: url instanceof URL ? url.href : '',
        method: init.method ?? '',
        headers: { ...(init.headers as Record<string, string>) },
        body,
      });
      const answer = left.shift();
      if (answer === undefined) throw new Error('There are no more answers.');
      if (answer instanceof Error) throw answer;
      if (answer !== 'never') return answer;
      return new Promise((_, reject) => {
        if (init.signal?.aborted === true) reject(init.signal.reason as Error);
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    },
    ...more,
  });
  onTestFinished(() => client.close());
  return { client, seen };
}

const deposit = {
  kind: 'command',
  decider: 'account',
  id: 'a/b',
  command: 'DepositMoney',
  data: { cents: 5 },
} as const;
const question = {
  kind: 'query',
  readModel: 'balances',
  query: 'balanceOf',
  params: { id: 'a' },
} as const;
const accepted = {
  commandId: 'c',
  stream: 'account-a',
  revision: 3,
  position: 9,
  token: 't',
  events: [],
};

function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), init);
}

function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  const retryable = status === 503 || status === 429;
  return json(
    {
      type: `urn:${code}`,
      title: code,
      status,
      code,
      detail: `It is ${code}.`,
      retryable,
      ...more,
    },
    { status, headers },
  );
}

test('G3: every repeat of a command carries the same id and the same body', async () => {
  const { client, seen } = start([
    new TypeError('fetch failed'),
    new Response('<html>', { status: 502 }),
    problem(503, 'overloaded'),
    new Response('', { status: 408 }),
    problem(429, 'too-many-connections'),
    new Response('', { status: 429 }),
    problem(409, 'contention', { retryable: true }),
    json(accepted, { headers: { 'idempotency-replayed': 'true' } }),
  ]);
  const outcome = await client.send(deposit);
  expect(outcome).toMatchObject({
    status: 'accepted',
    revision: 3,
    streams: { 'account-a': 3 },
    isRepeated: true,
  });
  expect(seen).toHaveLength(8);
  expect(new Set(seen.map((request) => JSON.stringify(request))).size).toBe(1);
  expect(seen[0]).toMatchObject({
    url: 'http://bank.test/base/commands/account/a%2Fb/DepositMoney',
    method: 'POST',
    body: { cents: 5 },
    headers: { 'content-type': 'application/json' },
  });
  expect(seen[0]?.headers['idempotency-key']).toMatch(/^[\da-f]{8}-[\da-f]{4}-7/);
});

test('a refusal is a value, every other problem an error with its code, facts and issues', async () => {
  const refusal = { type: 'InsufficientFunds', data: { balanceCents: 1 } };
  const { client, seen } = start([
    problem(
      422,
      'refused',
      { refusal, commandId: 'c', token: 't' },
      { 'idempotency-replayed': 'true' },
    ),
    problem(400, 'invalid-message', { errors: [{ pointer: '/cents', detail: 'is missing' }] }),
    problem(412, 'revision-mismatch', { revision: 7 }),
    problem(404, 'unknown-command'),
  ]);
  expect(await client.send(deposit, { id: 'my "id"' })).toEqual({
    status: 'refused',
    commandId: 'c',
    refusal,
    token: 't',
    isRepeated: true,
  });
  await expect(client.send(deposit)).rejects.toMatchObject({
    code: 'invalid-message',
    status: 400,
    isRetryable: false,
    message: 'It is invalid-message.',
    issues: [{ path: '/cents', message: 'is missing' }],
  });
  await expect(client.send(deposit, { expectedRevision: 6 })).rejects.toMatchObject({
    problem: { revision: 7 },
  });
  await expect(client.send(deposit, { expectedRevision: 'no-stream' })).rejects.toMatchObject({
    code: 'unknown-command',
  });
  expect(
    seen.map(({ headers }) => [
      headers['idempotency-key'],
      headers['if-match'],
      headers['if-none-match'],
    ]),
  ).toEqual(
    [String.raw`"my \"id\""`, expect.anything(), expect.anything(), expect.anything()].map(
      (key, index) => [key, index === 2 ? '"6"' : undefined, index === 3 ? '*' : undefined],
    ),
  );
});

test('G9: attempts are bounded in number and time, and a server that calls a repeat useless is asked three times', async () => {
  const few = start(
    Array.from({ length: 9 }, () => new TypeError('fetch failed')),
    { attemptsMax: 4 },
  );
  await expect(few.client.send(deposit, { id: 'mine' })).rejects.toMatchObject({
    code: 'outcome-unknown',
    id: 'mine',
  });
  expect(few.seen).toHaveLength(4);
  const none = start([new TypeError('fetch failed'), new TypeError('fetch failed')], {
    attemptsMax: 2,
  });
  await expect(none.client.query(question)).rejects.toMatchObject({
    code: 'unreachable',
    isRetryable: true,
  });
  const short = start([problem(503, 'overloaded', {}, { 'retry-after': '60' }), json(accepted)], {
    retryForMs: 1_000,
  });
  await expect(short.client.send(deposit)).rejects.toMatchObject({ code: 'overloaded' });
  const broken = start(Array.from({ length: 9 }, () => problem(500, 'internal')));
  await expect(broken.client.send(deposit)).rejects.toMatchObject({ code: 'internal' });
  expect(broken.seen).toHaveLength(3);
});

test('Retry-After is honoured, as seconds and as a date', async () => {
  const inOneSecond = new Date(Date.now() + 1_100).toUTCString();
  const { client } = start([
    problem(503, 'overloaded', {}, { 'retry-after': '1' }),
    problem(503, 'overloaded', {}, { 'retry-after': inOneSecond }),
    json(accepted),
  ]);
  const before = performance.now();
  await client.send(deposit);
  expect(performance.now() - before).toBeGreaterThan(990);
});

test('an attempt that hangs is given up and repeated; a signal ends the whole', async () => {
  const { client, seen } = start(['never', json(accepted), 'never'], { attemptMs: 10 });
  expect(await client.send(deposit)).toMatchObject({ status: 'accepted' });
  expect(seen).toHaveLength(2);
  const controller = new AbortController();
  const aborted = client.send(deposit, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
});

test('closing the client ends what is under way, between attempts too', async () => {
  const { client } = start(['never', problem(503, 'overloaded', {}, { 'retry-after': '60' })]);
  const hanging = client.send(deposit);
  const waiting = client.query(question);
  await new Promise(setImmediate);
  client.close();
  await expect(hanging).rejects.toMatchObject({ code: 'closed' });
  await expect(waiting).rejects.toMatchObject({ code: 'closed' });
  await expect(client.send(deposit)).rejects.toMatchObject({ code: 'closed' });
});

test('T2: a query with a token is fresh or a typed answer, asked once; without one, the same is an error', async () => {
  const notFresh = [
    problem(503, 'projection-behind', { position: 4, behind: 2 }),
    problem(503, 'timed-out', { position: 4 }),
    problem(503, 'rebuilding', { position: -1 }),
    problem(503, 'projection-failed', { position: 4 }),
    problem(409, 'lost-timeline', { position: 4, retryable: false }),
  ];
  const { client, seen } = start([
    json({ data: { cents: 5 }, position: 7, token: 't7', exact: true }),
    ...notFresh,
    problem(503, 'rebuilding', { position: -1 }),
  ]);
  expect(await client.query(question, { after: ['t1', 't2'], waitMs: 1_500 })).toEqual({
    status: 'fresh',
    data: { cents: 5 },
    position: 7,
    token: 't7',
    exact: true,
  });
  expect(seen[0]?.headers).toMatchObject({ 'consistency-token': 't1,t2', prefer: 'wait=1.500' });
  const answers = [];
  for (const _ of notFresh) answers.push(await client.query(question, { after: 't1' }));
  expect(answers.map(({ status }) => status)).toEqual([
    'behind',
    'timed-out',
    'rebuilding',
    'failed',
    'lost-timeline',
  ]);
  expect(answers[0]).toEqual({
    status: 'behind',
    position: 4,
    why: 'It is projection-behind.',
    behind: 2,
  });
  await expect(client.query(question)).rejects.toMatchObject({ code: 'rebuilding' });
  expect(seen).toHaveLength(7);
});

test('N2: an id that a URL would take for a step is refused before anything is sent, and any other arrives whole', async () => {
  const { client, seen } = start(Array.from({ length: 4 }, () => json(accepted)));
  for (const id of ['.', '..', '', '\ud800']) {
    await expect(client.send({ ...deposit, id })).rejects.toMatchObject({
      code: 'invalid-message',
    });
  }
  expect(seen).toHaveLength(0);
  for (const id of ['constructor', 'a%2Fb', 'Assets:US:BofA:Checking', 'ä/?#'])
    await client.send({ ...deposit, id });
  expect(seen.map(({ url }) => decodeURIComponent(url.split('/')[6] ?? ''))).toEqual([
    'constructor',
    'a%2Fb',
    'Assets:US:BofA:Checking',
    'ä/?#',
  ]);
});

test('headers are asked for with every attempt, and what they throw is thrown', async () => {
  let asked = 0;
  const headers = (): Record<string, string> => ({ authorization: `Bearer ${(asked += 1)}` });
  const { client, seen } = start([new TypeError('fetch failed'), json(accepted)], {}, { headers });
  await client.send(deposit);
  expect(seen.map((request) => request.headers['authorization'])).toEqual(['Bearer 1', 'Bearer 2']);
  const failing = start([], {}, { headers: () => Promise.reject(new Error('sign in')) });
  await expect(failing.client.send(deposit)).rejects.toThrow('sign in');
});

test('streams, states and events are read with their parameters', async () => {
  const { client, seen } = start(Array.from({ length: 4 }, () => json({ events: [], next: null })));
  const account = { name: 'account' } as never;
  await client.history(account, 'a b', { from: 3, limit: 10 });
  await client.state(account, 'a', { at: '2026-11-17T16:00:00+01:00' });
  await client.state(account, 'a', { atPosition: 0 });
  await client.events({ after: -1, types: ['A', 'B'], limit: 5 });
  expect(seen.map(({ url }) => url.slice('http://bank.test/base/'.length))).toEqual([
    'streams/account-a%20b?from=3&limit=10',
    'streams/account-a/state?at=2026-11-17T16%3A00%3A00%2B01%3A00',
    'streams/account-a/state?atPosition=0',
    'events?after=-1&types=A%2CB&limit=5',
  ]);
});
