/**
 * The event-store port: an append-only set of logs.
 *
 * What always holds (RULES L1 to L10, O1, O2; the contract suite in `@daybook/core/testing` attacks each):
 * - A log is dense, and positions are given out under the writers' lock; revisions are dense within a stream.
 * - An append happens whole or not at all, and no page, head, mark or instant ever ends inside one.
 * - An append id has one effect; its outcome is stored in the transaction of its events.
 * - A reader that has seen a position never later meets an event at or below it that it was not given.
 */
import type { EventQuery } from '../message/event-query.ts';
import type { EventMetadata, RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import type { LogPlace } from './log-place.ts';

export interface EventStore {
  readonly capabilities: EventStoreCapabilities;
  readonly limits: EventStoreLimits;
  /** Random text, made when the store was created or restored: tokens of another epoch are recognised. */
  readonly epoch: string;

  /**
   * Appends all events of all streams of the request, or none of them.
   *
   * Repeating a call whose answer was lost is safe: an id that the log knows writes nothing and gets `repeated` with its
   * first outcome, before any expectation is looked at. Appends of one process to one stream commit in call order.
   *
   * @throws {@link WrongExpectedRevisionError} {@link ConditionFailedError} nothing was written: decide again.
   * @throws {@link IdReusedError} the id is known with another `contentHash`.
   * @throws {@link InvalidMessageError} {@link LimitExceededError} the request breaks a rule; checked before anything is written.
   * @throws {@link OutcomeUnknownError} a COMMIT failed and the store could not be asked: send again with the same id.
   * @throws {@link NotOwnerError} {@link OverloadedError} {@link StoreUnavailableError} {@link ClosedError} nothing was written.
   */
  append(request: AppendRequest): Promise<AppendResult>;

  /** Events of one stream in order of revision. A stream that does not exist gives no events and revision -1. */
  readStream(stream: string, options?: ReadStreamOptions): Promise<StreamPage>;

  /**
   * One page of a log, in order of position.
   *
   * @throws {@link StoreWentBackError} when the event at `after.position` no longer has the mark `after.mark`.
   */
  read(options?: ReadOptions): Promise<LogPage>;

  /** The last commit of a log; {@link LOG_START} when it is empty or unknown. */
  head(log?: string): Promise<LogPlace>;

  /** The mark at a position and both ends of the append it lies in; undefined beyond the head and below 0. */
  placeAt(position: number, log?: string): Promise<AppendPlace | undefined>;

  /**
   * The last commit at or before an instant (integer milliseconds since 1970, UTC), ties included.
   *
   * @returns `settled` false while an event with the same instant may still come.
   * @throws {@link InvalidInstantError} for an instant beyond the store's clock.
   * @throws {@link UnsupportedCapabilityError} where `capabilities.instants` is false.
   */
  positionAt(instant: number, log?: string): Promise<LogPlace & { readonly settled: boolean }>;

  /** What the append with this id did, or undefined if the log does not know it. */
  outcomeOf(id: string, log?: string): Promise<StoredOutcome | undefined>;

  /**
   * Outcomes in the order in which they were stored (their heads never go back), for export and backup: of every append,
   * those without events too.
   */
  readOutcomes(options?: ReadOutcomesOptions): Promise<OutcomePage>;

  /**
   * Forgets outcomes recorded before an instant, so that their ids are unknown again; events stay. Ids that begin with
   * `$` were derived by processors and are never forgotten.
   *
   * @returns how many were forgotten.
   */
  pruneOutcomes(before: number, log?: string): Promise<number>;

  /** Names of the logs that exist, in order of name; a store with one log names it even when it is empty. */
  logs(): Promise<readonly string[]>;

  /**
   * The log that carries these streams where the caller names none.
   *
   * @throws {@link UnsupportedCapabilityError} when they lie in different logs.
   */
  logOf(streams: readonly string[]): string;

  /**
   * Writes recorded events with their positions, ids, instants, and outcomes: the whole batch or nothing.
   *
   * The batch must follow `after`, whose mark is compared, and end on a commit. Events that are there already are
   * compared by mark and skipped, so an import that was cut off is repeated from anywhere. A log that holds anything
   * else is refused, so instants can only come into a log that the import itself began.
   *
   * @throws {@link ImportRefusedError} at the first event that does not fit; nothing of the batch was written.
   */
  importEvents(batch: ImportBatch): Promise<ImportResult>;

  /**
   * Calls back after commits, of other processes too; several commits may come as one call, and a call may come for
   * nothing. What counts is the read that follows. Returns what ends it.
   */
  onAppended(listener: (log: string) => void): () => void;

  /** Finishes what was accepted, then frees every handle; closing twice is harmless. */
  close(): Promise<void>;
}

/** What a store gives, as data; shared code asks this and never a store's name. */
export interface EventStoreCapabilities {
  /** An append that resolved survives kill, power loss and restart. */
  readonly durable: boolean;
  /** Positions are dense; otherwise they are only ordered, and nobody may count by subtracting them. */
  readonly densePositions: boolean;
  /** Several streams in one append. */
  readonly severalStreams: boolean;
  /** Conditions on a query and tags (DCB). */
  readonly conditions: boolean;
  /** Refusals and acceptances without events are remembered too. */
  readonly remembersRefusals: boolean;
  /** Instants name positions exactly. */
  readonly instants: boolean;
  readonly imports: boolean;
  /** One log, or several, each with an order of its own. */
  readonly logs: 'one' | 'several';
  /** Other processes may open the same store at the same time. */
  readonly sharedByProcesses: boolean;
  /** Stored data can be made unreadable for good. */
  readonly erasable: boolean;
}

/** Bounds of one store, all inclusive; hitting one is a {@link LimitExceededError}, or back-pressure for the queue. */
export interface EventStoreLimits {
  readonly eventsPerAppendMax: number;
  readonly streamsPerAppendMax: number;
  /** JSON bytes of the data and metadata of all events of one append. */
  readonly bytesPerAppendMax: number;
  readonly tagsPerEventMax: number;
  readonly pageSizeMax: number;
  /** Appends waiting for the writer; one more is an {@link OverloadedError}. */
  readonly pendingAppendsMax: number;
}

/** What the writer believes about a stream; `any` gives up the check and never conflicts. */
export type ExpectedRevision = number | 'no-stream' | 'stream-exists' | 'any';

export interface AppendRequest {
  /** 1 to 256 bytes. Every append has one; the command's id where there is a command. */
  readonly id: string;
  /** Compared when the id is met again; absent, only the id counts. */
  readonly contentHash?: string;
  /** Stored with the append, and given again for the same id. */
  readonly outcome?: NewOutcome;
  /** A stream stands here once; with no events it is only checked (the decision's read set). Positions follow this order. */
  readonly streams: readonly AppendStream[];
  /** Nothing that matches may lie after `after`, appends accepted before it in its own group included. */
  readonly condition?: AppendCondition;
  /** Default: {@link EventStore.logOf} of its streams. */
  readonly log?: string;
}

export interface AppendStream {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
}

export interface AppendCondition {
  readonly query: EventQuery;
  readonly after: number;
}

export interface NewEvent {
  /** Unique in the log; one that it has is an {@link InvalidMessageError}. */
  readonly id: string;
  readonly type: string;
  /** From 1. */
  readonly schemaVersion: number;
  readonly data: Json;
  readonly metadata: EventMetadata;
  readonly tags?: readonly string[];
}

export interface NewOutcome {
  /** Who sent it, as authenticated; null where nobody was. */
  readonly actor: string | null;
  /** `{decider}/{id}/{Command}` or the decision's name: for people who read the outcome. */
  readonly command: string;
  readonly input: Json;
  /** Absent for an acceptance. */
  readonly refusal?: { readonly type: string; readonly data: Json };
}

export interface StoredOutcome {
  readonly id: string;
  readonly log: string;
  readonly contentHash: string | null;
  /** Null for a plain append without an outcome. */
  readonly outcome: NewOutcome | null;
  /** Positions of the first and last event, null where it wrote none. */
  readonly first: number | null;
  readonly position: number | null;
  /** Every stream of the request with its revision after the append, -1 for one that does not exist. */
  readonly streams: readonly StreamRevision[];
  /** Head of the log after the append's transaction: what a token of it names. */
  readonly head: LogPlace;
  readonly recordedAt: number;
}

export interface StreamRevision {
  readonly stream: string;
  readonly revision: number;
}

/** `appended` for a first time, `repeated` for an id that the log knew. */
export type AppendResult = StoredOutcome & { readonly status: 'appended' | 'repeated' };

export interface ReadStreamOptions {
  /** First revision, inclusive; default 0, or the last one backwards. */
  readonly from?: number;
  /** Revision that the reading ends at, inclusive: below `from` when backwards. */
  readonly to?: number;
  readonly backwards?: boolean;
  /** At most this many events; default and bound `limits.pageSizeMax`. */
  readonly limit?: number;
  /** Only events at or below this position: a decision's reads are all bounded by one head. */
  readonly upTo?: number;
  readonly log?: string;
  /**
   * `fold`: only position, commit, revision, type, schemaVersion and data are asked for, and a store may leave the rest
   * empty: a fold over a long stream costs a third less. Default `all`.
   */
  readonly want?: 'all' | 'fold';
}

export interface StreamPage {
  readonly events: readonly RecordedEvent[];
  /** The stream's last revision (at or below `upTo`), -1 when there is none. */
  readonly revision: number;
  /** The revision that the next page starts from, null at the end. */
  readonly next: number | null;
  /** Head of the log in the snapshot that the page was read from. */
  readonly head: LogPlace;
}

export interface ReadOptions {
  readonly query?: EventQuery;
  /** Exclusive; default {@link LOG_START}. With its mark, or only a position where the caller has none to compare. */
  readonly after?: LogPlace | number;
  /** Inclusive; a commit. */
  readonly upTo?: number;
  /** A goal for the events of one page: the page runs on to the end of the append that reaches it. */
  readonly limit?: number;
  /** From the newest downwards; then `after` is the position to stay below. */
  readonly backwards?: boolean;
  readonly log?: string;
}

export interface LogPage {
  readonly events: readonly RecordedEvent[];
  /**
   * The last position looked at, matching or not: what a checkpoint stores. Always a commit, or `after` at the head.
   * Backwards, the lowest one: the first event of an append, 0 at the end, and `after` of the next page.
   */
  readonly scannedTo: LogPlace;
  readonly head: LogPlace;
}

export interface ReadOutcomesOptions {
  readonly log?: string;
  /** `next` of the page before; absent for the first. */
  readonly cursor?: string;
  /** Default and bound `limits.pageSizeMax`. */
  readonly limit?: number;
}

export interface OutcomePage {
  readonly outcomes: readonly StoredOutcome[];
  /** Opaque; null at the end. */
  readonly next: string | null;
}

/** Where a position lies: in the append from `first` to `commit`. */
export interface AppendPlace extends LogPlace {
  readonly first: number;
  readonly commit: number;
}

export interface ImportBatch {
  readonly log?: string;
  readonly after: LogPlace;
  /** Dense from `after.position + 1`, whole commits. */
  readonly events: readonly RecordedEvent[];
  /** Outcomes of appends whose last event is in the batch, and of those without events at that place. */
  readonly outcomes: readonly StoredOutcome[];
}

export interface ImportResult {
  readonly imported: number;
  readonly skipped: number;
  /** The log's place after the batch: `after` of the next one. */
  readonly place: LogPlace;
}
