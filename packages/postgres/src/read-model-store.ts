/**
 * The read-model store in the schema of the events.
 *
 * Rows, checkpoints, parked keys and leases lie in one database, so a commit is one transaction; a view is one snapshot.
 */
import {
  ClosedError,
  InvalidMessageError,
  ReadModelNotFoundError,
  StoreUnavailableError,
  type GenerationInfo,
  type GenerationRef,
  type Lease,
  type LeaseStore,
  type ReadModelCommit,
  type ReadModelLayout,
  type ReadModelStore,
  type ReadModelStoreCapabilities,
  type RowSource,
  type View,
} from '@daybook/core';

import { CommitFailedError, statement, type Connection, type Step } from './connection.ts';
import {
  createGeneration,
  dropGeneration,
  markGenerationLost,
  switchGeneration,
} from './generation-table.ts';
import { leaseStore } from './lease.ts';
import { checkLeaseStep, commitSteps, notifyStep, refusalOf } from './read-model-commit.ts';
import { listGenerations, rowSource, standOf, tablesOf } from './read-model-view.ts';
import { changedSinceSql, type RowTables } from './row-tables.ts';
import { SerialConnection } from './serial-connection.ts';
import type { SharedDatabase } from './shared-database.ts';
import { sqlStateOf, toStoreError } from './sql-error.ts';

/** What PostgreSQL gives: everything but search and SQL by the user. */
export const POSTGRES_READ_MODEL_CAPABILITIES: ReadModelStoreCapabilities = {
  durable: true,
  atomicCheckpoint: true,
  readAfterWrite: true,
  exact: true,
  search: false,
  sql: false,
  sharedByProcesses: true,
};

type Listener = (readModel: string | undefined) => void;

export class PostgresReadModelStore implements ReadModelStore {
  readonly capabilities: ReadModelStoreCapabilities = POSTGRES_READ_MODEL_CAPABILITIES;
  readonly leases: LeaseStore;
  readonly #database: SharedDatabase;
  readonly #writer: SerialConnection;
  readonly #now: () => number | null;
  readonly #listeners = new Set<Listener>();
  /** By read model and generation; what is in it never changes, though it may be gone from the database. */
  readonly #tables = new Map<string, RowTables>();
  #unsubscribe: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @param clock one that is set by hand, in tests; the server's counts where it gives undefined. */
  constructor(database: SharedDatabase, clock?: () => number | undefined) {
    this.#database = database;
    this.#writer = new SerialConnection(() =>
      // Whoever freezes in a transaction must not keep the one who takes over waiting.
      database.connect({ idleInTransactionTimeoutMs: IDLE_MS_MAX }),
    );
    this.#now = () => clock?.() ?? null;
    this.leases = leaseStore(database.schema, (work) => this.#read(work), this.#now);
  }

  async create(layout: ReadModelLayout): Promise<GenerationInfo> {
    const { schema } = this.#database;
    const generation = await this.#write((connection) =>
      createGeneration(connection, schema, layout, this.#now()),
    );
    const list = await this.list(layout.readModel);
    const info = list.find((one) => one.generation === generation);
    if (info === undefined) throw new ReadModelNotFoundError(layout.readModel, generation);
    return info;
  }

  async list(readModel?: string): Promise<readonly GenerationInfo[]> {
    return this.#read((connection) =>
      listGenerations(connection, this.#database.schema, readModel),
    );
  }

