import { daybook, decider, memory, readModel, type App } from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { testPlatform } from '../platform.ts';
import { fresh } from './running-bank.ts';

const amount = z.object({ cents: z.int() });
const jar = decider('jar', {
  events: { CoinPut: amount },
  commands: { PutCoin: amount },
  refusals: {},
  initialState: 0,
  evolve: { CoinPut: (state, { cents }) => state + cents },
  decide: { PutCoin: (command, _, { emit }) => emit.CoinPut(command) },
});

/** The sum of each jar; 13 is poison for as long as `isBroken` says so. */
function sums(isBroken: () => boolean, version = 1) {
  return readModel('sums', {
    from: [jar],
    version,
    row: z.object({ cents: z.int() }),
    initialRow: { cents: 0 },
    indexes: ['cents'],
    on: {
      CoinPut: (row, { cents }) => {
        if (cents === 13 && isBroken()) throw new Error('unlucky');
        return { cents: row.cents + cents };
      },
    },
    queries: (query) => ({
      sumOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
      all: query((rows) => rows.find({ orderBy: { cents: 'asc' } })),
    }),
  });
}

async function start(isBroken: () => boolean, store = memory(testPlatform()), version = 1) {
  const model = sums(isBroken, version);
  const app = await daybook({ deciders: [jar], readModels: [model] }).start({ store });
  return { app, model, store };
}

async function put(
  app: Pick<App, 'face'>,
  id: string,
  ...coins: readonly number[]
): Promise<string> {
  let token = '';
  for (const cents of coins) token = (await app.face.send(jar.PutCoin(id, { cents }))).token;
  return token;
}

test('P3 G8: a poison event parks its own key only; reads of it fail, all others go on; health says so', async () => {
  const { app, model } = await start(() => true);
  const before = await put(app, 'bad', 1);
  await put(app, 'bad', 13, 2);
  const last = await put(app, 'good', 5, 6);
  expect(fresh(await app.query(model.sumOf({ id: 'good' }), { after: last })).data).toEqual({
    cents: 11,
  });
  expect(await app.query(model.sumOf({ id: 'bad' }), { after: last })).toMatchObject({
    status: 'failed',
  });
  await expect(app.query(model.sumOf({ id: 'bad' }))).rejects.toMatchObject({
    code: 'not-fresh',
    status: 'failed',
  });
  // With a token from before the poison, the row is as it should be.
  expect(fresh(await app.query(model.sumOf({ id: 'bad' }), { after: before })).data).toEqual({
    cents: 1,
  });
  expect(fresh(await app.query(model.all(), { after: last }))).toMatchObject({ partial: 1 });
  const health = await app.face.health();
  expect(health.status).toBe('failing');
  expect(health.readModels).toMatchObject([
    { name: 'sums', parkedCount: 1, lagEvents: 0, error: { message: 'unlucky' } },
  ]);
  expect(await app.face.parked()).toMatchObject([{ readModel: 'sums', key: 'bad', parkedAt: 1 }]);
  await app.close();
});

test('P3: retry applies the key’s events in order from the one that failed', async () => {
  let isBroken = true;
  const { app, model } = await start(() => isBroken);
  await put(app, 'bad', 1, 13, 2, 3);
  const last = await put(app, 'good', 1);
  await app.query(model.all(), { after: last });
  isBroken = false;
  await app.face.retryParked('sums', 'bad', { actor: 'op' });
  const after = await put(app, 'bad', 4);
  expect(fresh(await app.query(model.sumOf({ id: 'bad' }), { after })).data).toEqual({ cents: 23 });
  expect((await app.face.health()).status).toBe('ok');
  await expect(app.face.retryParked('sums', 'bad')).rejects.toMatchObject({ code: 'not-parked' });
  await app.close();
});

test('P3: a retry that fails again parks the key at the same event', async () => {
  const { app, model } = await start(() => true);
  const last = await put(app, 'bad', 1, 13, 2);
  await app.query(model.all(), { after: last });
  await app.face.retryParked('sums', 'bad');
  const after = await put(app, 'bad', 4);
  await app.query(model.all(), { after });
  expect(await app.face.parked()).toMatchObject([{ key: 'bad', parkedAt: 1 }]);
  await app.close();
});

