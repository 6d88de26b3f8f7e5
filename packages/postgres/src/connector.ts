/** Makes connections: from a URL, by clients of our own, or from a pool that is handed in. */
import { StoreUnavailableError } from '@daybook/core';

import { Connection } from './connection.ts';
import { loadDriver, type PgOwnClient, type PgPool, type PgQuery } from './driver.ts';
import { toStoreError } from './sql-error.ts';

/** Bounds in time of a store's connections, ms. */
export interface ConnectionTimeouts {
  /** Longest wait for a connection. Default 5,000. */
  readonly connectTimeoutMs: number;
  /** Longest run of one statement, waits for locks included. Default 30,000. */
  readonly statementTimeoutMs: number;
  /** Longest wait for a lock. Default 10,000. */
  readonly lockTimeoutMs: number;
  /** How long appends wait for a server that is away. Default 10,000. */
  readonly awayTimeoutMs: number;
}

export const TIMEOUTS_DEFAULT: ConnectionTimeouts = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 10_000,
  awayTimeoutMs: 10_000,
};

export interface ConnectOptions {
  /** How long a transaction may wait for its client; default `statementTimeoutMs`. */
  readonly idleInTransactionTimeoutMs?: number;
}

/** @throws {@link StoreUnavailableError} {@link IncompatibleStoreError} */
export type Connector = (options?: ConnectOptions) => Promise<Connection>;

/** Connections to a URL, pipelined; each statement is answered, or its connection ended, within the timeouts. */
export function urlConnector(url: string, timeouts: ConnectionTimeouts): Connector {
  const { connectTimeoutMs, statementTimeoutMs, lockTimeoutMs } = timeouts;
  return async ({ idleInTransactionTimeoutMs = statementTimeoutMs } = {}) => {
    const Client = await loadDriver();
    const client = new Client({
      connectionString: url,
      pipeline: true,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      connectionTimeoutMillis: connectTimeoutMs,
      // The server ends a statement first; where it cannot be heard, the client ends the connection.
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_MS,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      fallback_application_name: 'daybook',
    });
    // What goes wrong before there is a listener is thrown by `connect`.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw toStoreError(error);
    }
    return new Connection(client, true, async () => end(client));
  };
}

/** Connections of a pool, kept as long as the store is open; the timeouts are set on each, and reset when it is given back. */
export function poolConnector(pool: PgPool, timeouts: ConnectionTimeouts): Connector {
  const { connectTimeoutMs, statementTimeoutMs, lockTimeoutMs } = timeouts;
  return async ({ idleInTransactionTimeoutMs = statementTimeoutMs } = {}) => {
    const client = await within(pool.connect(), connectTimeoutMs);
    const isPipelined = 'pipeline' in client && client.pipeline === true;
    const connection = new Connection(client, isPipelined, async (isBroken) => {
      try {
        if (!isBroken) await client.query(RESET);
        client.release(isBroken);
      } catch {
        client.release(true);
      }
    });
    try {
      await connection.run(`
        SET statement_timeout = ${statementTimeoutMs};
        SET lock_timeout = ${lockTimeoutMs};
        SET idle_in_transaction_session_timeout = ${idleInTransactionTimeoutMs}`);
      return connection;
    } catch (error) {
      client.release(true);
      throw toStoreError(error);
    }
  };
}

async function within<Client extends { release(destroy?: boolean): void }>(
  connecting: Promise<Client>,
  timeoutMs: number,
): Promise<Client> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  try {
    const client = await Promise.race([connecting, late]);
    if (typeof client === 'object') return client;
  } catch (error) {
    throw toStoreError(error);
  } finally {
    clearTimeout(timer);
  }
  // One that comes after all is given back.
  connecting.then(
    (client) => client.release(),
    () => undefined,
  );
  throw new StoreUnavailableError(
    `The pool gave no connection within ${timeoutMs} ms. It must have room for connectionsMax of them.`,
  );
}

/** A server that does not answer the farewell is not waited for. */
async function end(client: PgOwnClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, END_MS);
  });
  await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
}

const KEEP_ALIVE_MS = 10_000;
const ANSWER_MS = 5_000;
const END_MS = 2_000;
const RESET: PgQuery = {
  text: 'UNLISTEN *; RESET statement_timeout; RESET lock_timeout; RESET idle_in_transaction_session_timeout',
  rowMode: 'array',
  types: { getTypeParser: () => String },
};
