/** What is laid over an answer, and what is left alone because it is not known. */
import { daybook, decider, face, readModel, type ReadEvent } from '@daybook/core';
import type { ReadsPart } from '@daybook/protocol';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { TrackedOperation } from '../src/outbox/operation.ts';
import { Overlay, type Overlaid } from '../src/prediction/overlay.ts';
import type { Effect } from '../src/prediction/predict.ts';
import { soundRules } from '../src/prediction/rules.ts';

const scored = z.object({ points: z.int() });

const player = decider('player', {
  events: { Scored: scored },
  commands: { Score: scored },
  initialState: {},
  evolve: { Scored: (state) => state },
  decide: { Score: (command, _, { emit }) => emit.Scored(command) },
});

let luck = 0;

const scores = readModel('scores', {
  from: [player],
  row: z.object({ name: z.string(), points: z.int() }),
  indexes: ['points'],
  on: {
    Scored: (row, { points }, { streamId }) => ({
      name: streamId,
      points: (row?.points ?? 0) + points,
    }),
  },
  queries: (query) => ({
    best: query((rows) => rows.find({ orderBy: { points: 'desc' }, limit: 2 })),
    above: query(z.object({ points: z.int() }), (rows, { points }) =>
      rows.count({ where: { points: { gt: points } } }),
    ),
    several: query(z.object({ names: z.array(z.string()) }), (rows, { names }) =>
      rows.getMany(names),
    ),
    lucky: query(z.object({ name: z.string() }), async (rows, { name }) => ({
      row: await rows.get(name),
      luck,
    })),
  }),
});

const readModelFace = daybook({ deciders: [player], readModels: [scores] })[face].readModels.get(
  'scores',
);

function operation(id: string): TrackedOperation {
  return new TrackedOperation(
    {
      id,
      order: 1,
      message: player.Score('p', { points: 1 }),
      keys: [],
      user: '',
      version: '',
      createdAt: 0,
      expiresAt: 0,
      phase: 'queued',
      attempts: 0,
    },
    () => false,
  );
}

/** A player scores: `revision` 0 begins the stream. */
function effect(name: string, points: number, about: Partial<ReadEvent> = {}): Effect {
  const event: ReadEvent = {
    id: `event-${name}-${points}`,
    log: '',
    position: 100,
    commit: 100,
    stream: `player-${name}`,
    streamId: name,
    revision: 5,
    type: 'Scored',
    schemaVersion: 1,
    data: { points },
    metadata: {},
    tags: [],
    recordedAt: 0,
    ...about,
  };
  return { operation: operation(name), events: [event], isCommitted: false };
}

interface Given {
  readonly query: 'best' | 'above' | 'several' | 'lucky';
  readonly params?: unknown;
  readonly data: unknown;
  readonly reads?: Partial<ReadsPart>;
  /** Until where streams are known not to have begun. */
  readonly absentUntil?: number;
}

async function laid(given: Given, effects: readonly Effect[]): Promise<Overlaid> {
  const { query, params = {}, data, reads = {}, absentUntil = -1 } = given;
  const found = readModelFace?.queries.get(query);
  if (readModelFace === undefined || found === undefined) throw new Error(query);
  const message = { kind: 'query', readModel: 'scores', query, params } as const;
  const overlay = new Overlay(readModelFace, found, message, soundRules, () => absentUntil);
  const base = { position: 50, token: '', epoch: 'e', data, generation: 1, exact: true };
  const part = { rows: [], absent: [], finds: [], counts: [], ...reads };
  return overlay.over({ ...base, reads: part }, effects);
}

const row = (name: string, points: number) => ({ name, points });
const known = (name: string, points: number, asOf = 10) => ({
  key: name,
  asOf: { main: asOf },
  row: row(name, points),
});
const request = { orderBy: { points: 'desc' }, limit: 2 };

/** A page as the server gives it: `next` is there when it is full. */
function page(...rows: ReturnType<typeof known>[]): Given {
  const next = rows.length < 2 ? null : 'W1s1XSwiYiJd';
  return {
    query: 'best',
    data: { rows: rows.map((one) => one.row), next },
    reads: { rows, finds: [{ request, keys: rows.map(({ key }) => key), next }] },
  };
}

test('a row that changes takes its new place on the page', async () => {
  const full = page(known('a', 9), known('b', 5));
  expect(await laid(full, [effect('b', 5)])).toMatchObject({
    data: { rows: [row('b', 10), row('a', 9)] },
  });
});

test('of a full page, nothing is known after its end: a row that falls behind it goes, none is put in', async () => {
  const full = page(known('a', 9), known('b', 5));
  const { data } = await laid(full, [effect('a', -6)]);
  expect(data).toMatchObject({ rows: [row('b', 5)], next: expect.any(String) as string });
});

test('a row that was not sent is left alone, but where it cannot have been there', async () => {
  const full = page(known('a', 9), known('b', 5));
  expect(await laid(full, [effect('c', 7)])).toEqual({ data: full.data, operations: [] });
  const begun = { ...full, absentUntil: 49 };
  expect((await laid(begun, [effect('c', 7)])).operations).toEqual([]);
  const notBegun = { ...full, absentUntil: 50 };
  expect((await laid(notBegun, [effect('c', 7)])).data).toMatchObject({
    rows: [row('a', 9), row('c', 7)],
  });
});

test('a page that was not full and had no condition names every row: any other is new', async () => {
  const short = page(known('a', 9));
  expect((await laid(short, [effect('c', 7)])).data).toMatchObject({
    rows: [row('a', 9), row('c', 7)],
  });
});

test('a count goes with the rows that are known, and a key that was asked for and is absent is known', async () => {
  const params = { names: ['a', 'x'] };
  const several: Given = {
    query: 'several',
    params,
    data: [row('a', 1), null],
    reads: { rows: [known('a', 1)], absent: ['x'] },
  };
  expect((await laid(several, [effect('x', 3), effect('y', 3)])).data).toEqual([
    row('a', 1),
    row('x', 3),
  ]);
  const above: Given = {
    query: 'above',
    params: { points: 4 },
    data: 2,
    reads: {
      rows: [known('a', 3), known('b', 9)],
      counts: [{ request: { where: { points: { gt: 4 } } }, count: 2 }],
    },
  };
  expect((await laid(above, [effect('a', 2)])).data).toBe(3);
  expect((await laid(above, [effect('b', -9)])).data).toBe(1);
  expect((await laid(above, [effect('b', 1)])).data).toBe(2);
});

test('T3: a row that has seen the event is not given it again', async () => {
  const full = page(known('a', 9, 100), known('b', 5, 99));
  expect(await laid(full, [committed('a')])).toEqual({ data: full.data, operations: [] });
  expect((await laid(full, [committed('b')])).data).toMatchObject({
    rows: [row('a', 9), row('b', 6)],
  });
});

test('a query that depends on more than its rows and parameters is not predicted', async () => {
  const lucky = (seen: number): Given => ({
    query: 'lucky',
    params: { name: 'a' },
    data: { row: row('a', 1), luck: seen },
    reads: { rows: [known('a', 1)] },
  });
  luck = 1;
  expect((await laid(lucky(1), [effect('a', 1)])).data).toEqual({ row: row('a', 2), luck: 1 });
  expect(await laid(lucky(2), [effect('a', 1)])).toEqual({ data: lucky(2).data, operations: [] });
});

function committed(name: string): Effect {
  return { ...effect(name, 1, { log: 'main' }), isCommitted: true };
}
