/** Rows with every kind of value, and what a plan means among them, found the slow way. */
import {
  compareIndexValues,
  compareText,
  type FindPlan,
  type FindRange,
  type IndexValue,
} from '../../projection/find-plan.ts';
import type { ReadModelStore, RowChange, StoredRow } from '../../projection/read-model-store.ts';
import { filling, layoutOf, type Filling } from './fixture.ts';

/** Every kind of value, in the order in which an index holds them. */
export const VALUES: readonly IndexValue[] = [
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

export interface FoundRow {
  readonly key: string;
  readonly kind: IndexValue;
  readonly value: IndexValue;
}

export const anything: FindPlan = {
  index: [],
  equals: [],
  range: undefined,
  direction: 'asc',
  limit: 1_000,
  after: undefined,
};

export interface Filled {
  readonly rows: readonly FoundRow[];
  readonly find: (plan: FindPlan) => Promise<readonly StoredRow[]>;
  readonly count: (plan: FindPlan) => Promise<number>;
}

/** Two rows of each value, one of each kind, in no order; and for null two more that lack the field. */
export async function filled(store: ReadModelStore): Promise<Filled> {
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

export function finder(store: ReadModelStore, { ref }: Filling): Filled['find'] {
  return async (plan) => (await store.view(ref, (rows) => rows.find(plan))).value;
}

/** Bounds between values of one kind and of several, and such as nothing lies within. */
export function ranges(): readonly FindRange[] {
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
export function expected(rows: readonly FoundRow[], plan: FindPlan): readonly string[] {
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

export function cursorOf(
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

export function keysOf(rows: readonly StoredRow[]): readonly string[] {
  return rows.map(({ key }) => key);
}

export function valued(key: string, value: number): RowChange {
  return { key, row: { value }, asOf: 0 };
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join('');
}
