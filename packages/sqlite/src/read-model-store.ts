/**
 * The read-model store in one SQLite file of its own.
 *
 * Rows, checkpoints, parked keys and leases lie in one file, so a commit is one transaction; a view is one read
 * transaction. The file is not synced at every commit: after a power loss rows and checkpoints stand where they stood a
 * moment earlier, together, and the projector goes on from there.
 */
import {
  CheckpointMovedError,
  ClosedError,
  FencedError,
  InvalidMessageError,
  ReadModelNotFoundError,
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

import { ChangeWatch } from './change-watch.ts';
import { openForReading } from './database.ts';
import { BUSY_TIMEOUT_MS } from './event-store.ts';
import { Patience } from './patience.ts';
import { toWireCommit, type CommitProblem } from './read-model-commit.ts';
import { ReadModelReader } from './read-model-reader.ts';
import type { ReadModelWriterMethods, ReadModelWriterOptions } from './read-model-writer.ts';
import type { RowTables } from './row-tables.ts';
import { READ_MODEL_SCHEMA } from './schema.ts';
import { ViewPool } from './view-pool.ts';
import { WorkerHost } from './worker-host.ts';

/** What one SQLite file gives: everything but search and SQL by the user. */
export const SQLITE_READ_MODEL_CAPABILITIES: ReadModelStoreCapabilities = {
  durable: true,
  atomicCheckpoint: true,
  readAfterWrite: true,
  exact: true,
  search: false,
  sql: false,
  sharedByProcesses: true,
};

export interface SqliteReadModelStoreOptions {
  /** How long a write waits while another process holds the file; default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Most bytes that the file may take. Default: the disk's own bound. */
  readonly fileBytesMax?: number | undefined;
  /** A clock to set by hand, in tests: one Float64 of milliseconds, the system's clock while it is 0. */
  readonly clock?: SharedArrayBuffer | undefined;
}

/**
 * Opens the read-model store in the file at `path`, creating the file where it does not exist (its directory must).
 *
 * @throws {@link IncompatibleStoreError} {@link StoreUnavailableError} as the event store does.
 */
export async function sqliteReadModelStore(
  path: string,
  options: SqliteReadModelStoreOptions = {},
): Promise<ReadModelStore> {
  const writerOptions: ReadModelWriterOptions = {
    path,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    fileBytesMax: options.fileBytesMax,
    clock: options.clock,
  };
  const writer = await WorkerHost.start<ReadModelWriterMethods>(
    'read-model-writer',
    writerOptions,
    {
      onMessage: () => undefined,
      onDeath: () => undefined,
    },
  );
  const patience = new Patience(path);
  const open = async (): Promise<ReadModelReader> =>
    patience.run(() => new ReadModelReader(openForReading(path, READ_MODEL_SCHEMA)));
  try {
    const reader = await open();
    return new SqliteReadModelStore({ path, writer, reader, patience, pool: new ViewPool(open) });
  } catch (error) {
    await writer.close();
    throw error;
  }
}

interface Parts {
  readonly path: string;
  readonly writer: WorkerHost<ReadModelWriterMethods>;
  readonly reader: ReadModelReader;
  readonly patience: Patience;
  readonly pool: ViewPool;
}

type Listener = (readModel: string | undefined) => void;

class SqliteReadModelStore implements ReadModelStore {
  readonly capabilities: ReadModelStoreCapabilities = SQLITE_READ_MODEL_CAPABILITIES;
  readonly leases: LeaseStore;
  readonly #path: string;
  readonly #writer: WorkerHost<ReadModelWriterMethods>;
  readonly #reader: ReadModelReader;
  readonly #patience: Patience;
  readonly #pool: ViewPool;
  readonly #listeners = new Set<Listener>();
  /** By read model and generation; what is in it never changes, though it may be gone from the file. */
  readonly #tables = new Map<string, RowTables>();
  #watch: ChangeWatch | undefined;
  #dataVersion = -1;
  #closing: Promise<void> | undefined;

  constructor({ path, writer, reader, patience, pool }: Parts) {
    this.#path = path;
    this.#writer = writer;
    this.#reader = reader;
    this.#patience = patience;
    this.#pool = pool;
    this.leases = this.#leaseStore();
  }

  async create(layout: ReadModelLayout): Promise<GenerationInfo> {
    const { readModel, version, fingerprint, indexes } = layout;
    const plain = { readModel, version, fingerprint, indexes: indexes.map((index) => [...index]) };
    const generation = await this.#call().call('create', plain);
    const list = await this.list(readModel);
    const info = list.find((one) => one.generation === generation);
    if (info === undefined) throw new ReadModelNotFoundError(readModel, generation);
    return info;
  }

  async list(readModel?: string): Promise<readonly GenerationInfo[]> {
    return this.#read((reader) => reader.generations(readModel));
  }

  async switchTo({ readModel, generation }: GenerationRef, lease: Lease): Promise<void> {
    const problem = await this.#call().call('switchTo', { readModel, generation }, { ...lease });
    if (problem !== null) throw toError(problem);
    this.#look();
  }

  async markLost({ readModel, generation }: GenerationRef): Promise<void> {
    await this.#call().call('markLost', { readModel, generation });
    this.#look();
  }

  async drop({ readModel, generation }: GenerationRef): Promise<void> {
    const isDropped = await this.#call().call('drop', { readModel, generation });
    if (!isDropped) {
      throw new InvalidMessageError(
        `Generation ${generation} of "${readModel}" is active; switch first`,
      );
    }
    this.#tables.delete(nameOf({ readModel, generation }));
  }

  async commit(commits: readonly ReadModelCommit[]): Promise<void> {
    this.#checkOpen();
    const wire = [];
    for (const commit of commits) wire.push(toWireCommit(commit, await this.#tablesOf(commit)));
    const problem = await this.#call().call('commit', wire);
    if (problem !== null) throw toError(problem);
    this.#look();
  }

  async view<Value>(
    ref: GenerationRef,
    work: (rows: RowSource) => Promise<Value>,
  ): Promise<View<Value>> {
    const tables = await this.#tablesOf(ref);
    return this.#pool.use(async (reader) => {
      try {
        const state = await this.#patience.run(() => reader.beginView(tables));
        if (state === undefined) throw new ReadModelNotFoundError(ref.readModel, ref.generation);
        const value = await work(this.#rowSource(reader, tables));
        const checkpoints = reader.checkpoints(tables.number);
        return { value, state, checkpoints, parkedCount: reader.parkedCount(tables), exact: true };
      } finally {
        reader.endView();
      }
    });
  }

  async changedSince(
    ref: GenerationRef,
    log: string,
    position: number,
    limit: number,
  ): Promise<readonly string[]> {
    const tables = await this.#tablesOf(ref);
    return this.#call().call('changedSince', tables, log, position, limit);
  }

  onCommitted(listener: Listener): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own: Listener = (readModel) => listener(readModel);
    this.#listeners.add(own);
    this.#watch ??= this.#startWatch();
    return () => {
      this.#listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch?.close();
    this.#listeners.clear();
    await this.#pool.close();
    // The reader goes first, so that the writer is the last and can empty the WAL.
    this.#reader.close();
    await this.#writer.close();
  }

  #rowSource(reader: ReadModelReader, tables: RowTables): RowSource {
    const patience = this.#patience;
    return {
      get: async (keys) => patience.run(() => reader.rows(tables, keys)),
      find: async (plan) => patience.run(() => reader.find(tables, plan)),
      count: async (plan) => patience.run(() => reader.count(tables, plan)),
      parked: async (keys) => patience.run(() => reader.parked(tables, keys)),
    };
  }

  #leaseStore(): LeaseStore {
    return {
      acquire: async (name, owner, ttlMs) => this.#call().call('acquire', name, owner, ttlMs),
      renew: async (leases, ttlMs) => this.#call().call('renew', leases.map(plainLease), ttlMs),
      release: async (lease) => this.#call().call('release', plainLease(lease)),
      list: async () => this.#read((reader) => reader.leases()),
    };
  }

  /** @throws {@link ReadModelNotFoundError} */
  async #tablesOf(ref: GenerationRef): Promise<RowTables> {
    const name = nameOf(ref);
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const tables = await this.#read((reader) => reader.tablesOf(ref));
    if (tables === undefined) throw new ReadModelNotFoundError(ref.readModel, ref.generation);
    this.#tables.set(name, tables);
    return tables;
  }

  async #read<Value>(work: (reader: ReadModelReader) => Value): Promise<Value> {
    this.#checkOpen();
    return this.#patience.run(() => {
      this.#checkOpen();
      return work(this.#reader);
    });
  }

  #call(): WorkerHost<ReadModelWriterMethods> {
    this.#checkOpen();
    return this.#writer;
  }

  #startWatch(): ChangeWatch {
    this.#dataVersion = this.#reader.dataVersion();
    return new ChangeWatch({ path: this.#path, look: () => this.#look() });
  }

  /** Tells the listeners when the file is not as they were told last; what changed is theirs to find out. */
  #look(): boolean {
    if (this.#listeners.size === 0 || this.#closing !== undefined) return false;
    try {
      const dataVersion = this.#reader.dataVersion();
      if (dataVersion === this.#dataVersion) return false;
      this.#dataVersion = dataVersion;
    } catch {
      // Locked for a moment, or damaged: the next look, or the next read, will see.
      return false;
    }
    for (const listener of this.#listeners) queueMicrotask(() => listener(undefined));
    return true;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The read-model store');
  }
}

function toError(problem: CommitProblem): Error {
  switch (problem[0]) {
    case 'fenced':
      return new FencedError(problem[1]);
    case 'missing':
      return new ReadModelNotFoundError(problem[1], problem[2]);
    case 'moved':
      break;
  }
  return new CheckpointMovedError(problem[1], problem[2], problem[3]);
}

function plainLease({ name, owner, fence }: Lease): Lease {
  return { name, owner, fence };
}

function nameOf({ readModel, generation }: GenerationRef): string {
  return `${readModel}/${generation}`;
}
