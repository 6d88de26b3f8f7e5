import { daybook, decider, readModel, type AppFace } from '@daybook/core';
import type { ParkedAnswer } from '@daybook/protocol';
import { httpHandler, type HttpHandler } from '@daybook/server';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { emptyStore, openAccount, problemIn, refusalOf, serving } from './serving.ts';

/** A counter whose read model cannot count 13, until it is mended. */
function superstition(): { readonly definitions: ReturnType<typeof counters>; mend(): void } {
  const state = { isMended: false };
  return {
    definitions: counters(() => state.isMended),
    mend() {
      state.isMended = true;
    },
  };
}

const amount = z.object({ by: z.int() });

function counters(isMended: () => boolean) {
  const counter = decider('counter', {
    events: { Counted: amount },
    commands: { Count: amount },
    refusals: {},
    initialState: { total: 0 },
    evolve: { Counted: ({ total }, { by }) => ({ total: total + by }) },
    decide: { Count: (command, _, { emit }) => emit.Counted(command) },
  });
  const totals = readModel('totals', {
    from: [counter],
    row: z.object({ total: z.int() }),
    on: {
      Counted: (row, { by }) => {
        if (by === 13 && !isMended()) throw new Error('cannot count 13');
        return { total: (row?.total ?? 0) + by };
      },
    },
    queries: (query) => ({
      totalOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    }),
  });
  return daybook({ deciders: [counter], readModels: [totals] });
}

interface Counting extends AsyncDisposable {
  readonly face: AppFace;
  mend(): void;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

async function counting(): Promise<Counting> {
  const { definitions, mend } = superstition();
  const app = await definitions.start({ store: emptyStore() });
  const http: HttpHandler = httpHandler(app, { mode: 'development' });
  return {
    face: app.face,
    mend,
    call: (method, path, body, headers = {}) =>
      http.fetch(
        new Request(`http://localhost${path}`, {
          method,
          headers: {
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
        { remoteAddress: '127.0.0.1' },
      ),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

async function count(counter: Counting, id: string, by: number): Promise<string> {
  const response = await counter.call('POST', `/commands/counter/${encodeURIComponent(id)}/Count`, {
    by,
  });
  if (response.status !== 200) throw new Error(await response.text());
  return response.headers.get('consistency-token') ?? '';
}

test('G8 P3: a parked key is listed, read as failed, in health, and freed by retry in order; others go on', async () => {
  await using counter = await counting();
  await count(counter, 'a/b', 1);
  await count(counter, 'a/b', 13);
  await count(counter, 'a/b', 2);
  const token = await count(counter, 'other', 5);
  const ask = (id: string) =>
    counter.call('GET', `/queries/totals/totalOf?id=${id}`, undefined, {
      'consistency-token': token,
    });
  expect(await (await ask('other')).json()).toMatchObject({ data: { total: 5 } });
  const failed = await ask('a/b');
  expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1']);
  const problem = await failed.text();
  expect(problem).toContain('projection-failed');
  expect(problem).not.toContain('cannot count 13');
  const { parked } = (await (
    await counter.call('GET', '/admin/parked?readModel=totals')
  ).json()) as ParkedAnswer;
  expect(parked).toMatchObject([{ readModel: 'totals', key: 'a/b', parkedAt: 1 }]);
  const health = await counter.call('GET', '/health');
  expect(health.status).toBe(503);
  expect(await health.json()).toMatchObject({
    status: 'failing',
    readModels: [{ name: 'totals', parkedCount: 1 }],
  });
  expect((await counter.call('GET', '/ready')).status).toBe(200);

  counter.mend();
  const retried = await counter.call('POST', '/admin/parked/totals/a%2Fb/retry', {
    reason: 'mended',
  });
  expect(retried.status).toBe(202);
  const freed = await counter.face.awaitToken([token], ['totals'], { waitMs: 5_000 });
  expect(freed).toMatchObject([{ status: 'fresh' }]);
  expect(await (await ask('a/b')).json()).toMatchObject({ data: { total: 16 } });
});

test('P3: a skipped event is left out for its key', async () => {
  await using counter = await counting();
  await count(counter, 'a', 1);
  await count(counter, 'a', 13);
  const token = await count(counter, 'a', 2);
  await counter.face.awaitToken([token], ['totals'], { waitMs: 5_000 });
  const skipped = await counter.call('POST', '/admin/parked/totals/a/skip', {});
  expect(skipped.status).toBe(202);
  const after = ((await skipped.json()) as { readonly token: string }).token;
  const headers = { 'consistency-token': after };
  const answer = await counter.call('GET', '/queries/totals/totalOf?id=a', undefined, headers);
  expect(await answer.json()).toMatchObject({ data: { total: 3 } });
});

test.each([
  ['POST', '/admin/parked/totals/nothing/retry', 404, 'not-parked'],
  ['POST', '/admin/parked/nothing/a/retry', 404, 'read-model-not-found'],
  ['POST', '/admin/parked/totals/a/burn', 404, 'not-found'],
  ['POST', '/admin/read-models/constructor/rebuild', 404, 'read-model-not-found'],
  ['GET', '/admin/parked?readModel=constructor', 404, 'read-model-not-found'],
])('%s %s is %i %s', async (method, path, status, code) => {
  await using counter = await counting();
  await count(counter, 'a', 1);
  const response = await counter.call(method, path, method === 'POST' ? {} : undefined);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
    status,
    code,
  ]);
});

test('P4: a rebuild starts a new generation', async () => {
  await using counter = await counting();
  const token = await count(counter, 'a', 1);
  await counter.face.awaitToken([token], ['totals'], { waitMs: 5_000 });
  const response = await counter.call('POST', '/admin/read-models/totals/rebuild');
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ readModel: 'totals', generation: 2 });
});

test('S5: what was exported is imported, once; what is wrong is refused by its line, and nobody may without the right', async () => {
  const operator = { authorize: () => 'allow' as const, authorizeAdmin: () => 'allow' as const };
  await using from = await serving(operator);
  await openAccount(from, 'a', 500);
  await from.post('/commands/account/a/WithdrawMoney', { cents: 900 }, { 'idempotency-key': 'w' });
  const exported = await from.get('/admin/export');
  expect(exported.headers.get('content-type')).toBe('application/x-ndjson');

  await using into = await serving(operator);
  const type = { 'content-type': 'application/x-ndjson' };
  expect((await into.post('/admin/import', exported.text, type)).json).toMatchObject({
    imported: 2,
    skipped: 0,
  });
  expect((await into.post('/admin/import', exported.text, type)).json).toMatchObject({
    imported: 0,
    skipped: 2,
  });
  const repeated = await into.post(
    '/commands/account/a/WithdrawMoney',
    { cents: 900 },
    { 'idempotency-key': 'w' },
  );
  expect([repeated.status, repeated.headers.get('idempotency-replayed')]).toEqual([422, 'true']);

  await using other = await serving(operator);
  const broken = await other.post(
    '/admin/import',
    exported.text.replace('"MoneyDeposited"', '"MoneyBurnt"'),
    type,
  );
  expect(refusalOf(broken)).toBe('422 import-refused');
  expect(problemIn(broken).errors?.[0]?.pointer).toMatch(/^\/\d+$/);
  expect(refusalOf(await other.post('/admin/import', '{}'))).toBe('415 unsupported-media-type');

  await using closed = await serving();
  expect(refusalOf(await closed.get('/admin/export'))).toBe('403 forbidden');
  expect(refusalOf(await closed.post('/admin/import', exported.text, type))).toBe('403 forbidden');
});
