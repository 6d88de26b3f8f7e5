/** What is used of the driver `pg`, described by its shape: it is handed in, or loaded when a store is opened by its URL. */
import { IncompatibleStoreError } from '@daybook/core';

/** A query as it is given to the driver: rows come back as arrays, their columns as the server wrote them. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
  readonly rowMode: 'array';
  readonly types: { getTypeParser(oid: number, format?: unknown): (text: string) => unknown };
}

export interface PgResult {
  readonly rows: readonly unknown[];
  /** The command tag's word, such as `COMMIT`. */
  readonly command: string;
}

/** A connection of the driver. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
}

export interface PgOwnClient extends PgClient {
  connect(): Promise<unknown>;
  end(): Promise<void>;
}

/** A client of a pool; `release(true)` closes it. */
export interface PgPoolClient extends PgClient {
  release(destroy?: boolean): void;
}

/** A `Pool` of the driver `pg`. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
}

/** A `Client` of the driver `pg`. */
export type PgClientClass = new (options: Readonly<Record<string, unknown>>) => PgOwnClient;

/** @throws {@link IncompatibleStoreError} when `pg` is not installed. */
export async function loadDriver(): Promise<PgClientClass> {
  try {
    // Not a literal: the driver is an optional peer, and types of ours stand for its own.
    const driver: { readonly default: { readonly Client: PgClientClass } } = await import(DRIVER);
    return driver.default.Client;
  } catch (error) {
    throw new IncompatibleStoreError(
      'The PostgreSQL driver is not installed. Add it to the application: npm install pg',
      { cause: error },
    );
  }
}

const DRIVER: string = 'pg';
