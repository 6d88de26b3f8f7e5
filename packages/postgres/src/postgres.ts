/** PostgreSQL as a store: events and read models in one schema of a database. */
import { hash } from 'node:crypto';

import { uuidV7, type EventStore, type ReadModelStore, type StoreAdapter } from '@daybook/core';

import {
  poolConnector,
  TIMEOUTS_DEFAULT,
  urlConnector,
  type ConnectionTimeouts,
} from './connector.ts';
import type { PgPool } from './driver.ts';
import { PostgresEventStore, type PostgresEventStoreOptions } from './event-store.ts';
import { PostgresReadModelStore } from './read-model-store.ts';
import { SCHEMA_DEFAULT } from './schema.ts';
import { SharedDatabase } from './shared-database.ts';

export interface PostgresOptions extends PostgresEventStoreOptions, Partial<ConnectionTimeouts> {
  /** Name of the schema, made where it does not exist; 1 to 40 lower-case letters, digits and underscores. Default `daybook`. */
  readonly schema?: string | undefined;
  /** Most connections of one opening, at least 4; default 10: one appends, one writes read models, one listens, the rest read. */
  readonly connectionsMax?: number | undefined;
}

/** A URL such as `postgres://user:password@host/database`, or a `Pool` of the driver `pg` with room for `connectionsMax`. */
export type PostgresSource = string | { readonly pool: PgPool };

/**
 * A store in one schema of a PostgreSQL database, which is made where it does not exist. Any number of processes may open
 * it at once.
 */
export function postgres(source: PostgresSource, options: PostgresOptions = {}): StoreAdapter {
  return {
    async open() {
      const database = await openDatabase(source, options, 2);
      const { clock } = options;
      const now = (): number => clock?.() ?? Date.now();
      const platform = { now, newId: uuidV7(now), sha256: (text: string) => hash('sha256', text) };
      return {
        platform,
        events: new PostgresEventStore(database, options),
        readModels: new PostgresReadModelStore(database, clock),
      };
    },
  };
}

/**
 * Opens only the event store.
 *
 * @throws {@link IncompatibleStoreError} {@link StoreUnavailableError}
 */
export async function postgresEventStore(
  source: PostgresSource,
  options: PostgresOptions = {},
): Promise<EventStore> {
  return new PostgresEventStore(await openDatabase(source, options, 1), options);
}

/**
 * Opens only the read-model store.
 *
 * @throws {@link IncompatibleStoreError} {@link StoreUnavailableError}
 */
export async function postgresReadModelStore(
  source: PostgresSource,
  options: PostgresOptions = {},
): Promise<ReadModelStore> {
  return new PostgresReadModelStore(await openDatabase(source, options, 1), options.clock);
}

async function openDatabase(
  source: PostgresSource,
  options: PostgresOptions,
  users: number,
): Promise<SharedDatabase> {
  const { schema = SCHEMA_DEFAULT, connectionsMax = CONNECTIONS_DEFAULT } = options;
  const timeouts = {
    connectTimeoutMs: options.connectTimeoutMs ?? TIMEOUTS_DEFAULT.connectTimeoutMs,
    statementTimeoutMs: options.statementTimeoutMs ?? TIMEOUTS_DEFAULT.statementTimeoutMs,
    lockTimeoutMs: options.lockTimeoutMs ?? TIMEOUTS_DEFAULT.lockTimeoutMs,
    awayTimeoutMs: options.awayTimeoutMs ?? TIMEOUTS_DEFAULT.awayTimeoutMs,
  };
  if (!Number.isSafeInteger(connectionsMax) || connectionsMax < CONNECTIONS_MIN) {
    throw new RangeError(`connectionsMax is an integer from ${CONNECTIONS_MIN}`);
  }
  const connect =
    typeof source === 'string'
      ? urlConnector(source, timeouts)
      : poolConnector(source.pool, timeouts);
  const poolSize = connectionsMax - CONNECTIONS_MIN + 1;
  return SharedDatabase.open(
    { connect, schema, poolSize, awayTimeoutMs: timeouts.awayTimeoutMs },
    users,
  );
}

const CONNECTIONS_DEFAULT = 10;
const CONNECTIONS_MIN = 4;
