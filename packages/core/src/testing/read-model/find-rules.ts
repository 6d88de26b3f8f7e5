/** Rules about finding rows by declared indexes: order, bounds and pages, the same on every engine (S6, G9). */
import {
  compareIndexValues,
  compareText,
  type FindPlan,
  type FindRange,
  type IndexValue,
} from '../../projection/find-plan.ts';
import type { ReadModelStore, RowChange, StoredRow } from '../../projection/read-model-store.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { HOSTILE_IDS } from '../hostile.ts';
import {
  filling,
  layoutOf,
  readModelRule,
  type Filling,
  type ReadModelStoreFixture,
} from './fixture.ts';

const SEEN = ['readAfterWrite'];

/** Every kind of value, in the order in which an index holds them. */
const VALUES: readonly IndexValue[] = [
  null,
  false,
  true,
  Number.MIN_SAFE_INTEGER,
  -10,
  -1.5,
  0,
  1e-7,
  0.5,
  1,
  2,
  9,
  10,
  Number.MAX_SAFE_INTEGER,
  '',
  '"',
  '%',
  '0',
  '10',
  '9',
  'A',
  'B',
  '_',
  'a',
  'a%2Fb',
  'a/b',
  'aa',
  'ab',
  'b',
  'constructor',
  'null',
  'true',
  'é',
  '\u07ff',
  '日本',
  '\uffff',
  '😀',
  '😀a',
  '\u{10ffff}',
];

interface FoundRow {
  readonly key: string;
  readonly kind: IndexValue;
  readonly value: IndexValue;
}

const anything: FindPlan = {
  index: [],
  equals: [],
  range: undefined,
  direction: 'asc',
  limit: 1_000,
  after: undefined,
};

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

interface Filled {
  readonly rows: readonly FoundRow[];
  readonly find: (plan: FindPlan) => Promise<readonly StoredRow[]>;
  readonly count: (plan: FindPlan) => Promise<number>;
}

/** Two rows of each value, one of each kind, in no order; and for null two more that lack the field. */
async function filled(store: ReadModelStore): Promise<Filled> {
  const filler = await filling(store, {
    ...layoutOf('values'),
    indexes: [['value'], ['kind', 'value']],
  });
  const rows = VALUES.flatMap((value, index): readonly FoundRow[] => [
    { key: `${(index * 7) % VALUES.length}-first`, kind: 'x', value },
    { key: `${(index * 11) % VALUES.length}-second`, kind: index % 3 === 0 ? null : 'y', value },
  ]);
  const lacking: readonly FoundRow[] = [
    { key: 'lacking-x', kind: 'x', value: null },
    { key: 'lacking', kind: null, value: null },
  ];
  const changes = rows.map(({ key, kind, value }, index) => ({
    key,
    row: { kind, value, more: index },
    asOf: index,
  }));
  const others: readonly RowChange[] = [
    { key: 'lacking-x', row: { kind: 'x' }, asOf: 1 },
    { key: 'lacking', row: { constructor: 1 }, asOf: 1 },
  ];
  const shuffled = [...changes, ...others].toSorted((left, right) =>
    compareText(reversed(left.key), reversed(right.key)),
  );
  const half = Math.floor(shuffled.length / 2);
  await filler.commit(500, shuffled.slice(0, half));
  await filler.commit(900, shuffled.slice(half));
  const count = async (plan: FindPlan): Promise<number> =>
    (await store.view(filler.ref, (source) => source.count(plan))).value;
  return { rows: [...rows, ...lacking], find: finder(store, filler), count };
}

function finder(store: ReadModelStore, { ref }: Filling): Filled['find'] {
  return async (plan) => (await store.view(ref, (rows) => rows.find(plan))).value;
}

/** Bounds between values of one kind and of several, and such as nothing lies within. */
function ranges(): readonly FindRange[] {
  const one = VALUES.flatMap((value): readonly FindRange[] => [
    { gt: value },
    { gte: value },
    { lt: value },
    { lte: value },
  ]);
  const two = VALUES.flatMap((low, index): readonly FindRange[] => {
    const high = VALUES[index + 4] ?? null;
    return [
      { gt: low, lt: high },
      { gte: low, lte: high },
    ];
  });
  return [
    ...one,
    ...two,
    { gt: 1, gte: 1 },
    { gte: 'a', gt: '' },
    { lt: 5, lte: 9 },
    { gt: 'b', lt: 'a' },
    {},
  ];
}

/** What a plan means, the slow way. */
function expected(rows: readonly FoundRow[], plan: FindPlan): readonly string[] {
  const valuesOf = (row: FoundRow): readonly IndexValue[] =>
    plan.index.map((field) => (field === 'kind' ? row.kind : row.value));
  const order = plan.direction === 'asc' ? 1 : -1;
  return rows
    .filter((row) => {
      const values = valuesOf(row);
      if (
        !plan.equals.every((value, index) => compareIndexValues(values[index] ?? null, value) === 0)
      )
        return false;
      return plan.range === undefined || isWithin(values[plan.equals.length] ?? null, plan.range);
    })
    .toSorted((left, right) => {
      const others = valuesOf(right);
      for (const [index, value] of valuesOf(left).entries()) {
        const difference = compareIndexValues(value, others[index] ?? null);
        if (difference !== 0) return difference * order;
      }
      return compareText(left.key, right.key) * order;
    })
    .map(({ key }) => key);
}

function isWithin(value: IndexValue, { gt, gte, lt, lte }: FindRange): boolean {
  if (gt !== undefined && compareIndexValues(value, gt) <= 0) return false;
  if (gte !== undefined && compareIndexValues(value, gte) < 0) return false;
  if (lt !== undefined && compareIndexValues(value, lt) >= 0) return false;
  return lte === undefined || compareIndexValues(value, lte) <= 0;
}

function cursorOf(
  plan: FindPlan,
  { key, row }: StoredRow,
): { readonly values: readonly IndexValue[]; readonly key: string } {
  const fields = plan.index.slice(plan.equals.length);
  return { values: fields.map((field) => toIndexValue(Reflect.get(Object(row), field))), key };
}

function toIndexValue(value: unknown): IndexValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}

function keysOf(rows: readonly StoredRow[]): readonly string[] {
  return rows.map(({ key }) => key);
}

function valued(key: string, value: number): RowChange {
  return { key, row: { value }, asOf: 0 };
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join('');
}
