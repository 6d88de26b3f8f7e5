/**
 * One index of rows in memory: their keys in the order of some fields, then of the key.
 *
 * Changes are only noted; the order is put right when somebody asks. A few changes are put in their places, many are
 * sorted at once, so a rebuild that nobody queries costs nothing.
 */
import type { Json } from '../message/json.ts';
import { compareIndexValues, compareText, type FindPlan, type IndexValue } from './find-plan.ts';

export interface IndexEntry {
  readonly values: readonly IndexValue[];
  readonly key: string;
}

export class SortedIndex {
  readonly #fields: readonly string[];
  readonly #sorted: IndexEntry[] = [];
  /** The entry of each key in `#sorted`. */
  readonly #entries = new Map<string, IndexEntry>();
  /** Keys whose place is to be put right, with their new entry. */
  readonly #changed = new Map<string, IndexEntry | undefined>();

  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** @param row undefined when the key has no row any more. */
  change(key: string, row: Json | undefined): void {
    this.#changed.set(key, row === undefined ? undefined : entryOf(this.#fields, key, row));
  }

  /** Entries in order; valid until the next change. */
  entries(): readonly IndexEntry[] {
    if (this.#changed.size === 0) return this.#sorted;
    if (this.#changed.size * FEW_IN > this.#sorted.length) this.#sortAgain();
    else this.#putInPlace();
    this.#changed.clear();
    return this.#sorted;
  }

  #sortAgain(): void {
    for (const [key, entry] of this.#changed) this.#note(key, entry);
    const all = [...this.#entries.values()].toSorted(compareEntries);
    this.#sorted.length = 0;
    for (const entry of all) this.#sorted.push(entry);
  }

  #putInPlace(): void {
    for (const [key, entry] of this.#changed) {
      const old = this.#entries.get(key);
      if (old !== undefined) this.#sorted.splice(firstAtLeast(this.#sorted, old), 1);
      if (entry !== undefined) this.#sorted.splice(firstAtLeast(this.#sorted, entry), 0, entry);
      this.#note(key, entry);
    }
  }

  #note(key: string, entry: IndexEntry | undefined): void {
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
  }
}

export function entryOf(fields: readonly string[], key: string, row: Json): IndexEntry {
  return { values: fields.map((field) => indexValueOf(row, field)), key };
}

export function compareEntries(left: IndexEntry, right: IndexEntry): number {
  return compareValues(left.values, right.values) || compareText(left.key, right.key);
}

/** The part of the ordered entries that a plan means, without its limit and cursor: from `start` up to `end`, exclusive. */
export function rangeOf(
  entries: readonly IndexEntry[],
  plan: FindPlan,
): { readonly start: number; readonly end: number } {
  const start = countWhile(entries, (entry) => sideOf(entry, plan) < 0);
  const end = countWhile(entries, (entry) => sideOf(entry, plan) <= 0);
  return { start, end };
}

/** Below (-1), inside (0) or above (1) what a plan means, without its limit and cursor. */
export function sideOf({ values }: IndexEntry, { equals, range }: FindPlan): number {
  const prefix = compareValues(values.slice(0, equals.length), equals);
  if (prefix !== 0 || range === undefined) return Math.sign(prefix);
  const value = values[equals.length] ?? null;
  if (range.gt !== undefined && compareIndexValues(value, range.gt) <= 0) return -1;
  if (range.gte !== undefined && compareIndexValues(value, range.gte) < 0) return -1;
  if (range.lt !== undefined && compareIndexValues(value, range.lt) >= 0) return 1;
  if (range.lte !== undefined && compareIndexValues(value, range.lte) > 0) return 1;
  return 0;
}

/** How many of the ordered entries a predicate holds for, which is false from some entry on. */
export function countWhile(
  entries: readonly IndexEntry[],
  isStill: (entry: IndexEntry) => boolean,
): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && isStill(entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstAtLeast(sorted: readonly IndexEntry[], wanted: IndexEntry): number {
  return countWhile(sorted, (entry) => compareEntries(entry, wanted) < 0);
}

function compareValues(left: readonly IndexValue[], right: readonly IndexValue[]): number {
  for (const [index, value] of left.entries()) {
    const order = compareIndexValues(value, right[index] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** Missing fields, and values that no index can hold, stand with null. */
function indexValueOf(row: Json, field: string): IndexValue {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, field)) return null;
  const value: unknown = Reflect.get(row, field);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}

/** Up to one in so many entries may change before sorting again is the cheaper way. */
const FEW_IN = 16;