test('P3: skip leaves the event out for the key, is recorded in the log, and holds in a rebuild', async () => {
  const { app, model, store } = await start(() => true);
  const last = await put(app, 'bad', 1, 13, 2);
  await app.query(model.all(), { after: last });
  await app.face.skipParked('sums', 'bad', { actor: 'op', reason: 'counted twice' });
  const after = await put(app, 'good', 7);
  expect(fresh(await app.query(model.sumOf({ id: 'bad' }), { after })).data).toEqual({ cents: 3 });
  const { events } = await app.face.readStream('$repairs-sums');
  expect(events).toMatchObject([
    {
      type: '$EventSkipped',
      data: { key: 'bad', position: 1 },
      metadata: { actor: 'op', reason: 'counted twice' },
    },
    { type: '$KeyRetried' },
  ]);
  const { generation } = await app.face.rebuild('sums');
  await generationAnswers(app, generation);
  expect(fresh(await app.query(model.sumOf({ id: 'bad' }), { after })).data).toEqual({ cents: 3 });
  await app.close();
  void store;
});

test('P4: a rebuild makes a new generation while the old one answers, and switches to it', async () => {
  const { app, model } = await start(() => false);
  const last = await put(app, 'a', 1, 2, 3);
  const before = fresh(await app.query(model.sumOf({ id: 'a' }), { after: last }));
  const { generation } = await app.face.rebuild('sums');
  expect(generation).toBe(before.generation + 1);
  await generationAnswers(app, generation);
  expect(fresh(await app.query(model.sumOf({ id: 'a' }), { after: last }))).toMatchObject({
    data: { cents: 6 },
    generation,
  });
  const states = (await app.face.readModels.list('sums')).map(({ state }) => state);
  expect(states).toEqual(['retired', 'active']);
  await app.close();
});

test('P4: code of a new version builds its own generation from the same log; the old rows stay', async () => {
  const { app, store } = await start(() => false);
  const last = await put(app, 'a', 1, 2);
  await app.close();
  const next = await start(() => false, store, 2);
  expect(fresh(await next.app.query(next.model.sumOf({ id: 'a' }), { after: last }))).toMatchObject(
    { data: { cents: 3 }, generation: 2 },
  );
  await next.app.close();
});

test('G6: a projector that goes on elsewhere ends with the rows of a straight fold', async () => {
  const store = memory(testPlatform());
  for (let round = 1; round <= 5; round += 1) {
    const { app } = await start(() => false, store);
    await put(app, 'a', round, round);
    await app.close();
  }
  const { app, model } = await start(() => false, store);
  const last = await put(app, 'a', 0);
  expect(fresh(await app.query(model.sumOf({ id: 'a' }), { after: last })).data).toEqual({
    cents: 30,
  });
  await app.close();
});

test('P3: a key function that throws leaves no key to park: the read model stops, red, and others go on', async () => {
  const keyless = readModel('keyless', {
    from: [jar],
    row: z.object({ cents: z.int() }),
    key: () => {
      throw new Error('no key');
    },
    on: { CoinPut: (_, { cents }) => ({ cents }) },
  });
  const model = sums(() => false);
  const app = await daybook({ deciders: [jar], readModels: [keyless, model] }).start({
    store: memory(testPlatform()),
  });
  const last = await put(app, 'a', 1);
  expect(fresh(await app.query(model.sumOf({ id: 'a' }), { after: last })).data).toEqual({
    cents: 1,
  });
  const health = await app.face.health();
  expect(health.status).toBe('failing');
  expect(health.readModels).toMatchObject([
    { name: 'keyless', processor: 'stopped', error: { code: 'projection-failed' } },
    { name: 'sums', processor: 'running' },
  ]);
  await app.close();
});

test('P3: an event of a type that nobody declares parks its stream’s row instead of being passed over', async () => {
  const { app, model } = await start(() => false);
  await put(app, 'a', 1);
  const event = { id: 'e-new', type: 'CoinMelted', schemaVersion: 1, data: {}, metadata: {} };
  await app.face.events.append({
    id: 'new',
    streams: [{ stream: 'jar-a', expected: 'any', events: [event] }],
  });
  const last = await put(app, 'b', 2);
  expect(fresh(await app.query(model.sumOf({ id: 'b' }), { after: last })).data).toEqual({
    cents: 2,
  });
  expect(await app.face.parked()).toMatchObject([
    { key: 'a', error: { code: 'unknown-event-type' } },
  ]);
  await app.close();
});

async function generationAnswers(app: Pick<App, 'face'>, generation: number): Promise<void> {
  const stop = new AbortController();
  const question = { kind: 'query', readModel: 'sums', query: 'all', params: undefined } as const;
  for await (const answer of app.face.live(question, { signal: stop.signal })) {
    if (answer.status === 'fresh' && answer.generation === generation) stop.abort();
  }
}
