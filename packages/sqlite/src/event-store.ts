/**
 * The event store in one SQLite file.
 *
 * One worker writes, with group commit; the caller's thread reads by a connection of its own and never waits for a lock
 * or a sync. Any number of processes may do so with one file.
 */
import {
  checkAppend,
  ClosedError,
  DEFAULT_LIMITS,
  DEFAULT_LOG,
  InvalidInstantError,
  LOG_START,
  UnsupportedCapabilityError,
  type AppendPlace,
  type AppendRequest,
  type AppendResult,
  type EventStore,
  type EventStoreCapabilities,
  type EventStoreLimits,
  type ImportBatch,
  type ImportResult,
  type LogPage,
  type LogPlace,
  type OutcomePage,
  type ReadOptions,
  type ReadOutcomesOptions,
  type ReadStreamOptions,
  type StoredOutcome,
  type StreamPage,
} from '@daybook/core';

import { AppendQueue } from './append-queue.ts';
import { ChangeWatch } from './change-watch.ts';
import { clockOf } from './clock.ts';
import { openForReading } from './database.ts';
import { EventReader } from './event-reader.ts';
import type { EventWriterMethods, EventWriterOptions } from './event-writer.ts';
import { toWireBatch } from './import-batch.ts';
import { Patience } from './patience.ts';
import { EVENT_SCHEMA } from './schema.ts';
import { WorkerHost } from './worker-host.ts';

/** What one SQLite file gives: everything but erasure. */
export const SQLITE_EVENT_CAPABILITIES: EventStoreCapabilities = {
  durable: true,
  densePositions: true,
  severalStreams: true,
  conditions: true,
  remembersRefusals: true,
  instants: true,
  imports: true,
  logs: 'one',
  sharedByProcesses: true,
  erasable: false,
};

export interface SqliteEventStoreOptions {
  /** How long a write waits while another process holds the file; default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Most bytes that the file may take: an append beyond is refused as on a full disk. Default: the disk's own bound. */
  readonly fileBytesMax?: number | undefined;
  readonly limits?: Partial<EventStoreLimits> | undefined;
  /** A clock to set by hand, in tests: one Float64 of milliseconds, the system's clock while it is 0. */
  readonly clock?: SharedArrayBuffer | undefined;
}

/**
 * Opens the event store in the file at `path`, creating the file where it does not exist (its directory must).
 *
 * An open store keeps the process alive until it is closed.
 *
 * @throws {@link IncompatibleStoreError} with what is wrong with the file, the path, SQLite or Node, and what to do.
 * @throws {@link StoreUnavailableError} when another process kept the file locked.
 */
