/**
 * A query that stays: its newest answer, and every one that follows.
 *
 * What always holds: within an epoch and a generation the position never goes back; a frame that is there already, or older,
 * is passed over; a frame that does not follow the one before makes the query ask again from where it stands.
 *
 * The base here is what the server said. Predictions of commands under way (the optimistic layer, not built yet) belong
 * between the base and the state that `get` gives: `state = pending.reduce(apply, base)`.
 */
import { hasCode, isSameJson, type QueryMessage, type Token } from '@daybook/core';
import type {
  DownFrame,
  NextFrame,
  Problem,
  SnapFrame,
  UpFrame,
  WelcomeFrame,
} from '@daybook/protocol';
import { ProblemError } from './errors.ts';
import { notFreshStatus } from './messages.ts';
import type { Channel, LiveConnection } from './live-connection.ts';

/** What a live query knows. The same object until something changes. */
export type LiveState<Data> =
  | LoadingState
  | LoadedState<Data>
  | FailedState<Data>
  | ClosedState<Data>;

/** No answer came yet; `problem` says why, where the server said so and keeps trying. */
export interface LoadingState {
  readonly status: 'loading';
  readonly data?: undefined;
  readonly problem?: Problem;
}

/** `live`: as the server says; `stale`: the connection was lost, or the server has a problem, and this is the last that was known. */
export interface LoadedState<Data> {
  readonly status: 'live' | 'stale';
  readonly data: Data;
  /** The position that the data stands for. */
  readonly position: number;
  readonly token: Token;
  readonly generation: number;
  readonly exact: boolean;
  /** How many keys are parked, where the data may lack them. */
  readonly partial?: number;
  readonly problem?: Problem;
}

/** Asking again cannot help. */
export interface FailedState<Data> {
  readonly status: 'failed';
  readonly error: Error;
  /** The last that was known. */
  readonly data?: Data;
}

/** Nobody listens any more. */
export interface ClosedState<Data> {
  readonly status: 'closed';
  /** The last that was known. */
  readonly data?: Data;
}

/** A live query: read it, listen to it, or iterate over it. */
export interface LiveQuery<Data> extends AsyncIterable<LoadedState<Data>> {
  get(): LiveState<Data>;
  /** Calls back after each change. Returns what ends it. */
  subscribe(listener: (state: LiveState<Data>) => void): () => void;
  /** Ends it, and every iteration over it, as closing the client does; closing twice is harmless. */
  close(): void;
  /**
   * Each version of the data; a slow reader is given the newest and misses those between. Ends with `close`.
   *
   * @throws {@link ProblemError} when the server says that asking again cannot help.
   */
  [Symbol.asyncIterator](): AsyncIterator<LoadedState<Data>, void>;
}

export class LiveQueryChannel<Data> implements LiveQuery<Data>, Channel {
  readonly #connection: LiveConnection;
  readonly #message: QueryMessage;
  readonly #listeners = new Set<() => void>();
  #id = '';
  #after: Token | undefined;
  #epoch: string | undefined;
  #state: LiveState<Data> = { status: 'loading' };
  /** The next snapshot counts whatever its position is. */
  #isReset = false;
  /** Until it comes, nothing follows what is known. */
  #awaitsSnap = true;
  /** Problems in a row that made it ask again. */
  #problems = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** The token that was sent is our own, of the last answer, and not the application's. */
  #isResuming = false;

  constructor(connection: LiveConnection, message: QueryMessage, after: Token | undefined) {
    this.#connection = connection;
    this.#message = message;
    this.#after = after;
    connection.add((id) => {
      this.#id = id;
      return this;
    });
  }

  get(): LiveState<Data> {
    return this.#state;
  }

