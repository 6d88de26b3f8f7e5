/**
 * The application as servers, command lines and consoles use it: every definition by its name, all data `unknown`.
 *
 * Users have `App` (daybook.ts), which is this with types. Nothing here authorises; whoever exposes it does.
 */
import type { AppLimits } from '../handling/limits.ts';
import type { CommandOutcome, SendOptions } from '../handling/outcome.ts';
import type { StateAnswer, StateAt } from '../handling/state.ts';
import type { CommandMessage, DecisionMessage, QueryMessage } from '../message/command.ts';
import type { GenerationState, ParkedKey, ReadModelStore } from '../projection/read-model-store.ts';
import type {
  LiveOptions,
  QueryAnswer,
  QueryOptions,
  ReadModelFreshness,
  WaitOptions,
} from '../query/answer.ts';
import type {
  EventStore,
  LogPage,
  ReadOptions,
  ReadStreamOptions,
  StreamPage,
} from '../store/event-store.ts';
import type { LogPlace, Platform } from '../store/log-place.ts';
import type { Token } from '../store/token.ts';
import type { DaybookFaces } from './faces.ts';

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
  awaitToken(
    tokens: readonly Token[],
    readModels: readonly string[] | undefined,
    options?: WaitOptions,
  ): Promise<readonly ReadModelFreshness[]>;

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
  retryParked(readModel: string, key: string, by?: Operator): Promise<RepairAnswer>;
  /** Leaves out, for this key and the read model's present version, the event that it is parked at. Recorded in the log. */
  skipParked(readModel: string, key: string, by?: Operator): Promise<RepairAnswer>;
  /** Starts a new generation of a read model from the log's beginning; it is switched to when it has caught up. */
  rebuild(readModel: string): Promise<{ readonly generation: number }>;

  /** Stops the processors, finishes what was accepted, closes the stores; closing twice is harmless. */
  close(): Promise<void>;
}

export interface Operator {
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
}

/** A query that presents the token sees what came of the repair. */
export interface RepairAnswer {
  readonly token: Token;
}

export interface ParkedEntry extends ParkedKey {
  readonly readModel: string;
  readonly generation: number;
}

export interface Health {
  /** `failing` when a read model stopped, lost its log or has parked keys; `starting` while first builds run. */
  readonly status: 'ok' | 'starting' | 'failing';
  readonly logs: readonly {
    readonly log: string;
    readonly head: number;
    readonly mark: LogPlace['mark'];
  }[];
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