  async switchTo(ref: GenerationRef, lease: Lease): Promise<void> {
    const { schema, facts } = this.#database;
    await this.#write(async (connection) => {
      await run(connection, checkLeaseStep(schema, lease));
      await switchGeneration(connection, schema, ref);
      await run(connection, notifyStep(facts.channel, ref.readModel));
    });
    this.#database.tellReadModels(ref.readModel);
  }

  async markLost(ref: GenerationRef): Promise<void> {
    const { schema, facts } = this.#database;
    await this.#write(async (connection) => {
      await markGenerationLost(connection, schema, ref);
      await run(connection, notifyStep(facts.channel, ref.readModel));
    });
    this.#database.tellReadModels(ref.readModel);
  }

  async drop(ref: GenerationRef): Promise<void> {
    const isDropped = await this.#write((connection) =>
      dropGeneration(connection, this.#database.schema, ref),
    );
    if (!isDropped) {
      throw new InvalidMessageError(
        `Generation ${ref.generation} of "${ref.readModel}" is active; switch first`,
      );
    }
    this.#tables.delete(nameOf(ref));
  }

  async commit(commits: readonly ReadModelCommit[]): Promise<void> {
    this.#checkOpen();
    const placed = [];
    for (const commit of commits) placed.push({ commit, tables: await this.#tablesOf(commit) });
    const { schema, facts } = this.#database;
    const steps = commitSteps(schema, facts.channel, placed);
    await this.#writing((connection) => connection.transactionOf(BEGIN_WRITE, steps));
    for (const { readModel } of commits) this.#database.tellReadModels(readModel);
  }

  async view<Value>(
    ref: GenerationRef,
    work: (rows: RowSource) => Promise<Value>,
  ): Promise<View<Value>> {
    const tables = await this.#tablesOf(ref);
    return this.#read((connection) =>
      connection.transaction(BEGIN_VIEW, async () => {
        try {
          // The first statement takes the snapshot.
          const stand = await standOf(connection, tables);
          if (stand === undefined) throw new ReadModelNotFoundError(ref.readModel, ref.generation);
          const value = await work(rowSource(connection, tables));
          return { value, ...stand, exact: true };
        } catch (error) {
          // Dropped between its snapshot and the first look at its rows.
          if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
          throw new ReadModelNotFoundError(ref.readModel, ref.generation);
        }
      }),
    );
  }

  async changedSince(
    ref: GenerationRef,
    log: string,
    position: number,
    limit: number,
  ): Promise<readonly string[]> {
    const tables = await this.#tablesOf(ref);
    const rows = await this.#read((connection) =>
      connection.rows<readonly [string]>(statement(changedSinceSql(tables)), [
        log,
        position,
        limit,
      ]),
    );
    return rows.map(([key]) => key);
  }

  onCommitted(listener: Listener): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own: Listener = (readModel) => listener(readModel);
    this.#listeners.add(own);
    this.#unsubscribe ??= this.#database.onChange({
      readModels: (readModel) => {
        for (const one of this.#listeners) queueMicrotask(() => one(readModel));
      },
    });
    return () => {
      this.#listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#unsubscribe?.();
    this.#listeners.clear();
    await this.#writer.close();
    await this.#database.close();
  }

  async #tablesOf(ref: GenerationRef): Promise<RowTables> {
    const name = nameOf(ref);
    const known = this.#tables.get(name);
    if (known !== undefined) {
      this.#checkOpen();
      return known;
    }
    const tables = await this.#read((connection) =>
      tablesOf(connection, this.#database.schema, ref),
    );
    if (tables === undefined) throw new ReadModelNotFoundError(ref.readModel, ref.generation);
    this.#tables.set(name, tables);
    return tables;
  }

  async #read<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    this.#checkOpen();
    try {
      return await this.#database.pool.use(work);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  async #write<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    return this.#writing((connection) =>
      connection.transaction(BEGIN_WRITE, () => work(connection)),
    );
  }

  async #writing<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    this.#checkOpen();
    try {
      return await this.#writer.use(work);
    } catch (error) {
      if (error instanceof CommitFailedError) throw lostCommit(error);
      throw refusalOf(error) ?? toStoreError(error);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The read-model store');
  }
}

async function run(
  connection: Connection,
  { statement: prepared, parameters }: Step,
): Promise<void> {
  await connection.rows(prepared, parameters);
}

/** Read the checkpoint again: it tells. */
function lostCommit(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    'The connection was lost at a commit of read models: it was done whole or not at all, as the checkpoint tells.',
    { cause },
  );
}

function nameOf({ readModel, generation }: GenerationRef): string {
  return `${readModel}/${generation}`;
}

const BEGIN_VIEW = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const BEGIN_WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED';
const IDLE_MS_MAX = 2_000;
const UNDEFINED_TABLE = '42P01';
