import { decider, face, readModel, remove, removed, type ReadEvent } from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { account, balances, statements } from '../bank.ts';

function recorded(type: string, data: unknown, streamId = 'acc-1'): ReadEvent {
  return {
    id: 'e-1',
    log: 'main',
    position: 7,
    commit: 7,
    stream: `account-${streamId}`,
    streamId,
    revision: 0,
    type,
    schemaVersion: 1,
    data,
    metadata: {},
    tags: [],
    recordedAt: 0,
  };
}

const opened = recorded('AccountOpened', { owner: 'Ada', overdraftCents: 0 });
const deposited = recorded('MoneyDeposited', { cents: 5, balanceCents: 5 });
const row = z.object({ owner: z.string(), count: z.int() });
const definition = { from: [account], row, on: {} };

test('the key is the stream’s id unless it is given, and may be several or none', () => {
  expect(balances[face].hasDefaultKey).toBe(true);
  expect(balances[face].keysOf(opened)).toEqual(['acc-1']);
  expect(statements[face].hasDefaultKey).toBe(false);
  expect(statements[face].keysOf(deposited)).toEqual(['e-1']);
  const several = readModel('several', { ...definition, key: () => ['a', 'b', 'a'] });
  expect(several[face].keysOf(opened)).toEqual(['a', 'b']);
  const none = readModel('none', { ...definition, key: () => [] });
  expect(none[face].keysOf(opened)).toEqual([]);
});

test('N2: a key that is none is an error, which names the read model', () => {
  for (const key of ['', '..', 'x'.repeat(1_025)]) {
    const wrong = readModel('wrong', { ...definition, key: () => key });
    expect(() => wrong[face].keysOf(opened)).toThrow('A key of wrong');
  }
});

test('folds rows: a new row, the row left, the row removed', () => {
  const owners = readModel('owners', {
    ...definition,
    on: {
      AccountOpened: (_, { owner }) => ({ owner, count: 0 }),
      MoneyDeposited: (before) => before && { ...before, count: before.count + 1 },
      AccountClosed: () => remove,
    },
  });
  const { apply, types } = owners[face];
  expect(types).toEqual(['AccountOpened', 'MoneyDeposited', 'AccountClosed']);
  expect(apply(undefined, opened, 'acc-1')).toEqual({ owner: 'Ada', count: 0 });
  expect(apply({ owner: 'Ada', count: 1 }, deposited, 'acc-1')).toEqual({ owner: 'Ada', count: 2 });
  expect(apply(undefined, deposited, 'acc-1')).toBeUndefined();
  expect(apply({ owner: 'Ada', count: 1 }, recorded('AccountClosed', {}), 'acc-1')).toBe(removed);
  expect(apply({ owner: 'Ada', count: 1 }, recorded('MoneyWithdrawn', {}), 'a')).toBeUndefined();
});

test('initialRow stands where there is no row, and cannot be changed in place', () => {
  const counts = readModel('counts', {
    ...definition,
    row: z.object({ keys: z.array(z.string()) }),
    initialRow: { keys: [] },
    on: {
      AccountOpened: (before, _, __, key) => ({ keys: [...before.keys, key] }),
      MoneyDeposited: (before) => {
        before.keys.push('leak');
        return before;
      },
    },
  });
  const { apply } = counts[face];
  expect(apply(undefined, opened, 'k')).toEqual({ keys: ['k'] });
  expect(apply({ keys: ['a'] }, opened, 'k')).toEqual({ keys: ['a', 'k'] });
  expect(() => apply(undefined, deposited, 'k')).toThrow(TypeError);
});

test('a row that its schema refuses is an error, and its defaults are applied', () => {
  const wrong = readModel('wrong', {
    ...definition,
    row: z.object({ count: z.int().max(1), note: z.string().default('none') }),
    on: {
      AccountOpened: () => ({ count: 1, note: 'x' }),
      // @ts-expect-error The note is missing, and gets its default.
      MoneyWithdrawn: () => ({ count: 1 }),
      MoneyDeposited: () => ({ count: 2, note: 'x' }),
    },
  });
  const { apply } = wrong[face];
  expect(apply(undefined, recorded('MoneyWithdrawn', {}), 'a')).toEqual({ count: 1, note: 'none' });
  expect(() => apply(undefined, deposited, 'a')).toThrow('The row of wrong does not match');
});

test('a query is a plain JSON value', () => {
  const question = { kind: 'query', readModel: 'balances', query: 'richest' };
  expect(balances.richest()).toEqual({ ...question, params: {} });
  expect(structuredClone(balances.richest({ limit: 3 }))).toEqual({
    ...question,
    params: { limit: 3 },
  });
  expect(balances[face].queries.get('richest')?.params?.read({ limit: '3' })).toEqual({ limit: 3 });
});

test('N2: queries are found in a map only, and none may be called what an object is called by', () => {
  expect(balances[face].queries.get('constructor')).toBeUndefined();
  for (const name of ['then', 'name', 'Query', 'a-b']) {
    const wrong = () =>
      readModel('wrong', { ...definition, queries: (query) => ({ [name]: query(() => 1) }) });
    expect(wrong).toThrow('cannot be named');
  }
  const odd = readModel('odd', {
    ...definition,
    queries: (query) => ({ constructor: query(() => 1) }),
  });
  expect(odd.constructor()).toMatchObject({ query: 'constructor' });
});

test('indexes are lists of fields', () => {
  expect(statements[face].indexes).toEqual([['account', 'position']]);
  for (const index of [[], ['a b'], ['"'], ['1a'], ['__proto__;'], ['owner', 'owner']]) {
    expect(() => indexed([index])).toThrow('of indexed');
  }
  expect(() => indexed(['owner', ['owner']])).toThrow('repeats an index');
});

/** A read model with indexes that the types would refuse. */
function indexed(indexes: readonly (string | readonly string[])[]): unknown {
  return readModel('indexed', { ...definition, indexes: indexes as readonly 'owner'[] });
}

test('a version is a whole number from 1', () => {
  for (const version of [0, 1.5, -1, Number.NaN]) {
    expect(() => readModel('wrong', { ...definition, version })).toThrow('whole number from 1');
  }
});

test('what is no query, and an event that nobody declares, are refused', () => {
  // @ts-expect-error Not what query(…) gives.
  expect(() => readModel('wrong', { ...definition, queries: () => ({ all: () => 1 }) })).toThrow(
    'The query wrong.all is not what query(…) gives',
  );
  const on = { Unheard: () => undefined };
  // @ts-expect-error No such event.
  expect(() => readModel('wrong', { ...definition, on })).toThrow('has "Unheard"');
});

test('two deciders may share an event only by sharing its definition', () => {
  const shared = z.object({ n: z.int() });
  const make = (name: string, Happened: typeof shared) =>
    decider(name, {
      events: { Happened },
      commands: {},
      initialState: 0,
      evolve: { Happened: () => 0 },
      decide: {},
    });
  const from = [make('a', shared), make('b', shared)];
  expect(() => readModel('both', { from, row, on: {} })).not.toThrow();
  const differing = [make('a', shared), make('b', z.object({ n: z.int() }))];
  expect(() => readModel('both', { from: differing, row, on: {} })).toThrow(
    'The event "Happened" is declared by two deciders',
  );
});
