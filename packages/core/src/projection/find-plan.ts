/**
 * Turns a `find` or `count` into a plan that one declared index serves, on every engine alike.
 *
 * The rule: the index's first fields are those compared for equality (in any order), the next field, if any, is the
 * one ranged over or sorted by. Anything else is refused ({@link NotIndexedError}), for it would be a scan.
 *
 * Order: null (and missing) < false < true < numbers < strings by their UTF-8 bytes; ties in order of row key, in the
 * same direction. A row key order alone needs no index.
 */
import { InvalidMessageError, NotIndexedError } from '../errors.ts';
import { fromBase64Url, toBase64Url } from '../message/base64-url.ts';
import type { FindRequest } from './rows.ts';

export type IndexValue = string | number | boolean | null;

export interface FindPlan {
  /** The index to use; empty when the plan goes in order of the row key. */
  readonly index: readonly string[];
  /** Equality on the first `equals.length` fields of the index, in its order. */
  readonly equals: readonly IndexValue[];
  /** Bounds on the field after them. */
  readonly range: FindRange | undefined;
  /** Order of the remaining fields of the index and of the row key. */
  readonly direction: 'asc' | 'desc';
  readonly limit: number;
  /** Go on after this row: its values of the index's fields after the equal ones, and its key. */
  readonly after: FindCursor | undefined;
}

export interface FindRange {
  readonly gt?: IndexValue;
  readonly gte?: IndexValue;
  readonly lt?: IndexValue;
  readonly lte?: IndexValue;
}

export interface FindCursor {
  readonly values: readonly IndexValue[];
  readonly key: string;
}

/** Default of `limit`. */
export const FIND_LIMIT_DEFAULT = 100;
/** Largest `limit`. */
export const FIND_LIMIT_MAX = 1_000;

/**
 * @throws {@link NotIndexedError} no declared index serves it; the sentence names one that would.
 * @throws {@link InvalidMessageError} a value, limit or cursor is not one.
 */
export function planFind(indexes: readonly (readonly string[])[], request: FindRequest): FindPlan {
  const { equal, ranged } = splitWhere(request.where ?? {});
  const order = readOrder(request.orderBy);
  const next = nextField(ranged, order);
  const index = chooseIndex(indexes, [...equal.keys()], next);
  const equalFields = index.slice(0, equal.size);
  const plan = {
    index,
    equals: equalFields.map((field) => equal.get(field) ?? null),
    range: ranged?.range,
    direction: order?.direction ?? 'asc',
    limit: readLimit(request.limit),
  } as const;
  return { ...plan, after: readCursor(request.cursor, index.length - equal.size) };
}

/** The cursor after a row: opaque text, bound to the plan's index. */
export function cursorAfter(
  plan: FindPlan,
  row: Readonly<Record<string, unknown>>,
  key: string,
): string {
  const fields = plan.index.slice(plan.equals.length);
  const values = fields.map((field) => (Object.hasOwn(row, field) ? (row[field] ?? null) : null));
  return toBase64Url(JSON.stringify([values, key]));
}

/** Compares two values of an index field in the order of this file's head. */
export function compareIndexValues(left: IndexValue, right: IndexValue): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return Number(left) - Number(right);
}

/** Order of UTF-8 bytes, which is the order of code points (UTF-16 code units order surrogates wrongly). */
export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
  }
  return left.length - right.length;
}

interface Ranged {
  readonly field: string;
  readonly range: FindRange;
}

function splitWhere(where: Readonly<Record<string, unknown>>): {
  readonly equal: ReadonlyMap<string, IndexValue>;
  readonly ranged: Ranged | undefined;
} {
  const equal = new Map<string, IndexValue>();
  let ranged: Ranged | undefined;
  for (const [field, wanted] of Object.entries(where)) {
    // Left out, it would mean every row: what was meant to narrow must not widen.
    if (wanted === undefined) throw badValue(field);
    if (isIndexValue(wanted)) {
      equal.set(field, wanted);
    } else if (ranged === undefined) {
      ranged = { field, range: readRange(field, wanted) };
    } else {
      throw new NotIndexedError(
        `Only one field can be ranged over; "${ranged.field}" and "${field}" both are.`,
      );
    }
  }
  return { equal, ranged };
}

function readRange(field: string, wanted: unknown): FindRange {
  if (typeof wanted !== 'object' || wanted === null) throw badValue(field);
  const range: Record<string, IndexValue> = {};
  for (const [bound, value] of Object.entries(wanted)) {
    if (!RANGE_BOUNDS.has(bound) || !isIndexValue(value)) throw badValue(field);
    range[bound] = value;
  }
  return withinKind(field, range);
}