  subscribe(listener: (state: LiveState<Data>) => void): () => void {
    // A wrapper, so that one function given twice is two listeners.
    const own = (): void => listener(this.#state);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): void {
    if (this.#hasEnded()) return;
    this.#connection.remove(this.#id);
    this.#connection.send({ type: 'unsub', id: this.#id });
    this.#end({ status: 'closed' });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoadedState<Data>, void> {
    let wake: (() => void) | undefined;
    const unsubscribe = this.subscribe(() => wake?.());
    try {
      let given: LoadedState<Data> | undefined;
      for (;;) {
        const state = this.#state;
        if (state.status === 'failed') throw state.error;
        if (state.status === 'closed') return;
        if (state.status !== 'loading' && !isSameVersion(state, given)) {
          given = state;
          yield state;
          continue;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      unsubscribe();
    }
  }

  open(send: (frame: UpFrame) => void, welcome: WelcomeFrame): void {
    if (this.#epoch !== undefined && this.#epoch !== welcome.epoch) this.#reset();
    this.#epoch = welcome.epoch;
    this.#ask(send);
  }

  receive(frame: DownFrame): void {
    if (this.#hasEnded()) return;
    switch (frame.type) {
      case 'snap':
        this.#snap(frame);
        return;
      case 'next':
        this.#next(frame);
        return;
      case 'reset':
        this.#isReset = true;
        this.#awaitsSnap = true;
        this.#markStale(undefined);
        return;
      case 'problem':
        this.#problem(frame.problem);
        return;
      case 'welcome':
      case 'ready':
      case 'bye':
      case 'pong':
    }
  }

  lost(): void {
    clearTimeout(this.#retryTimer);
    this.#markStale(undefined);
  }

  fail(error: Error): void {
    if (!this.#hasEnded())
      this.#end(hasCode(error, 'closed') ? { status: 'closed' } : { status: 'failed', error });
  }

  #snap(frame: SnapFrame): void {
    this.#awaitsSnap = false;
    const base = this.#base();
    const isOlder =
      base !== undefined && base.generation === frame.generation && frame.position < base.position;
    if (isOlder && !this.#isReset) return;
    this.#isReset = false;
    this.#apply(frame);
  }

  #next(frame: NextFrame): void {
    if (this.#awaitsSnap) return;
    const base = this.#base();
    const isOfBase = base !== undefined && base.generation === frame.generation;
    if (isOfBase && frame.to < base.position) return;
    if (isOfBase && frame.from > base.position) this.#askAgain();
    else this.#apply(frame);
  }

  #apply({ data, position, token, generation, exact, partial }: SnapFrame | NextFrame): void {
    this.#after = token;
    this.#isResuming = true;
    this.#problems = 0;
    const base = this.#base();
    const isSame = base?.token === token && isSameJson(base.data, data);
    const more = partial === undefined ? {} : { partial };
    this.#set({
      status: 'live',
      data: isSame ? base.data : (data as Data),
      position,
      token,
      generation,
      exact,
      ...more,
    });
  }

  #problem(problem: Problem): void {
    if (problem.retryable) {
      this.#markStale(problem);
      // The server goes on by itself from an answer that is not fresh; from anything else it does not.
      if (!Object.hasOwn(notFreshStatus, problem.code)) this.#askLater();
    } else if (this.#isResuming && timelineCodes.has(problem.code)) {
      // The log is not the one that our last answer was made of: begin anew, with nothing to be seen.
      this.#reset();
      this.#askAgain();
    } else {
      this.#connection.remove(this.#id);
      this.#end({ status: 'failed', error: new ProblemError(problem) });
    }
  }

  #reset(): void {
    this.#isReset = true;
    if (this.#isResuming) this.#after = undefined;
    this.#isResuming = false;
  }

  #askAgain(): void {
    clearTimeout(this.#retryTimer);
    this.#connection.send({ type: 'unsub', id: this.#id });
    this.#id = this.#connection.renew(this.#id);
    this.#ask((frame) => this.#connection.send(frame));
  }

  #askLater(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#askAgain(), this.#connection.delayMs(this.#problems));
    this.#problems += 1;
  }

  #ask(send: (frame: UpFrame) => void): void {
    this.#awaitsSnap = true;
    const { readModel, query, params } = this.#message;
    const after = this.#after === undefined ? {} : { after: this.#after };
    send({ type: 'sub', id: this.#id, query: { readModel, query, params }, ...after });
  }

  #markStale(problem: Problem | undefined): void {
    const more = problem === undefined ? {} : { problem };
    const state = this.#state;
    if (state.status === 'loading') {
      if (problem !== undefined) this.#set({ status: 'loading', ...more });
    } else if (state.status === 'live' || problem !== undefined) {
      const base = this.#base();
      if (base !== undefined) this.#set({ ...base, status: 'stale', ...more });
    }
  }

  #base(): LoadedState<Data> | undefined {
    const state = this.#state;
    return state.status === 'live' || state.status === 'stale' ? state : undefined;
  }

  #hasEnded(): boolean {
    return this.#state.status === 'failed' || this.#state.status === 'closed';
  }

  #end(state: FailedState<Data> | ClosedState<Data>): void {
    clearTimeout(this.#retryTimer);
    const base = this.#base();
    this.#set(base === undefined ? state : { ...state, data: base.data });
    this.#listeners.clear();
  }

  #set(state: LiveState<Data>): void {
    this.#state = state;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // One listener's fault is not another's; it is still told to whoever watches.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function isSameVersion<Data>(
  state: LoadedState<Data>,
  given: LoadedState<Data> | undefined,
): boolean {
  return given !== undefined && given.token === state.token && given.data === state.data;
}

const timelineCodes: ReadonlySet<string> = new Set(['lost-timeline', 'token-of-another-store']);
