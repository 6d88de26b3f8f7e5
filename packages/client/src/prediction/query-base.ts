/** A query's answer as the server last gave it, and the rows that the query read for it. */
import { canonicalJson, isSameJson, planFind, cursorAfter, rowsOfPlan } from '@daybook/core';
import type { FindRequest, Json, KeyedRow, RowPage, Rows } from '@daybook/core';
import type { ReadsPart } from '@daybook/protocol';
import type { BasePlace } from './rules.ts';

export interface QueryBase extends BasePlace {
  readonly token: string;
  readonly data: unknown;
  readonly generation: number;
  readonly exact: boolean;
  readonly partial?: number;
  readonly reads?: ReadsPart;
}

/** Thrown where a query asks for what the server did not send: then it is not predicted. */
export class NotKnownError extends Error {}

/** A row that is known: `row` is undefined where there is none. */
export interface KnownRow {
  readonly row: Json | undefined;
  readonly asOf: Readonly<Record<string, number>>;
}

/** There is no such row. */
export const ABSENT: KnownRow = { row: undefined, asOf: {} };

export class KnownRows {
  readonly #rows = new Map<string, KnownRow>();
  readonly #finds = new Map<string, ReadsPart['finds'][number]>();
  readonly #counts = new Map<string, number>();
  readonly #indexes: readonly (readonly string[])[];
  /** A page held every row that there is. */
  readonly #isWhole: boolean;

  constructor(data: unknown, reads: ReadsPart, indexes: readonly (readonly string[])[]) {
    this.#indexes = indexes;
    for (const { key, asOf, at, row } of reads.rows) {
      this.#rows.set(key, { row: jsonOf(at === undefined ? row : valueAt(data, at)), asOf });
    }
    for (const key of reads.absent) this.#rows.set(key, ABSENT);
    for (const found of reads.finds) this.#finds.set(requestKey(found.request), found);
    this.#isWhole = reads.finds.some(isWhole);
    for (const { request, count } of reads.counts) this.#counts.set(requestKey(request), count);
  }

  /** Undefined where nothing is known of the key. */
  get(key: string): KnownRow | undefined {
    return this.#rows.get(key) ?? (this.#isWhole ? ABSENT : undefined);
  }

  /** The rows as a query sees them, with these changes laid over; what is neither known nor changed is `NotKnownError`. */
  under(changes: ReadonlyMap<string, Json | undefined>): Rows {
    const get = (key: string): Json => {
      if (changes.has(key)) return changes.get(key) ?? null;
      const known = this.#rows.get(key);
      if (known === undefined) throw new NotKnownError();
      return known.row ?? null;
    };
    return {
      get: async (key) => get(key),
      getMany: async (keys) => keys.map(get),
      find: async (request = {}) => this.#find(request, changes),
      count: async (request = {}) => this.#count(request, changes),
    };
  }

  /**
   * The page as the server gave it, with changed rows taken out and put in where they belong now. Of a page that was full,
   * what would come after its last row is not known, so nothing is put in there.
   */
  #find(request: FindRequest, changes: ReadonlyMap<string, Json | undefined>): RowPage {
    const found = this.#finds.get(requestKey(request));
    if (found === undefined) throw new NotKnownError();
    const plan = planFind(this.#indexes, request);
    const rows = [
      ...found.keys
        .filter((key) => !changes.has(key))
        .map((key) => [key, this.#rows.get(key)?.row]),
      ...changes,
    ].flatMap(([key, row]) => (row === undefined ? [] : [{ key, row } as KeyedRow]));
    const isCut = found.next !== null;
    const all = rowsOfPlan(plan, rows, isCut ? this.#lastOf(found.keys) : undefined);
    const page = all.slice(0, plan.limit);
    const last = page.at(-1);
    const hasMore = isCut || all.length >= plan.limit;
    const next =
      hasMore && last !== undefined ? cursorAfter(plan, Object(last.row), last.key) : found.next;
    return { rows: page.map(({ row }) => row), next };
  }

  #count(
    request: Pick<FindRequest, 'where'>,
    changes: ReadonlyMap<string, Json | undefined>,
  ): number {
    const known = this.#counts.get(requestKey(request));
    if (known === undefined) throw new NotKnownError();
    const plan = planFind(this.#indexes, request);
    const isMeant = (key: string, row: Json | undefined): number =>
      row === undefined ? 0 : rowsOfPlan(plan, [{ key, row }]).length;
    let count = known;
    for (const [key, row] of changes) {
      count += isMeant(key, row) - isMeant(key, this.#rows.get(key)?.row);
    }
    return count;
  }

  #lastOf(keys: readonly string[]): KeyedRow | undefined {
    const key = keys.at(-1);
    const row = key === undefined ? undefined : this.#rows.get(key)?.row;
    return key === undefined || row === undefined ? undefined : { key, row };
  }
}

/** Whether two answers are the same; a missing one is null. */
export function isSameAnswer(left: unknown, right: unknown): boolean {
  return isSameJson(left ?? null, right ?? null);
}

function isWhole({ request, next }: ReadsPart['finds'][number]): boolean {
  const { where = {}, cursor = null }: FindRequest = Object(request);
  return next === null && cursor === null && Object.keys(where).length === 0;
}

function requestKey(request: unknown): string {
  return canonicalJson(request);
}

/** What came from the server is JSON. */
function jsonOf(value: unknown): Json | undefined {
  return value as Json | undefined;
}

/** @param pointer RFC 6901. */
function valueAt(data: unknown, pointer: string): unknown {
  let value = data;
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  }
  return value;
}
