/** The few methods of a prepared statement that are used here, with rows as arrays: objects cost a third more to read. */
import type { DatabaseSync } from 'node:sqlite';

export type SqlValue = string | number | null;
export type SqlRow = readonly SqlValue[];

/** A prepared statement whose rows are tuples of its columns. */
export interface Statement<Row extends SqlRow = SqlRow> {
  all(...parameters: readonly SqlValue[]): readonly Row[];
  get(...parameters: readonly SqlValue[]): Row | undefined;
  run(...parameters: readonly SqlValue[]): { readonly changes: number | bigint };
}

/** Prepares a statement; `Row` says what its columns are, which nothing checks: it stands beside the SQL. */
export function prepare<Row extends SqlRow = SqlRow>(
  database: DatabaseSync,
  sql: string,
): Statement<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  // Typed as objects by `node:sqlite`, which cannot know the mode it was put in.
  return statement as unknown as Statement<Row>;
}

/** Statements of one connection by their text, at most `STATEMENTS_MAX`: then the oldest goes. */
export class StatementCache {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get<Row extends SqlRow = SqlRow>(sql: string): Statement<Row> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known as Statement<Row>;
    const statement = prepare<Row>(this.#database, sql);
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined && this.#statements.size >= STATEMENTS_MAX) {
      this.#statements.delete(oldest);
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The first column of the first row of a query that is asked once. */
export function firstValue(database: DatabaseSync, sql: string): SqlValue | undefined {
  return prepare(database, sql).get()?.[0];
}

export function numberAt(row: SqlRow | undefined, column: number): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`Column ${column} is no number`);
  return value;
}

export function textAt(row: SqlRow | undefined, column: number): string {
  const value = row?.[column];
  if (typeof value !== 'string') throw new TypeError(`Column ${column} is no text`);
  return value;
}

const STATEMENTS_MAX = 500;
