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

/** The rows of one read model as its queries see them: only fields of declared indexes may be asked for. */
export interface RowsOf<Row, Indexed extends keyof Row> {
  /** The row of a key, or `null`. */
  get(key: string): Promise<Row | null>;
  /** The rows of the keys, in their order; `null` where there is none. */
  getMany(keys: readonly string[]): Promise<readonly (Row | null)[]>;
  /**
   * One page of rows.
   *
   * A single index must serve the whole request: its first fields are compared for equality, the next may be ranged over or
   * sorted by. Without `where` and `orderBy`, rows come in the order of their keys.
   *
   * @throws {@link NotIndexedError} when no declared index serves it.
   */
  find(request?: {
    readonly where?: { readonly [Field in Indexed]?: Condition<Row[Field]> };
    /** One field. Equal values come in the order of their keys. */
    readonly orderBy?: { readonly [Field in Indexed]?: 'asc' | 'desc' };
    /** Rows of the page; at most 1,000. Default 100. */
    readonly limit?: number | undefined;
    /** `next` of the page before, of the same request. */
    readonly cursor?: string | null | undefined;
  }): Promise<RowPage<Row>>;
  /** How many rows `where` finds. @throws {@link NotIndexedError} */
  count(request?: {
    readonly where?: { readonly [Field in Indexed]?: Condition<Row[Field]> };
  }): Promise<number>;
}
