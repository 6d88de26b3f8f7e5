/** Rules about finding rows by declared indexes: order, bounds and pages, the same on every engine (S6, G9). */
import {
  compareText,
  type FindPlan,
  type FindRange,
  type IndexValue,
} from '../../projection/find-plan.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { HOSTILE_IDS } from '../hostile.ts';
import { filling, layoutOf, readModelRule, type ReadModelStoreFixture } from './fixture.ts';
import {
  anything,
  cursorOf,
  expected,
  filled,
  finder,
  keysOf,
  ranges,
  valued,
  VALUES,
} from './find-oracle.ts';

const SEEN = ['readAfterWrite'];

export const findRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'S6',
    'values of an index stand in one order: null, false, true, numbers, strings by their bytes',
    SEEN,
    async (store) => {
      const { find } = await filled(store);
      const plan: FindPlan = { ...anything, index: ['value'] };
      const up = await find(plan);
      const values = up.map(({ row }) => Reflect.get(Object(row), 'value') ?? null);
      const sorted = VALUES.flatMap((value) =>
        value === null ? [null, null, null, null] : [value, value],
      );
      assertEqual(values, sorted, 'The values in order');
      assertEqual(
        keysOf(await find({ ...plan, direction: 'desc' })),
        keysOf(up).toReversed(),
        'The keys in the other order',
      );
    },
  ),

  readModelRule(
    'S6',
    'rows of one value stand in order of their keys, in the same direction',
    SEEN,
    async (store) => {
      const layout = { ...layoutOf('ties'), indexes: [['value']] };
      const filler = await filling(store, layout);
      const keys = ['b', 'B', 'a', '😀', '\uffff', 'é', 'aa', '10', '9'];
      await filler.commit(
        0,
        keys.map((key) => ({ key, row: { value: 1 }, asOf: 0 })),
      );
      const sorted = ['10', '9', 'B', 'a', 'aa', 'b', 'é', '\uffff', '😀'];
      for (const index of [['value'], []]) {
        const find = finder(store, filler);
        assertEqual(keysOf(await find({ ...anything, index })), sorted, 'The keys');
        assertEqual(
          keysOf(await find({ ...anything, index, direction: 'desc' })),
          sorted.toReversed(),
          'The keys, down',
        );
      }
    },
  ),

  readModelRule('S6', 'equality finds a value and nothing that is like it', SEEN, async (store) => {
    const { rows, find, count } = await filled(store);
    for (const value of VALUES) {
      for (const direction of ['asc', 'desc'] as const) {
        const plan: FindPlan = { ...anything, index: ['value'], equals: [value], direction };
        assertEqual(
          keysOf(await find(plan)),
          expected(rows, plan),
          `The rows with ${JSON.stringify(value)}`,
        );
        assertEqual(
          await count(plan),
          expected(rows, plan).length,
          `How many have ${JSON.stringify(value)}`,
        );
      }
    }
    const absent: FindPlan = { ...anything, index: ['value'], equals: ['no such value'] };
    assertEqual([await find(absent), await count(absent)], [[], 0], 'What nothing has');
  }),

  readModelRule(
    'S6',
    'bounds are inclusive or exclusive, on every kind of value',
    SEEN,
    async (store) => {
      const { rows, find, count } = await filled(store);
      for (const range of ranges()) {
        for (const direction of ['asc', 'desc'] as const) {
          const plan: FindPlan = { ...anything, index: ['value'], range, direction };
          const wanted = expected(rows, plan);
          const what = `${JSON.stringify(range)} ${direction}`;
          assertEqual(keysOf(await find(plan)), wanted, `The rows within ${what}`);
          if (direction === 'asc')
            assertEqual(
              await count({ ...plan, limit: 1 }),
              wanted.length,
              `The count within ${what}`,
            );
        }
      }
    },
  ),

  readModelRule(
    'S6',
    'an index of two fields serves equality on the first, and order or bounds on the second',
    SEEN,
    async (store) => {
      const { rows, find, count } = await filled(store);
      for (const kind of ['x', 'y', null, 'none']) {
        for (const range of [
          undefined,
          { gte: 0, lt: 'b' },
          { gt: false },
          { lte: 'a' },
        ] satisfies (FindRange | undefined)[]) {
          for (const direction of ['asc', 'desc'] as const) {
            const plan: FindPlan = {
              ...anything,
              index: ['kind', 'value'],
              equals: [kind],
              range,
              direction,
            };
            const what = `${kind} ${JSON.stringify(range)} ${direction}`;
            assertEqual(keysOf(await find(plan)), expected(rows, plan), `The rows with ${what}`);
            assertEqual(await count(plan), expected(rows, plan).length, `The count with ${what}`);
          }
        }
      }
      const both: FindPlan = { ...anything, index: ['kind', 'value'], equals: ['x', 10] };
      assertEqual(keysOf(await find(both)), expected(rows, both), 'Equality on both');
      const ordered: FindPlan = { ...anything, index: ['kind', 'value'], direction: 'desc' };
      assertEqual(keysOf(await find(ordered)), expected(rows, ordered), 'Order by both');
      const bounded: FindPlan = { ...ordered, range: { gt: 'x' } };
      assertEqual(
        keysOf(await find(bounded)),
        expected(rows, bounded),
        'Bounds on the first, order by both',
      );
    },
  ),

  readModelRule(
    'G9',
    'pages meet every row once, in every order and of every length',
    SEEN,
    async (store) => {
      const { rows, find, count } = await filled(store);
      const plans: readonly FindPlan[] = [
        anything,
        { ...anything, index: ['value'] },
        { ...anything, index: ['value'], range: { gte: false, lte: 'é' } },
        { ...anything, index: ['value'], equals: [null] },
        { ...anything, index: ['kind', 'value'], equals: ['x'] },
        { ...anything, index: ['kind', 'value'], equals: [null], range: { gt: 0 } },
        { ...anything, index: ['kind', 'value'] },
      ];
      for (const shape of plans) {
        for (const direction of ['asc', 'desc'] as const) {
          const wanted = expected(rows, { ...shape, direction });
          for (const limit of [1, 2, 7, 1_000]) {
            let plan: FindPlan = { ...shape, direction, limit };
            const seen: string[] = [];
            for (;;) {
              const page = await find(plan);
              assert(page.length <= limit, `A page with limit ${limit} has ${page.length} rows`);
              seen.push(...keysOf(page));
              const last = page.at(-1);
              if (last === undefined || seen.length > wanted.length) break;
              plan = { ...plan, after: cursorOf(plan, last) };
              assertEqual(await count(plan), wanted.length, 'The count, whatever the cursor');
            }
            assertEqual(
              seen,
              wanted,
              `All pages of ${JSON.stringify({ ...shape, direction, limit })}`,
            );
          }
        }
      }
    },
  ),

  readModelRule('G9', 'a page goes on behind a row that has gone', SEEN, async (store) => {
    const filler = await filling(store, { ...layoutOf('ties'), indexes: [['value']] });
    const find = finder(store, filler);
    await filler.commit(0, [
      valued('a', 1),
      valued('b', 1),
      valued('c', 1),
      valued('d', 2),
      valued('e', 2),
    ]);
    const plan: FindPlan = { ...anything, index: ['value'], limit: 2 };
    const page = await find(plan);
    assertEqual(keysOf(page), ['a', 'b'], 'The first page');
    const after = cursorOf(plan, assertDefined(page.at(-1), 'The last row'));
    await filler.commit(1, [
      { key: 'b', row: undefined, asOf: 1 },
      { ...valued('aa', 1), asOf: 1 },
      { ...valued('ab', 1), asOf: 1 },
    ]);
    assertEqual(keysOf(await find({ ...plan, after })), ['c', 'd'], 'The second page');
  }),

  readModelRule('S6', 'a changed row stands where its new value does', SEEN, async (store) => {
    const filler = await filling(store, {
      ...layoutOf('moves'),
      indexes: [['value'], ['kind', 'value']],
    });
    const find = finder(store, filler);
    const states: readonly (readonly (readonly [string, IndexValue | undefined])[])[] = [
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['d', 4],
      ],
      [
        ['a', 5],
        ['d', 0],
      ],
      [
        ['b', 'text'],
        ['c', undefined],
        ['e', null],
      ],
      [
        ['c', true],
        ['e', 2],
        ['a', 2],
        ['b', 2],
      ],
      [
        ['a', undefined],
        ['b', undefined],
        ['c', undefined],
        ['d', undefined],
        ['e', undefined],
      ],
      [['e', 1]],
    ];
    const now = new Map<string, IndexValue>();
    for (const [position, changes] of states.entries()) {
      await filler.commit(
        position,
        changes.map(([key, value]) => ({
          key,
          row: value === undefined ? undefined : { kind: 'x', value },
          asOf: position,
        })),
      );
      for (const [key, value] of changes) {
        if (value === undefined) now.delete(key);
        else now.set(key, value);
      }
      const rows = [...now].map(([key, value]) => ({ key, kind: 'x', value }));
      for (const plan of [
        { ...anything, index: ['value'] },
        { ...anything, index: ['kind', 'value'], equals: ['x'] },
      ]) {
        assertEqual(
          keysOf(await find(plan)),
          expected(rows, plan),
          `The order after commit ${position}`,
        );
      }
    }
  }),

  readModelRule(
    'S6',
    'a row that changes among many stands where its new value does',
    SEEN,
    async (store) => {
      const filler = await filling(store, { ...layoutOf('many'), indexes: [['value']] });
      const find = finder(store, filler);
      const now = new Map<string, number>();
      const keys = Array.from({ length: 90 }, (_, index) => `key-${(index * 37) % 90}`);
      for (const [index, key] of keys.entries()) now.set(key, index % 13);
      await filler.commit(
        0,
        keys.map((key) => valued(key, now.get(key) ?? 0)),
      );
      for (let position = 1; position <= 40; position += 1) {
        const key = `key-${(position * 17) % 90}`;
        const isRemoved = position % 4 === 0;
        const value = (position * 5) % 13;
        if (isRemoved) now.delete(key);
        else now.set(key, value);
        const row = isRemoved ? undefined : { value };
        await filler.commit(position, [{ key, row, asOf: position }]);
        const rows = [...now].map(([at, held]) => ({ key: at, kind: null, value: held }));
        const plan: FindPlan = {
          ...anything,
          index: ['value'],
          direction: position % 2 === 0 ? 'asc' : 'desc',
        };
        assertEqual(
          keysOf(await find(plan)),
          expected(rows, plan),
          `The order after commit ${position}`,
        );
      }
    },
  ),

  readModelRule('N2', 'hostile texts are found as values and as keys', SEEN, async (store) => {
    const filler = await filling(store, { ...layoutOf('hostile'), indexes: [['value']] });
    const find = finder(store, filler);
    const keys = HOSTILE_IDS;
    await filler.commit(
      0,
      keys.map((key) => ({ key, row: { value: key }, asOf: 0 })),
    );
    for (const key of keys) {
      assertEqual(
        keysOf(await find({ ...anything, index: ['value'], equals: [key] })),
        [key],
        `The row with "${key}"`,
      );
    }
    assertEqual(keysOf(await find(anything)), keys.toSorted(compareText), 'The keys in order');
  }),
];
