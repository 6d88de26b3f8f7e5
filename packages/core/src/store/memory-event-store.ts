/**
 * The event store in memory: not durable, and all else that the port promises.
 *
 * An append is checked and stored in one turn of the event loop, so each is its own group: nothing is accepted and not yet
 * done, and the only order there is is the order of the calls.
 */
import {
  ClosedError,
  IdReusedError,
  InvalidInstantError,
  InvalidMessageError,
  StoreWentBackError,
  UnsupportedCapabilityError,
} from '../errors.ts';
import { checkAppend, checkAppendBytes, checkExpected, DEFAULT_LIMITS } from './check-append.ts';
import type {
  AppendPlace,
  AppendRequest,
  AppendResult,
  EventStore,
  EventStoreCapabilities,
  EventStoreLimits,
  ImportBatch,
  ImportResult,
  LogPage,
  OutcomePage,
  ReadOptions,
  ReadOutcomesOptions,
  ReadStreamOptions,
  StoredOutcome,
  StreamPage,
} from './event-store.ts';
import { DEFAULT_LOG, LOG_START, type LogPlace, type Platform } from './log-place.ts';
import { bytesOf, checkCondition, checkNewIds, contentsOf, copyOf } from './memory-append.ts';
import { importIntoMemory } from './memory-import.ts';
import { MemoryEvent, MemoryLog, countWhile, type MemoryEventContent } from './memory-log.ts';
import { readMemoryLog, readMemoryStream } from './memory-read.ts';

/** What the memory event store gives: everything but durability, and sharing with other processes. */
export const MEMORY_EVENT_CAPABILITIES: EventStoreCapabilities = {
  durable: false,
  densePositions: true,
  severalStreams: true,
  conditions: true,
  remembersRefusals: true,
  instants: true,
  imports: true,
  logs: 'one',
  sharedByProcesses: false,
  erasable: false,
};

/** Makes an empty store; every call of the answer opens the same one, and closing one opening leaves the others open. */
export function memoryEventStore(
  platform: Platform,
  limits: EventStoreLimits = DEFAULT_LIMITS,
): () => EventStore {
  const state: MemoryEvents = {
    platform,
    limits,
    epoch: platform.newId(),
    log: new MemoryLog(platform.sha256),
    listeners: new Set(),
    latestClock: 0,
    isWaking: false,
  };
  return () => new MemoryEventStore(state);
}

/** What all openings of one store share. */
interface MemoryEvents {
  readonly platform: Platform;
  readonly limits: EventStoreLimits;
  readonly epoch: string;
  readonly log: MemoryLog;
  readonly listeners: Set<(log: string) => void>;
  /** The latest instant that was answered as settled, or recorded: the log never goes behind it. */
  latestClock: number;
  isWaking: boolean;
}

class MemoryEventStore implements EventStore {
  readonly capabilities: EventStoreCapabilities = MEMORY_EVENT_CAPABILITIES;
  readonly limits: EventStoreLimits;
  readonly epoch: string;
  readonly #state: MemoryEvents;
  readonly #ownListeners = new Set<(log: string) => void>();
  #isClosed = false;

  constructor(state: MemoryEvents) {
    this.#state = state;
    this.limits = state.limits;
    this.epoch = state.epoch;
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    this.#checkOpen();
    checkAppend(request, this.limits);
    this.#checkLog(request.log);
    const { log } = this.#state;
    const known = log.outcomeOf(request.id);
    if (known !== undefined) return { ...repeat(request, known), status: 'repeated' };
    const contents = request.streams.flatMap((stream) => contentsOf(stream));
    checkAppendBytes(bytesOf(contents), this.limits);
    for (const { stream, expected } of request.streams) {
      checkExpected(stream, expected, log.revisionOf(stream));
    }
    if (request.condition !== undefined) checkCondition(log, request.condition);
    checkNewIds(log, contents);
    const outcome = this.#store(request, contents);
    return { ...outcome, status: 'appended' };
  }

  async readStream(stream: string, options: ReadStreamOptions = {}): Promise<StreamPage> {
    this.#checkOpen();
    const log = this.#logOrEmpty(options.log);
    return readMemoryStream(log, stream, options, this.limits.pageSizeMax);
  }

  async read(options: ReadOptions = {}): Promise<LogPage> {
    this.#checkOpen();
    const log = this.#logOrEmpty(options.log);
    if (typeof options.after === 'object') checkMark(log, options.after);
    return readMemoryLog(log, options, this.limits.pageSizeMax);
  }

  async head(log?: string): Promise<LogPlace> {
    this.#checkOpen();
    return this.#logOrEmpty(log).head();
  }

  async placeAt(position: number, log?: string): Promise<AppendPlace | undefined> {
    this.#checkOpen();
    const known = this.#logOrEmpty(log);
    const event = known.events[position];
    if (event === undefined) return undefined;
    return { ...known.placeOf(position), first: known.firstOf(event), commit: event.commit };
  }

  async positionAt(
    instant: number,
    log?: string,
  ): Promise<LogPlace & { readonly settled: boolean }> {
    this.#checkOpen();
    const now = this.#readClock();
    if (!Number.isSafeInteger(instant))
      throw new InvalidInstantError('An instant is whole milliseconds since 1970.');
    if (instant > now) {
      throw new InvalidInstantError(
        `The instant ${instant} lies beyond the store’s clock, which is at ${now}.`,
      );
    }
    const known = this.#logOrEmpty(log);
    const position = countWhile(known.events, ({ recordedAt }) => recordedAt <= instant) - 1;
    return { ...known.placeOf(position), settled: position < known.headPosition || now > instant };
  }

