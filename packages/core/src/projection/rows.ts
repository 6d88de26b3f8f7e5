/** What a query sees of a read model: its rows, by key or by declared index. */
import type { Json } from '../message/json.ts';

/** A value that an index can be asked for. */
export type IndexedValue = string | number | boolean | null;

/** One field's condition: equal to a value, or within bounds. */
export type Condition<Value = IndexedValue> =
  | Value
  | {
      readonly gt?: Value;
      readonly gte?: Value;
      readonly lt?: Value;
      readonly lte?: Value;
    };

/** What `find` is asked; the fields are those of declared indexes, which the store checks again. */
export interface FindRequest {
  readonly where?: Readonly<Record<string, Condition>>;
  /** One field. Rows of equal value come in the order of their keys; without it, all come so. */
  readonly orderBy?: Readonly<Record<string, 'asc' | 'desc'>>;
  /** Rows of a page; the store has a bound and a default. */
  readonly limit?: number;
  /** `next` of the page before, of the same request. */
  readonly cursor?: string | null;
}

/** A page of rows, and where the next begins; `null` when there is none. */
export interface RowPage<Row = Json> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/** The rows of one read model to the runtime. */
export interface Rows {
  /** The row of a key, or `null`. */
  get(key: string): Promise<Json>;
  /** The rows of the keys, in their order; `null` where there is none. */
  getMany(keys: readonly string[]): Promise<readonly Json[]>;
  find(request?: FindRequest): Promise<RowPage>;
  count(request?: Pick<FindRequest, 'where'>): Promise<number>;
}
