/** Faults around the projector: rows that do not fit in memory, handlers that break rules, stores that refuse. */
import {
  daybook,
  decider,
  memory,
  readModel,
  type App,
  type OpenedStore,
  type StoreAdapter,
} from '@daybook/core';
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

const sums = readModel('sums', {
  from: [jar],
  row: z.object({ cents: z.int() }),
  initialRow: { cents: 0 },
  on: { CoinPut: (row, { cents }) => ({ cents: row.cents + cents }) },
  queries: (query) => ({
    sumOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    howMany: query((rows) => rows.count()),
  }),
});

async function put(app: Pick<App, 'face'>, id: string, cents: number): Promise<string> {
  return (await app.face.send(jar.PutCoin(id, { cents }))).token;
}

test('G6: rows are right when a page needs more of them than are kept in memory', async () => {
  const store = memory(testPlatform());
  const writer = await daybook({ deciders: [jar] }).start({ store });
  const jars = 40;
  let last = '';
  for (let round = 1; round <= 3; round += 1) {
    for (let index = 0; index < jars; index += 1) last = await put(writer, `j${index}`, round);
  }
  await writer.close();
  const app = await daybook({ deciders: [jar], readModels: [sums] }).start({
    store,
    cachedRowsMax: 5,
  });
  for (let index = 0; index < jars; index += 1) {
    const answer = fresh(await app.query(sums.sumOf({ id: `j${index}` }), { after: last }));
    expect(answer.data).toEqual({ cents: 6 });
  }
  for (let index = 0; index < jars; index += 1) last = await put(app, `j${index}`, 10);
  for (let index = 0; index < jars; index += 1) {
    const answer = fresh(await app.query(sums.sumOf({ id: `j${index}` }), { after: last }));
    expect(answer.data).toEqual({ cents: 16 });
  }
  await app.close();
});

test('P3: a handler that changes its row or its event in place parks the key instead of leaking into others', async () => {
  const careless = readModel('careless', {
    from: [jar],
    row: z.custom<{ cents: number }>(() => true),
    initialRow: { cents: 0 },
    on: {
      CoinPut: (row, data) => {
        data.cents += 1;
        return { cents: row.cents + data.cents };
      },
    },
    queries: (query) => ({
      sumOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    }),
  });
  const app = await daybook({ deciders: [jar], readModels: [careless, sums] }).start({
    store: memory(testPlatform()),
  });
  const last = await put(app, 'a', 5);
  expect(fresh(await app.query(sums.sumOf({ id: 'a' }), { after: last })).data).toEqual({
    cents: 5,
  });
  expect(await app.query(careless.sumOf({ id: 'a' }), { after: last })).toMatchObject({
    status: 'failed',
  });
  await app.close();
});

test('G8: a read model whose commits the store refuses fails alone, is in health, and goes on by itself', async () => {
  const faulty = new FaultyStore(memory(testPlatform()));
  const others = readModel('others', {
    from: [jar],
    row: z.object({ count: z.int() }),
    initialRow: { count: 0 },
    on: { CoinPut: (row) => ({ count: row.count + 1 }) },
    queries: (query) => ({
      countOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    }),
  });
  faulty.refuses = 'sums';
  const app = await daybook({ deciders: [jar], readModels: [sums, others] }).start({
    store: faulty,
  });
  const last = await put(app, 'a', 5);
  expect(fresh(await app.query(others.countOf({ id: 'a' }), { after: last })).data).toEqual({
    count: 1,
  });
  const health = await app.face.health();
  expect(health.status).toBe('failing');
  expect(health.readModels.find(({ name }) => name === 'sums')?.error?.message).toBe(
    'no room for that',
  );
  faulty.refuses = '';
  expect(
    fresh(await app.query(sums.sumOf({ id: 'a' }), { after: last, waitMs: 10_000 })).data,
  ).toEqual({ cents: 5 });
  await app.close();
});

