/**
 * What the event store and the read-model store of one opening share: connections, and the news of what changed.
 *
 * Connections, at most: one that appends, one that writes read models, one that listens, and a pool for all reads.
 */
import { DEFAULT_LOG } from '@daybook/core';

import { Bell } from './bell.ts';
import { ConnectionPool } from './connection-pool.ts';
import { statement, type Connection, type Statement } from './connection.ts';
import type { Connector } from './connector.ts';
import { openSchema, type SchemaFacts } from './schema-lift.ts';
import { quotedSchema } from './schema.ts';
import { toStoreError } from './sql-error.ts';

/** Whoever wants to know of changes. */
export interface ChangeListener {
  /** Heads of logs, as far as something was heard of them. */
  readonly heads?: (heads: ReadonlyMap<string, number>) => void;
  /** Something was committed to a read model, or may have been. */
  readonly readModels?: (readModel: string | undefined) => void;
}

export class SharedDatabase {
  /** Quoted. */
  readonly schema: string;
  readonly connect: Connector;
  readonly awayTimeoutMs: number;
  readonly facts: SchemaFacts;
  readonly pool: ConnectionPool;
  readonly #bell: Bell;
  readonly #listeners = new Set<ChangeListener>();
  readonly #lookAt: Statement;
  /** The state of all read models at the last look. */
  #seen: string | undefined;
  #users: number;

  /**
   * @param users how many will call `close`; the last one ends it.
   * @throws {@link IncompatibleStoreError} {@link StoreUnavailableError}
   */
  static async open(
    options: {
      readonly connect: Connector;
      readonly schema: string;
      readonly poolSize: number;
      readonly awayTimeoutMs: number;
    },
    users: number,
  ): Promise<SharedDatabase> {
    const { connect, schema, poolSize } = options;
    quotedSchema(schema);
    const pool = new ConnectionPool(connect, poolSize);
    try {
      const facts = await pool.use((connection) => openSchema(connection, schema));
      return new SharedDatabase({ ...options, facts, pool }, users);
    } catch (error) {
      await pool.close();
      throw toStoreError(error);
    }
  }

  private constructor(
    options: {
      readonly connect: Connector;
      readonly schema: string;
      readonly awayTimeoutMs: number;
      readonly facts: SchemaFacts;
      readonly pool: ConnectionPool;
    },
    users: number,
  ) {
    this.schema = quotedSchema(options.schema);
    this.connect = options.connect;
    this.awayTimeoutMs = options.awayTimeoutMs;
    this.facts = options.facts;
    this.pool = options.pool;
    this.#users = users;
    const s = this.schema;
    this.#lookAt = statement(`
      SELECT coalesce((SELECT json_object_agg(logs.name, (
          SELECT events.position FROM ${s}.events WHERE events.log = logs.log ORDER BY events.position DESC LIMIT 1
        )) FROM ${s}.logs), '{}'),
        (SELECT coalesce(string_agg(number || state, ',' ORDER BY number), '') FROM ${s}.generations) ||
        (SELECT count(*) || ' ' || coalesce(sum(position), 0) FROM ${s}.checkpoints)`);
    this.#bell = new Bell({
      connect: this.connect,
      channel: this.facts.channel,
      onPayload: (payload) => this.#heard(payload),
      look: () => this.#look(),
    });
  }

  /** Returns what ends it. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    void this.#bell.start();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** After a commit of this process to read models. */
  tellReadModels(readModel: string | undefined): void {
    for (const { readModels } of this.#listeners) readModels?.(readModel);
  }

  /** Frees everything once the last user has called it. */
  async close(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    await this.#bell.close();
    await this.pool.close();
  }

  /** `e<head> <log>` or `r<read model>`. */
  #heard(payload: string): void {
    if (payload.startsWith('r')) {
      this.tellReadModels(payload.slice(1));
      return;
    }
    const space = payload.indexOf(' ');
    const heads = new Map([
      [payload.slice(space + 1) || DEFAULT_LOG, Number(payload.slice(1, space))],
    ]);
    this.#tellHeads(heads);
  }

  async #look(): Promise<void> {
    if (this.#listeners.size === 0) return;
    const row = await this.pool.use((connection: Connection) =>
      connection.first<readonly [heads: string, readModels: string]>(this.#lookAt),
    );
    if (row === undefined) return;
    const heads: Readonly<Record<string, number | null>> = JSON.parse(row[0]);
    this.#tellHeads(new Map(Object.entries(heads).map(([log, head]) => [log, head ?? -1])));
    // At the first look nobody knows what was committed before it.
    if (this.#seen !== row[1]) this.tellReadModels(undefined);
    this.#seen = row[1];
  }

  #tellHeads(heads: ReadonlyMap<string, number>): void {
    for (const { heads: told } of this.#listeners) told?.(heads);
  }
}
