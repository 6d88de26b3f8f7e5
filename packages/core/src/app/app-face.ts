/**
 * The application as servers, command lines and consoles use it: every definition by its name, all data `unknown`.
 *
 * Users have `App` (daybook.ts), which is this with types. Nothing here authorises; whoever exposes it does.
 */
import type { RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import type { GenerationState, ParkedKey } from '../projection/read-model-store.ts';
import type { EventStore, LogPage, ReadOptions, ReadStreamOptions, StreamPage } from '../store/event-store.ts';
import type { LogPlace, Platform } from '../store/log-place.ts';
import type { Token } from '../store/token.ts';
import type { DaybookFaces } from './daybook.ts';
import type { ReadModelStore } from '../projection/read-model-store.ts';

export interface AppFace {
  readonly faces: DaybookFaces;
  readonly platform: Platform;
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly limits: AppLimits;

  /**
   * Decides and appends, or gives the stored outcome of a command id that is known.
   *
   * @throws {@link InvalidMessageError} {@link UnknownCommandError} {@link IdReusedError} {@link ExpiredCommandError}
   * {@link RevisionMismatchError} {@link ContentionError} {@link OutcomeUnknownError} {@link OverloadedError}
   */
  send(message: CommandMessage | DecisionMessage, options?: SendOptions): Promise<CommandOutcome>;

  /** The stored outcome of a command id, as `send` would give it again; undefined where there is none. */
  outcomeOf(commandId: string, log?: string): Promise<CommandOutcome | undefined>;

  /**
   * Answers a query; with tokens, only when it is fresh enough, or says why not.
   *
   * @throws {@link UnknownQueryError} {@link InvalidMessageError} {@link NotIndexedError} {@link TokenOfAnotherStoreError}
   */
  query(message: QueryMessage, options?: QueryOptions): Promise<QueryAnswer>;

  /**
   * The answer of a query and every later version of it, each at a position not below the one before; equal answers are
   * not repeated. Ends with the signal, or when the application closes.
   */
  live(message: QueryMessage, options: LiveOptions): AsyncIterable<QueryAnswer>;

  /** Waits until the read models (all when none are named) have seen the token. */
  awaitToken(tokens: readonly Token[], readModels: readonly string[] | undefined, options?: WaitOptions): Promise<readonly ReadModelFreshness[]>;

  /** One page of a stream, its data lifted to today's shapes. @throws {@link StreamNotFoundError} */
  readStream(stream: string, options?: ReadStreamOptions): Promise<StreamPage>;

  /** One page of a log, its data lifted to today's shapes; events of types that nobody declares keep theirs. */
  readEvents(options?: ReadOptions): Promise<LogPage>;

  /**
   * The state of a decider's stream now, or as folded at an instant, revision or position.
   *
   * @throws {@link StreamNotFoundError} where there never was such a stream. {@link InvalidInstantError} where the
   * position lies inside an append, or the instant beyond the store's clock.
   */
  stateOf(stream: string, at?: StateAt): Promise<StateAnswer>;

  health(): Promise<Health>;

  /** Parked keys of one read model, or of all. */
  parked(readModel?: string): Promise<readonly ParkedEntry[]>;
  /** Has a parked key's events applied again, in order, by whoever runs the read model. @throws {@link NotParkedError} */
  retryParked(readModel: string, key: string, by?: Operator): Promise<void>;
  /** Leaves out, for this key and the read model's present version, the event that it is parked at. Recorded in the log. */
  skipParked(readModel: string, key: string, by?: Operator): Promise<void>;
  /** Starts a new generation of a read model from the log's beginning; it is switched to when it has caught up. */
  rebuild(readModel: string): Promise<{ readonly generation: number }>;

  /** Stops the processors, finishes what was accepted, closes the stores; closing twice is harmless. */
  close(): Promise<void>;
}

/** Named bounds of an application, shown by `/meta`. */
export interface AppLimits {
  /** How often a command is decided before it is a {@link ContentionError}. */
  readonly decideAttemptsMax: number;
  /** Commands of one process waiting for one stream. */
  readonly waitingPerStreamMax: number;
  /** Events folded for one decision or state. */
  readonly foldEventsMax: number;
  /** Longest wait for freshness, ms, and what it is where none is asked for. */
  readonly waitMsMax: number;
  readonly waitMsDefault: number;
  /** Queries and awaits waiting for freshness at once. */
  readonly waitersMax: number;
  /** How long outcomes are remembered, ms. */
  readonly outcomeRetentionMs: number;
}

export interface CommandMessage {
  readonly kind: 'command';
  readonly decider: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
}

export interface DecisionMessage {
  readonly kind: 'decision';
  readonly decision: string;
  readonly data: unknown;
}

export interface QueryMessage {
  readonly kind: 'query';
  readonly readModel: string;
  readonly query: string;
  readonly params: unknown;
}

export interface SendOptions {
  /** The command's id; the same id has one effect. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** As authenticated; never taken from a request's content. */
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Further metadata of every event. */
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
  /** Decide only if the stream is there (`If-Match`); not for decisions. */
  readonly expectedRevision?: number | 'no-stream' | undefined;
  readonly log?: string | undefined;
}

export type CommandOutcome = AcceptedOutcome | RefusedOutcome;

export interface AcceptedOutcome {
  readonly status: 'accepted';
  readonly commandId: string;
  /** The command's stream; null for a decision. */
  readonly stream: string | null;
  /** The stream's revision after the command; null for a decision, or where the stream does not exist. */
  readonly revision: number | null;
  /** Position of the last event; null where it changed nothing. */
  readonly position: number | null;
  readonly token: Token;
  readonly events: readonly RecordedEvent<string, unknown>[];
  /** Revision of every stream of a decision after it; null where there is none. */
  readonly streams: Readonly<Record<string, number | null>>;
  /** The id was known: nothing happened now. */
  readonly isRepeated: boolean;
}

export interface RefusedOutcome {
  readonly status: 'refused';
  readonly commandId: string;
  readonly refusal: { readonly type: string; readonly data: Json };
  readonly token: Token;
  readonly isRepeated: boolean;
}

export interface WaitOptions {
  /** 0 to `waitMsMax`; default `waitMsDefault`. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface QueryOptions extends WaitOptions {
  readonly after?: Token | readonly Token[] | undefined;
  readonly log?: string | undefined;
}

export interface LiveOptions {
  readonly after?: Token | readonly Token[] | undefined;
  readonly signal: AbortSignal;
}

export type QueryAnswer = FreshAnswer | NotFreshAnswer;

export interface FreshAnswer {
  readonly status: 'fresh';
  /** What the query gave; null for a missing row. */
  readonly data: unknown;
  /** The position that the answer stands for, -1 before the first event. */
  readonly position: number;
  readonly token: Token;
  readonly exact: boolean;
  /** How many keys of the read model are parked, where the answer may lack them. */
  readonly partial?: number;
  readonly generation: number;
}

export type NotFreshStatus = 'behind' | 'failed' | 'rebuilding' | 'timed-out' | 'lost-timeline';

export interface NotFreshAnswer {
  readonly status: NotFreshStatus;
  readonly position: number;
  /** A sentence. */
  readonly why: string;
  /** Events between the read model and the token, where that is what is missing. */
  readonly behind?: number;
}

export interface ReadModelFreshness {
  readonly readModel: string;
  readonly status: 'fresh' | NotFreshStatus;
  readonly position: number;
}

/** At most one of them. */
export interface StateAt {
  /** ISO 8601 with an offset or `Z`, or integer milliseconds. */
  readonly at?: string | number | undefined;
  readonly atRevision?: number | undefined;
  readonly atPosition?: number | undefined;
}

export interface StateAnswer {
  readonly state: unknown;
  /** Null before the stream began. */
  readonly revision: number | null;
  /** The position that the answer stands for. */
  readonly position: number;
}

export interface Operator {
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
}

export interface ParkedEntry extends ParkedKey {
  readonly readModel: string;
  readonly generation: number;
}

export interface Health {
  /** `failing` when a read model stopped, lost its log or has parked keys; `starting` while first builds run. */
  readonly status: 'ok' | 'starting' | 'failing';
  readonly logs: readonly { readonly log: string; readonly head: number; readonly mark: LogPlace['mark'] }[];
  readonly readModels: readonly ReadModelHealth[];
}

export interface ReadModelHealth {
  readonly name: string;
  readonly generation: number | null;
  readonly state: GenerationState | 'missing';
  /** `idle`: another process runs it. */
  readonly processor: 'running' | 'idle' | 'stopped';
  readonly position: number;
  /** Against the head of the log. */
  readonly lagEvents: number;
  readonly lagSeconds: number;
  readonly parkedCount: number;
  /** Why it stopped, or of the oldest parked key. */
  readonly error?: { readonly code: string; readonly message: string };
}