/** A bound means values of its own kind: what is below 5 are numbers, and not null or false as well. */
function withinKind(field: string, range: FindRange): FindRange {
  const [first, ...others] = Object.values<IndexValue>({ ...range });
  if (first === undefined) throw badValue(field);
  if (others.some((other) => rankOf(other) !== rankOf(first))) throw badValue(field);
  const { lowest, beyond } = KIND_ENDS[rankOf(first)] ?? {};
  const hasLower = range.gt !== undefined || range.gte !== undefined;
  const hasUpper = range.lt !== undefined || range.lte !== undefined;
  return {
    ...range,
    ...(hasLower || lowest === undefined ? {} : lowest),
    ...(hasUpper || beyond === undefined ? {} : { lt: beyond }),
  };
}

function readOrder(
  orderBy: Readonly<Record<string, unknown>> | undefined,
): { readonly field: string; readonly direction: 'asc' | 'desc' } | undefined {
  const entries = Object.entries(orderBy ?? {});
  const [first] = entries;
  if (first === undefined) return undefined;
  const [field, direction] = first;
  if (entries.length > 1)
    throw new NotIndexedError(
      'Rows are ordered by one field; declare an index over several for more.',
    );
  if (direction !== 'asc' && direction !== 'desc') {
    throw new InvalidMessageError(`orderBy "${field}" must be 'asc' or 'desc'`);
  }
  return { field, direction };
}

function nextField(
  ranged: Ranged | undefined,
  order: { readonly field: string } | undefined,
): string | undefined {
  if (ranged !== undefined && order !== undefined && ranged.field !== order.field) {
    throw new NotIndexedError(
      `Rows ranged over by "${ranged.field}" come in its order; they cannot be ordered by "${order.field}".`,
    );
  }
  return ranged?.field ?? order?.field;
}

function chooseIndex(
  indexes: readonly (readonly string[])[],
  equal: readonly string[],
  next: string | undefined,
): readonly string[] {
  if (equal.length === 0 && next === undefined) return [];
  const serving = indexes.filter((fields) => serves(fields, equal, next));
  // The shortest index orders equal rows by their key soonest.
  const [best] = serving.toSorted((left, right) => left.length - right.length);
  if (best !== undefined) return best;
  const wanted = next === undefined || equal.includes(next) ? equal : [...equal, next];
  throw new NotIndexedError(
    `No declared index serves this: it needs indexes: [${wanted.length === 1 ? `'${wanted.join()}'` : JSON.stringify(wanted)}].`,
  );
}

function serves(
  fields: readonly string[],
  equal: readonly string[],
  next: string | undefined,
): boolean {
  if (!equal.every((field) => fields.slice(0, equal.length).includes(field))) return false;
  return next === undefined || equal.includes(next) || fields[equal.length] === next;
}

function readLimit(limit: number | undefined): number {
  if (limit === undefined) return FIND_LIMIT_DEFAULT;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > FIND_LIMIT_MAX) {
    throw new InvalidMessageError(`limit must be an integer from 1 to ${FIND_LIMIT_MAX}`);
  }
  return limit;
}

function readCursor(cursor: string | null | undefined, length: number): FindCursor | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const wrong = new InvalidMessageError('The cursor is not one that this query gave');
  let content: unknown;
  try {
    content = JSON.parse(fromBase64Url(cursor));
  } catch {
    throw wrong;
  }
  if (!Array.isArray(content)) throw wrong;
  const [values, key] = content as readonly unknown[];
  if (
    !Array.isArray(values) ||
    values.length !== length ||
    !values.every(isIndexValue) ||
    typeof key !== 'string'
  ) {
    throw wrong;
  }
  return { values, key };
}

function isIndexValue(value: unknown): value is IndexValue {
  return (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    Number.isFinite(value)
  );
}

function badValue(field: string): InvalidMessageError {
  return new InvalidMessageError(
    `where "${field}" must be a string, number, boolean or null, or bounds { gt, gte, lt, lte } of them`,
  );
}

function rankOf(value: IndexValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  return typeof value === 'number' ? 2 : 3;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** Where the values of a kind begin, and the first of the next kind, by {@link rankOf}. */
const KIND_ENDS: readonly { readonly lowest?: FindRange; readonly beyond?: IndexValue }[] = [
  { lowest: { gte: null }, beyond: false },
  { lowest: { gte: false }, beyond: Number.NEGATIVE_INFINITY },
  { lowest: { gt: true }, beyond: '' },
  { lowest: { gte: '' } },
];
const RANGE_BOUNDS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte']);
