/**
 * The event store in one schema of a PostgreSQL database, shared by any number of processes.
 *
 * Appends go in groups down a connection of their own; reads have connections from a bounded pool, one page at a time each.
 */
import {
  checkAppend,
  checkId,
  ClosedError,
  DEFAULT_LIMITS,
  DEFAULT_LOG,
  InvalidInstantError,
  InvalidMessageError,
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
import { AppendWriter } from './append-writer.ts';
import type { Connection } from './connection.ts';
import { importBatch } from './import-batch.ts';
import { LogReader } from './log-reader.ts';
import { readStatements, type ReadStatements } from './read-statements.ts';
import type { SharedDatabase } from './shared-database.ts';
import { toStoreError } from './sql-error.ts';
import { outcomeOfRow, placeOf, type OutcomeRow } from './stored-outcome.ts';

/** What PostgreSQL gives with one log: everything but erasure. */
export const POSTGRES_EVENT_CAPABILITIES: EventStoreCapabilities = {
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

export interface PostgresEventStoreOptions {
  readonly limits?: Partial<EventStoreLimits> | undefined;
  /**
   * `one`: everything is in the log `main`. `several`: a log for each name that appends give, such as one for each
   * tenant, each with positions, conditions and tokens of its own. Default `one`.
   */
  readonly logs?: 'one' | 'several' | undefined;
  /** A clock to set by hand, in tests; the server's own counts where it is absent or gives undefined. */
  readonly clock?: (() => number | undefined) | undefined;
}

export class PostgresEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities;
  readonly limits: EventStoreLimits;
  readonly epoch: string;
  readonly #database: SharedDatabase;
  readonly #statements: ReadStatements;
  readonly #now: () => number | null;
  readonly #writer: AppendWriter;
  readonly #queue: AppendQueue;
  /** Numbers of logs by their names; a name keeps its number for ever. */
  readonly #numbers = new Map<string, number>();
  readonly #listeners = new Set<(log: string) => void>();
  /** The heads that listeners have been told of. */
  readonly #toldHeads = new Map<string, number>();
  #unsubscribe: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(database: SharedDatabase, options: PostgresEventStoreOptions) {
    this.#database = database;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.capabilities = { ...POSTGRES_EVENT_CAPABILITIES, logs: options.logs ?? 'one' };
    this.epoch = database.facts.epoch;
    this.#statements = readStatements(database.schema);
    this.#numbers.set(DEFAULT_LOG, database.facts.mainLog);
    const { clock } = options;
    this.#now = () => clock?.() ?? null;
    this.#writer = new AppendWriter({
      schema: database.schema,
      connect: database.connect,
      awayTimeoutMs: database.awayTimeoutMs,
      now: this.#now,
      onCommitted: (log, head) => this.#tell(log, head),
    });
    this.#queue = new AppendQueue(this.limits, (group) => this.#writer.send(group));
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    checkAppend(request, this.limits);
    return this.#queue.append(request, this.#writable(request.log));
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<StreamPage> {
    const page = await this.#read(options.log, (reader) => reader.readStream(stream, options));
    return page ?? { events: [], revision: -1, next: null, head: LOG_START };
  }

  async read(options: ReadOptions = {}): Promise<LogPage> {
    const page = await this.#read(options.log, (reader) => reader.read(options));
    return page ?? { events: [], scannedTo: LOG_START, head: LOG_START };
  }

  async head(log?: string): Promise<LogPlace> {
    return (await this.#read(log, (reader) => reader.head())) ?? LOG_START;
  }

  async placeAt(position: number, log?: string): Promise<AppendPlace | undefined> {
    return this.#read(log, (reader) => reader.placeAt(position));
  }

  async positionAt(
    instant: number,
    log?: string,
  ): Promise<LogPlace & { readonly settled: boolean }> {
    if (!Number.isSafeInteger(instant)) {
      throw new InvalidInstantError('An instant is whole milliseconds since 1970.');
    }
    return this.#use(async (connection) => {
      const number = await this.#numberOf(connection, log);
      const seen = await this.#instantPlace(connection, number, instant);
      const now = Math.max(seen.latest, seen.clock);
      if (instant > now) {
        throw new InvalidInstantError(
          `The instant ${instant} lies beyond the store’s clock, which is at ${now}.`,
        );
      }
      if (number === undefined) return { ...LOG_START, settled: now > instant };
      if (!seen.isHead || seen.latest > instant) return { ...seen.place, settled: true };
      const row =
        now > instant
          ? await connection.first(this.#statements.settle, [number, instant, this.#now()])
          : undefined;
      // What was appended meanwhile, at or before the instant, counts.
      const { place, isHead } = await this.#instantPlace(connection, number, instant);
      return { ...place, settled: row?.[0] === 't' || !isHead };
    });
  }

  async outcomeOf(id: string, log?: string): Promise<StoredOutcome | undefined> {
    return this.#use(async (connection) => {
      const number = await this.#numberOf(connection, log);
      if (number === undefined) return undefined;
      const row = await connection.first<OutcomeRow>(this.#statements.outcome, [number, id]);
      return row === undefined ? undefined : outcomeOfRow(row, log ?? DEFAULT_LOG);
    });
  }

  async readOutcomes(options: ReadOutcomesOptions = {}): Promise<OutcomePage> {
    const { cursor, log = DEFAULT_LOG } = options;
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      throw new InvalidMessageError('The cursor is not one that a page of outcomes gave');
    }
    const limit = Math.max(1, Math.min(options.limit ?? Infinity, this.limits.pageSizeMax));
    return this.#use(async (connection) => {
      const number = await this.#numberOf(connection, log);
      if (number === undefined) return { outcomes: [], next: null };
      const rows = await connection.rows<readonly [number: string, ...OutcomeRow]>(
        this.#statements.outcomes,
        [number, Number(cursor ?? 0), limit + 1],
      );
      const page = rows.slice(0, limit);
      return {
        outcomes: page.map(([, ...row]) => outcomeOfRow(row, log)),
        next: rows.length > limit ? (page.at(-1)?.[0] ?? null) : null,
      };
    });
  }

  async pruneOutcomes(before: number, log?: string): Promise<number> {
    return this.#use(async (connection) => {
      const number = await this.#numberOf(connection, log);
      let forgotten = 0;
      for (let isDone = number === undefined; !isDone;) {
        const row = await connection.first(this.#statements.prune, [number ?? 0, before]);
        forgotten += Number(row?.[0] ?? 0);
        isDone = row?.[1] !== 'f';
      }
      return forgotten;
    });
  }

  async logs(): Promise<readonly string[]> {
    if (this.capabilities.logs === 'one') return [DEFAULT_LOG];
    const rows = await this.#use((connection) =>
      connection.rows<readonly [string]>(this.#statements.logs),
    );
    return rows.map(([name]) => name);
  }

  logOf(): string {
    return DEFAULT_LOG;
  }

  async importEvents(batch: ImportBatch): Promise<ImportResult> {
    const log = this.#writable(batch.log);
    const result = await this.#use((connection) =>
      importBatch(connection, this.#database.schema, log, batch),
    );
    this.#tell(log, result.place.position);
    return result;
  }

  onAppended(listener: (log: string) => void): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own = (log: string): void => listener(log);
    this.#listeners.add(own);
    this.#unsubscribe ??= this.#database.onChange({
      heads: (heads) => {
        for (const [log, head] of heads) this.#tell(log, head);
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
    await this.#queue.close();
    await this.#writer.close();
    await this.#database.close();
  }

  async #use<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    this.#checkOpen();
    try {
      return await this.#database.pool.use(work);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Undefined where there is no such log. */
  async #read<Value>(
    log: string | undefined,
    work: (reader: LogReader) => Promise<Value>,
  ): Promise<Value | undefined> {
    return this.#use(async (connection) => {
      const number = await this.#numberOf(connection, log);
      if (number === undefined) return undefined;
      return work(
        new LogReader({
          connection,
          statements: this.#statements,
          number,
          log: log ?? DEFAULT_LOG,
          pageSizeMax: this.limits.pageSizeMax,
        }),
      );
    });
  }

  async #numberOf(connection: Connection, log = DEFAULT_LOG): Promise<number | undefined> {
    const known = this.#numbers.get(log);
    if (known !== undefined) return known;
    if (this.capabilities.logs === 'one') return undefined;
    const row = await connection.first<readonly [string]>(this.#statements.logNumber, [log]);
    if (row === undefined) return undefined;
    if (this.#numbers.size >= NUMBERS_KNOWN_MAX) this.#numbers.clear();
    this.#numbers.set(log, Number(row[0]));
    return Number(row[0]);
  }

  async #instantPlace(
    connection: Connection,
    number: number | undefined,
    instant: number,
  ): Promise<InstantPlace> {
    // There is no log with the number 0, and its clock is the server's like any other's.
    const [place, mark, head, latest, clock] =
      (await connection.first(this.#statements.instant, [number ?? 0, instant, this.#now()])) ?? [];
    return {
      place: placeOf(Number(place), mark ?? ''),
      isHead: place === head,
      latest: Number(latest),
      clock: Number(clock),
    };
  }

  /** Tells the listeners when the head of a log is not the one that they were told of. */
  #tell(log: string, head: number): void {
    if (head <= (this.#toldHeads.get(log) ?? -1)) return;
    this.#toldHeads.set(log, head);
    if (this.#closing !== undefined) return;
    for (const listener of this.#listeners) queueMicrotask(() => listener(log));
  }

  #writable(log = DEFAULT_LOG): string {
    if (log === DEFAULT_LOG) return log;
    if (this.capabilities.logs === 'one') {
      throw new UnsupportedCapabilityError(
        'logs',
        `This store was opened with one log, "${DEFAULT_LOG}"; there is no "${log}". Open it with { logs: 'several' }.`,
      );
    }
    checkId(log, 'The log');
    return log;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClosedError('The event store');
  }
}

/** An instant's place, and what is needed to say whether it is settled. */
interface InstantPlace {
  readonly place: LogPlace;
  readonly isHead: boolean;
  /** No event will be recorded before it. */
  readonly latest: number;
  readonly clock: number;
}

const NUMBERS_KNOWN_MAX = 10_000;