  async outcomeOf(id: string, log?: string): Promise<StoredOutcome | undefined> {
    this.#checkOpen();
    return this.#logOrEmpty(log).outcomeOf(id);
  }

  async readOutcomes(options: ReadOutcomesOptions = {}): Promise<OutcomePage> {
    this.#checkOpen();
    const limit = Math.min(options.limit ?? this.limits.pageSizeMax, this.limits.pageSizeMax);
    const from = options.cursor === undefined ? 0 : parseCursor(options.cursor);
    const page = this.#logOrEmpty(options.log).outcomesFrom(from, limit + 1);
    const next = page[limit]?.number;
    return {
      outcomes: page.slice(0, limit).map(({ outcome }) => outcome),
      next: next === undefined ? null : String(next),
    };
  }

  async pruneOutcomes(before: number, log?: string): Promise<number> {
    this.#checkOpen();
    return this.#logOrEmpty(log).forgetOutcomes(
      ({ id, recordedAt }) => recordedAt < before && !id.startsWith('$'),
    );
  }

  async logs(): Promise<readonly string[]> {
    this.#checkOpen();
    return [DEFAULT_LOG];
  }

  logOf(): string {
    return DEFAULT_LOG;
  }

  async importEvents(batch: ImportBatch): Promise<ImportResult> {
    this.#checkOpen();
    this.#checkLog(batch.log);
    const result = importIntoMemory(this.#state.log, this.#state.platform.sha256, batch);
    if (result.imported > 0) this.#wake();
    return result;
  }

  onAppended(listener: (log: string) => void): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own = (log: string): void => listener(log);
    this.#ownListeners.add(own);
    this.#state.listeners.add(own);
    return () => {
      this.#ownListeners.delete(own);
      this.#state.listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listener of this.#ownListeners) this.#state.listeners.delete(listener);
    this.#ownListeners.clear();
  }

  #store(request: AppendRequest, contents: readonly MemoryEventContent[]): StoredOutcome {
    const { log } = this.#state;
    const recordedAt = this.#readClock();
    const first = log.events.length;
    const commit = first + contents.length - 1;
    for (const [index, content] of contents.entries()) {
      const revision = log.revisionOf(content.stream) + 1;
      log.store(
        new MemoryEvent(content, { position: first + index, commit, revision, recordedAt }),
      );
    }
    const hasEvents = contents.length > 0;
    const outcome: StoredOutcome = Object.freeze<StoredOutcome>({
      id: request.id,
      log: DEFAULT_LOG,
      contentHash: request.contentHash ?? null,
      outcome: request.outcome === undefined ? null : copyOf(request.outcome),
      first: hasEvents ? first : null,
      position: hasEvents ? commit : null,
      streams: Object.freeze(
        request.streams.map(({ stream }) =>
          Object.freeze({ stream, revision: log.revisionOf(stream) }),
        ),
      ),
      head: Object.freeze(log.head()),
      recordedAt,
    });
    log.storeOutcome(outcome);
    log.isImported = false;
    this.#wake();
    return outcome;
  }

  /** Never less than what was recorded, or answered for an instant, before. */
  #readClock(): number {
    const { log, platform, latestClock } = this.#state;
    const latest = Math.max(latestClock, log.events.at(-1)?.recordedAt ?? 0, platform.now());
    this.#state.latestClock = latest;
    return latest;
  }

  /** After the turn of the append, each listener in a turn of its own: one that throws keeps the others from nothing. */
  #wake(): void {
    const state = this.#state;
    if (state.isWaking || state.listeners.size === 0) return;
    state.isWaking = true;
    queueMicrotask(() => {
      state.isWaking = false;
      for (const listener of state.listeners) queueMicrotask(() => listener(DEFAULT_LOG));
    });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError('The event store');
  }

  #checkLog(log: string | undefined): void {
    if (log === undefined || log === DEFAULT_LOG) return;
    throw new UnsupportedCapabilityError(
      'logs',
      `A memory store has one log, "${DEFAULT_LOG}", and no "${log}".`,
    );
  }

  #logOrEmpty(log: string | undefined): MemoryLog {
    const { platform, log: only } = this.#state;
    return log === undefined || log === DEFAULT_LOG ? only : new MemoryLog(platform.sha256);
  }
}

function parseCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor))
    throw new InvalidMessageError('The cursor is not one that a page of outcomes gave');
  return Number(cursor);
}

function repeat(request: AppendRequest, known: StoredOutcome): StoredOutcome {
  const { contentHash } = request;
  if (
    contentHash !== undefined &&
    known.contentHash !== null &&
    contentHash !== known.contentHash
  ) {
    throw new IdReusedError(request.id);
  }
  return known;
}

function checkMark(log: MemoryLog, { position, mark }: LogPlace): void {
  const actual = log.placeOf(position);
  if (position < 0 || actual.mark === mark) return;
  throw new StoreWentBackError(
    DEFAULT_LOG,
    position,
    mark,
    actual.position === LOG_START.position ? undefined : actual.mark,
  );
}
