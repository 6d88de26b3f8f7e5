/** The rows that a query works with: one view of the store, its requests planned, what it read noted. */
import { FIND_LIMIT_DEFAULT, cursorAfter, planFind } from '../projection/find-plan.ts';
import type { ReadModelFace } from '../projection/read-model-face.ts';
import type { RowSource, StoredRow } from '../projection/read-model-store.ts';
import type { FindRequest, RowPage, Rows } from '../projection/rows.ts';
import type { Json } from '../message/json.ts';

/** Keys of one `getMany`, at most. */
export const KEYS_PER_GET_MAX = 1_000;

/** What a query asked, to tell which parked keys concern it. */
export interface ReadSet {
  readonly keys: Set<string>;
  /** It asked by index, so any row may concern it. */
  hasScanned: boolean;
  /** Noted in full, where somebody wants to run the query again elsewhere. */
  readonly record: ReadRecord | undefined;
}

/** What a query read, in full. */
export class ReadRecord {
  /** By key; undefined where there was no row. */
  readonly rows: Map<string, StoredRow | undefined> = new Map();
  readonly finds: FoundRows[] = [];
  readonly counts: CountedRows[] = [];

  clear(): void {
    this.rows.clear();
    this.finds.length = 0;
    this.counts.length = 0;
  }
}

/** One `find`, and what it found. */
export interface FoundRows {
  readonly request: FindRequest;
  readonly keys: readonly string[];
  readonly next: string | null;
}

/** One `count`, and what it counted. */
export interface CountedRows {
  readonly request: Pick<FindRequest, 'where'>;
  readonly count: number;
}

export function rowsOfView({ indexes }: ReadModelFace, source: RowSource, readSet: ReadSet): Rows {
  const getMany = async (keys: readonly string[]): Promise<readonly Json[]> => {
    for (const key of keys) readSet.keys.add(key);
    const pages: (readonly (StoredRow | undefined)[])[] = [];
    for (let at = 0; at < keys.length; at += KEYS_PER_GET_MAX) {
      pages.push(await source.get(keys.slice(at, at + KEYS_PER_GET_MAX)));
    }
    const found = pages.flat();
    for (const [index, key] of keys.entries()) readSet.record?.rows.set(key, found[index]);
    return found.map((stored) => stored?.row ?? null);
  };
  return {
    getMany,
    async get(key): Promise<Json> {
      const [row] = await getMany([key]);
      return row ?? null;
    },
    async find(request: FindRequest = {}): Promise<RowPage> {
      readSet.hasScanned = true;
      const plan = planFind(indexes, request);
      const found = await source.find(plan);
      const last = found.at(-1);
      const isFull = found.length >= (request.limit ?? FIND_LIMIT_DEFAULT);
      const next =
        last === undefined || !isFull ? null : cursorAfter(plan, fieldsOf(last.row), last.key);
      for (const row of found) readSet.record?.rows.set(row.key, row);
      readSet.record?.finds.push({ request, keys: found.map(({ key }) => key), next });
      return { rows: found.map(({ row }) => row), next };
    },
    async count(request = {}): Promise<number> {
      readSet.hasScanned = true;
      const count = await source.count(planFind(indexes, request));
      readSet.record?.counts.push({ request, count });
      return count;
    },
  };
}

function fieldsOf(row: Json): Readonly<Record<string, unknown>> {
  return Object(row);
}