export async function sqliteEventStore(
  path: string,
  options: SqliteEventStoreOptions = {},
): Promise<EventStore> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const writerOptions: EventWriterOptions = {
    path,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    fileBytesMax: options.fileBytesMax,
    clock: options.clock,
  };
  const listeners: WriterListeners = { onAnswers: ignore, onDeath: ignore };
  const writer = await WorkerHost.start<EventWriterMethods>('event-writer', writerOptions, {
    // Only appends are answered without a call.
    onMessage: (answers) => listeners.onAnswers(answers as Parameters<AppendQueue['take']>[0]),
    onDeath: (error) => listeners.onDeath(error),
  });
  try {
    const open = (): EventReader =>
      new EventReader(openForReading(path, EVENT_SCHEMA), limits.pageSizeMax);
    const patience = new Patience(path);
    const reader = await patience.run(open);
    const epoch = await patience.run(() => reader.epoch());
    const now = clockOf(options.clock);
    return new SqliteEventStore({ path, limits, writer, reader, patience, epoch, listeners, now });
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Set by the store, which exists only after its writer does. */
interface WriterListeners {
  onAnswers: AppendQueue['take'];
  onDeath: (error: Error) => void;
}

interface Parts {
  readonly path: string;
  readonly limits: EventStoreLimits;
  readonly writer: WorkerHost<EventWriterMethods>;
  readonly reader: EventReader;
  readonly patience: Patience;
  readonly epoch: string;
  readonly listeners: WriterListeners;
  readonly now: () => number;
}

class SqliteEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities = SQLITE_EVENT_CAPABILITIES;
  readonly limits: EventStoreLimits;
  readonly epoch: string;
  readonly #path: string;
  readonly #writer: WorkerHost<EventWriterMethods>;
  readonly #reader: EventReader;
  readonly #patience: Patience;
  readonly #queue: AppendQueue;
  readonly #now: () => number;
  readonly #listeners = new Set<(log: string) => void>();
  #watch: ChangeWatch | undefined;
  #dataVersion = -1;
  /** The head that listeners have been told of. */
  #toldHead = -1;
  #closing: Promise<void> | undefined;

  constructor({ path, limits, writer, reader, patience, epoch, listeners, now }: Parts) {
    this.#path = path;
    this.limits = limits;
    this.epoch = epoch;
    this.#writer = writer;
    this.#reader = reader;
    this.#patience = patience;
    this.#now = now;
    this.#queue = new AppendQueue(limits, (parts) => writer.post(parts));
    listeners.onAnswers = (answers) => {
      this.#queue.take(answers);
      this.#watch?.lookSoon();
    };
    listeners.onDeath = (error) => this.#queue.fail(error);
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    checkAppend(request, this.limits);
    if (!isOurs(request.log)) throw noSuchLog(request.log);
    return this.#queue.append(request);
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<StreamPage> {
    if (!isOurs(options.log)) return { events: [], revision: -1, next: null, head: LOG_START };
    return this.#read((reader) => reader.readStream(stream, options));
  }

  async read(options: ReadOptions = {}): Promise<LogPage> {
    if (!isOurs(options.log)) return { events: [], scannedTo: LOG_START, head: LOG_START };
    return this.#read((reader) => reader.read(options));
  }

  async head(log?: string): Promise<LogPlace> {
    return isOurs(log) ? this.#read((reader) => reader.head()) : LOG_START;
  }

  async placeAt(position: number, log?: string): Promise<AppendPlace | undefined> {
    return isOurs(log) ? this.#read((reader) => reader.placeAt(position)) : undefined;
  }

  async positionAt(
    instant: number,
    log?: string,
  ): Promise<LogPlace & { readonly settled: boolean }> {
    if (!Number.isSafeInteger(instant)) {
      throw new InvalidInstantError('An instant is whole milliseconds since 1970.');
    }
    const seen = await this.#read((reader) => reader.instantPlace(instant));
    const now = Math.max(seen.latest, this.#now());
    if (instant > now) {
      throw new InvalidInstantError(
        `The instant ${instant} lies beyond the store’s clock, which is at ${now}.`,
      );
    }
    if (!isOurs(log)) return { ...LOG_START, settled: now > instant };
    if (!seen.isHead || seen.latest > instant) return { ...seen.place, settled: true };
    const settled = now > instant && (await this.#writer.call('settleInstant', instant));
    // What was appended meanwhile, at or before the instant, counts.
    const { place, isHead } = await this.#read((reader) => reader.instantPlace(instant));
    return { ...place, settled: settled || !isHead };
  }

  async outcomeOf(id: string, log?: string): Promise<StoredOutcome | undefined> {
    return isOurs(log) ? this.#read((reader) => reader.outcomeOf(id)) : undefined;
  }

  async readOutcomes(options: ReadOutcomesOptions = {}): Promise<OutcomePage> {
    if (!isOurs(options.log)) return { outcomes: [], next: null };
    const limit = Math.max(1, Math.min(options.limit ?? Infinity, this.limits.pageSizeMax));
    return this.#read((reader) => reader.outcomes(options.cursor, limit));
  }

  async pruneOutcomes(before: number, log?: string): Promise<number> {
    this.#checkOpen();
    let forgotten = 0;
    for (let isDone = !isOurs(log); !isDone;) {
      const step = await this.#writer.call('pruneStep', before);
      forgotten += step.forgotten;
      ({ isDone } = step);
    }
    return forgotten;
  }

  async logs(): Promise<readonly string[]> {
    return [DEFAULT_LOG];
  }

  logOf(): string {
    return DEFAULT_LOG;
  }

  async importEvents(batch: ImportBatch): Promise<ImportResult> {
    this.#checkOpen();
    if (!isOurs(batch.log)) throw noSuchLog(batch.log);
    const result = await this.#writer.call('importEvents', toWireBatch(batch));
    this.#look();
    return result;
  }

  onAppended(listener: (log: string) => void): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own = (log: string): void => listener(log);
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
    this.#queue.close();
    // The reader goes first, so that the writer is the last and can empty the WAL.
    this.#reader.close();
    await this.#writer.close();
  }

  async #read<Value>(work: (reader: EventReader) => Value): Promise<Value> {
    this.#checkOpen();
    return this.#patience.run(() => {
      this.#checkOpen();
      return work(this.#reader);
    });
  }

  #startWatch(): ChangeWatch {
    this.#toldHead = this.#reader.head().position;
    return new ChangeWatch({ path: this.#path, look: () => this.#look() });
  }

  /** Tells the listeners when the head is not the one they were told of. */
  #look(): boolean {
    if (this.#listeners.size === 0 || this.#closing !== undefined) return false;
    try {
      const dataVersion = this.#reader.dataVersion();
      if (dataVersion === this.#dataVersion) return false;
      this.#dataVersion = dataVersion;
      const { position } = this.#reader.head();
      if (position === this.#toldHead) return false;
      this.#toldHead = position;
    } catch {
      // Locked for a moment, or damaged: the next look, or the next read, will see.
      return false;
    }
    for (const listener of this.#listeners) queueMicrotask(() => listener(DEFAULT_LOG));
    return true;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The event store');
  }
}

function isOurs(log: string | undefined): boolean {
  return log === undefined || log === DEFAULT_LOG;
}

function noSuchLog(log: string | undefined): UnsupportedCapabilityError {
  return new UnsupportedCapabilityError(
    'logs',
    `A SQLite file is one log, "${DEFAULT_LOG}"; there is no "${String(log)}".`,
  );
}

function ignore(): void {
  // Replaced before anything can be called.
}

/** How long a write waits for another process unless it is told otherwise. */
export const BUSY_TIMEOUT_MS = 5_000;