test('G8: a read model that cannot be set up keeps none of the others', async () => {
  const faulty = new FaultyStore(memory(testPlatform()));
  faulty.createRefuses = 'broken';
  const broken = readModel('broken', { from: [jar], row: z.object({}), on: {} });
  const app = await daybook({ deciders: [jar], readModels: [broken, sums] }).start({
    store: faulty,
    onError: () => {
      throw new Error('a listener that fails');
    },
  });
  const last = await put(app, 'a', 5);
  expect(fresh(await app.query(sums.sumOf({ id: 'a' }), { after: last })).data).toEqual({
    cents: 5,
  });
  await app.close();
});

test('P4: a first build that stopped is not switched to, and its queries say failed', async () => {
  const keyless = readModel('keyless', {
    from: [jar],
    row: z.object({ cents: z.int() }),
    key: () => {
      throw new Error('no key');
    },
    on: { CoinPut: (_, { cents }) => ({ cents }) },
    queries: (query) => ({ one: query((rows) => rows.get('x')) }),
  });
  const store = memory(testPlatform());
  const writer = await daybook({ deciders: [jar] }).start({ store });
  const last = await put(writer, 'a', 1);
  await writer.close();
  const app = await daybook({ deciders: [jar], readModels: [keyless] }).start({ store });
  expect(await app.query(keyless.one(), { after: last })).toMatchObject({ status: 'failed' });
  expect((await app.face.readModels.list('keyless')).map(({ state }) => state)).toEqual([
    'building',
  ]);
  await app.close();
});

test('P3: a retry does not pass over the event of an undeclared type that parked the key', async () => {
  const app = await daybook({ deciders: [jar], readModels: [sums] }).start({
    store: memory(testPlatform()),
  });
  await put(app, 'a', 1);
  const event = { id: 'e', type: 'CoinMelted', schemaVersion: 1, data: {}, metadata: {} };
  const { head } = await app.face.events.append({
    id: 'n',
    streams: [{ stream: 'jar-a', expected: 'any', events: [event] }],
  });
  let last = await put(app, 'b', 1);
  await app.query(sums.sumOf({ id: 'b' }), { after: last });
  await app.face.retryParked('sums', 'a');
  last = await put(app, 'b', 1);
  await app.query(sums.sumOf({ id: 'b' }), { after: last });
  expect(await app.face.parked()).toMatchObject([{ key: 'a', parkedAt: head.position }]);
  await app.close();
});

test('P7: of two applications on one store each event is folded once, also when one goes', async () => {
  const store = memory(testPlatform());
  const book = daybook({ deciders: [jar], readModels: [sums] });
  const [one, two] = await Promise.all([book.start({ store }), book.start({ store })]);
  let last = '';
  for (let round = 0; round < 20; round += 1) {
    last = await put(round % 2 === 0 ? one : two, 'a', 1);
    expect(fresh(await two.query(sums.sumOf({ id: 'a' }), { after: last })).data).toEqual({
      cents: round + 1,
    });
  }
  await one.close();
  last = await put(two, 'a', 1);
  expect(
    fresh(await two.query(sums.sumOf({ id: 'a' }), { after: last, waitMs: 10_000 })).data,
  ).toEqual({ cents: 21 });
  await two.close();
});

/** A store whose read models refuse what they are told to; everything else goes through. */
class FaultyStore implements StoreAdapter {
  readonly #adapter: StoreAdapter;
  refuses = '';
  createRefuses = '';

  constructor(adapter: StoreAdapter) {
    this.#adapter = adapter;
  }

  async open(): Promise<OpenedStore> {
    const opened = await this.#adapter.open();
    const inner = opened.readModels;
    const commit: typeof inner.commit = async (commits) => {
      if (commits.some(({ readModel: name }) => name === this.refuses)) {
        throw new Error('no room for that');
      }
      return inner.commit(commits);
    };
    const create: typeof inner.create = async (layout) => {
      if (layout.readModel === this.createRefuses) throw new Error('cannot be made');
      return inner.create(layout);
    };
    const faults = new Map<PropertyKey, unknown>([
      ['commit', commit],
      ['create', create],
    ]);
    const readModels = new Proxy(inner, {
      get(target, name) {
        const member: unknown = faults.get(name) ?? Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    return { ...opened, readModels };
  }
}
