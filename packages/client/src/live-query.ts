/**
 * A query that stays: its newest answer, and every one that follows.
 *
 * What always holds: within an epoch and a generation the position never goes back; a frame that is there already, or older,
 * is passed over; a frame that does not follow the one before makes the query ask again from where it stands.
 *
 * The base is what the server said, and nothing else ever changes it. What is shown is the base with the effects of
 * operations laid over it that the base does not contain. A new base and the end of the overlays that it contains are
 * shown at once, in one notification.
 */
import { hasCode, isSameJson, type QueryMessage, type Token } from '@daybook/core';
import type {
  DownFrame,
  NextFrame,
  PosFrame,
  Problem,
  SnapFrame,
  UpFrame,
  WelcomeFrame,
} from '@daybook/protocol';
import { ProblemError } from './errors.ts';
import { Listeners } from './listeners.ts';
import type { Channel, LiveConnection } from './live-connection.ts';
import type { ClosedState, FailedState, LiveQuery, LiveState, LoadedState } from './live-state.ts';
import { notFreshStatus } from './messages.ts';
import type { Operation } from './outbox/operation.ts';
import type { Optimism, View } from './prediction/optimism.ts';
import type { Overlay } from './prediction/overlay.ts';
import { contentOf, type BasePlace } from './prediction/rules.ts';
import type { QueryBase } from './prediction/query-base.ts';

export class LiveQueryChannel<Data> implements LiveQuery<Data>, Channel, View {
  readonly readModel: string;
  readonly #connection: LiveConnection;
  readonly #message: QueryMessage;
  readonly #optimism: Optimism;
  #overlay: Overlay | undefined;
  readonly #listeners = new Listeners();
  #id = '';
  #after: Token | undefined;
  #epoch: string | undefined;
  #state: LiveState<Data> = { status: 'loading' };
  #base: QueryBase | undefined;
  /** The base that the state shows. */
  #shown: QueryBase | undefined;
  #isStale = false;
  #lastProblem: Problem | undefined;
  /** The next snapshot counts whatever its position is. */
  #isReset = false;
  /** Until it comes, nothing follows what is known. */
  #awaitsSnap = true;
  /** Problems in a row that made it ask again. */
  #problems = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  /** Tokens that the server was asked to tell of. */
  readonly #reaching = new Set<Token>();
  /** The token that was sent is our own, of the last answer, and not the application's. */
  #isResuming = false;
  /** Overlays are laid one at a time; what changes meanwhile is taken in by the next. */
  #isLaying = false;
  #isChanged = false;
  /** Grows when something was shown without an overlay, which is newer than what is being laid. */
  #version = 0;

  constructor(
    connection: LiveConnection,
    message: QueryMessage,
    after: Token | undefined,
    optimism: Optimism,
  ) {
    this.#connection = connection;
    this.#message = message;
    this.readModel = message.readModel;
    this.#optimism = optimism;
    this.#after = after ?? optimism.settledToken;
    this.#isResuming = after === undefined;
    optimism.add(this);
    connection.add((id) => {
      this.#id = id;
      return this;
    });
  }

  get(): LiveState<Data> {
    return this.#state;
  }

  subscribe(listener: (state: LiveState<Data>) => void): () => void {
    return this.#listeners.add(() => listener(this.#state));
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
      case 'pos':
        this.#pos(frame);
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
      case 'state':
      case 'outcomes':
      case 'ready':
      case 'bye':
      case 'pong':
    }
  }

  lost(): void {
    clearTimeout(this.#retryTimer);
    this.#awaitsSnap = true;
    this.#markStale(undefined);
  }

  fail(error: Error): void {
    if (!this.#hasEnded())
      this.#end(hasCode(error, 'closed') ? { status: 'closed' } : { status: 'failed', error });
  }

  shownPlace(): BasePlace | undefined {
    return this.#shown;
  }

  knownPlace(): BasePlace | undefined {
    return this.#base;
  }

  reach(token: Token): void {
    // After the snapshot that is awaited, it is asked again.
    if (this.#awaitsSnap || this.#reaching.has(token)) return;
    if (this.#reaching.size >= REACHING_MAX) this.#reaching.clear();
    this.#reaching.add(token);
    this.#connection.send({ type: 'reach', id: this.#id, token });
  }

  refresh(): void {
    const base = this.#base;
    if (base === undefined || this.#hasEnded()) return;
    const effects = this.#overlay === undefined ? [] : this.#optimism.effectsOver(base);
    if (effects.length > 0) {
      this.#isChanged = true;
      if (!this.#isLaying) void this.#lay();
      return;
    }
    this.#isChanged = false;
    this.#version += 1;
    this.#show(base, base.data, []);
  }

  async #lay(): Promise<void> {
    this.#isLaying = true;
    let overtaken = 0;
    while (this.#isChanged && this.#base !== undefined && this.#overlay !== undefined) {
      this.#isChanged = false;
      const version = this.#version;
      const base = this.#base;
      const laid = await this.#overlay.over(base, this.#optimism.effectsOver(base));
      // What changed meanwhile makes this one old: shown, it would contradict what operations say of themselves by now.
      overtaken = this.#changedWhileLaying() ? overtaken + 1 : 0;
      const isOld = overtaken > 0 && overtaken <= OVERTAKEN_MAX;
      if (version === this.#version && !isOld && !this.#hasEnded())
        this.#show(base, laid.data, laid.operations);
    }
    this.#isLaying = false;
  }

  #changedWhileLaying(): boolean {
    return this.#isChanged;
  }

  #snap(frame: SnapFrame): void {
    this.#awaitsSnap = false;
    const base = this.#base;
    const isOlder =
      base !== undefined && base.generation === frame.generation && frame.position < base.position;
    if (isOlder && !this.#isReset) return;
    this.#isReset = false;
    this.#apply(frame);
  }

  #next(frame: NextFrame): void {
    if (this.#awaitsSnap) return;
    const base = this.#base;
    const isOfBase = base !== undefined && base.generation === frame.generation;
    if (isOfBase && frame.to < base.position) return;
    if (isOfBase && frame.from > base.position) this.#askAgain();
    else this.#apply(frame);
  }

  #pos({ generation, from, position, token }: PosFrame): void {
    const base = this.#base;
    if (this.#awaitsSnap || base === undefined || base.generation !== generation) return;
    if (position < base.position) return;
    if (from > base.position) this.#askAgain();
    else this.#setBase({ ...base, position, token, ...logsOf(token) });
  }

  #apply({
    data,
    position,
    token,
    generation,
    exact,
    partial,
    reads,
  }: SnapFrame | NextFrame): void {
    this.#problems = 0;
    this.#isStale = false;
    this.#lastProblem = undefined;
    const about = { position, token, ...logsOf(token), epoch: this.#epoch, generation, exact };
    this.#setBase({
      ...about,
      data,
      ...(partial === undefined ? {} : { partial }),
      ...(reads === undefined ? {} : { reads }),
    });
  }

  #setBase(base: QueryBase): void {
    this.#after = base.token;
    this.#isResuming = true;
    this.#base = base;
    this.refresh();
    this.#optimism.moved(this);
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
    this.#reaching.clear();
    this.#overlay ??= this.#optimism.overlayOf(this.#message);
    const { readModel, query, params } = this.#message;
    const after = this.#after === undefined ? {} : { after: this.#after };
    const rows = this.#overlay === undefined ? {} : { rows: true };
    send({ type: 'sub', id: this.#id, query: { readModel, query, params }, ...after, ...rows });
  }

  #markStale(problem: Problem | undefined): void {
    const more = problem === undefined ? {} : { problem };
    const state = this.#state;
    if (state.status === 'loading') {
      if (problem !== undefined) this.#set({ status: 'loading', ...more });
    } else if (state.status === 'live' || problem !== undefined) {
      this.#isStale = true;
      this.#lastProblem = problem;
      const shown = this.#loaded();
      if (shown !== undefined) this.#set({ ...shown, status: 'stale', ...more });
    }
  }

  #show(base: QueryBase, data: unknown, pending: readonly Operation[]): void {
    const { position, token, generation, exact, partial } = base;
    const before = this.#loaded();
    const isSame = before !== undefined && isSameJson(before.data, data);
    const isPending = before !== undefined && isSameList(before.pending, pending);
    const status = this.#isStale ? 'stale' : 'live';
    if (this.#shown === base && isSame && isPending && before.status === status) return;
    this.#shown = base;
    this.#set({
      status,
      // What comes from the server, or from the query's own code, is what its type says.
      data: isSame ? before.data : (data as Data),
      pending: isPending ? before.pending : pending,
      position,
      token,
      generation,
      exact,
      ...(partial === undefined ? {} : { partial }),
      ...(this.#lastProblem === undefined ? {} : { problem: this.#lastProblem }),
    });
  }

  #loaded(): LoadedState<Data> | undefined {
    const state = this.#state;
    return state.status === 'live' || state.status === 'stale' ? state : undefined;
  }

  #hasEnded(): boolean {
    return this.#state.status === 'failed' || this.#state.status === 'closed';
  }

  #end(state: FailedState<Data> | ClosedState<Data>): void {
    clearTimeout(this.#retryTimer);
    const shown = this.#loaded();
    this.#set(shown === undefined ? state : { ...state, data: shown.data });
    this.#listeners.clear();
    this.#optimism.remove(this);
  }

  #set(state: LiveState<Data>): void {
    this.#state = state;
    this.#listeners.tell();
  }
}

function logsOf(token: Token): Pick<BasePlace, 'logs'> {
  const logs = contentOf(token)?.places;
  return logs === undefined ? {} : { logs };
}

function isSameList(left: readonly Operation[], right: readonly Operation[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

function isSameVersion<Data>(
  state: LoadedState<Data>,
  given: LoadedState<Data> | undefined,
): boolean {
  return given !== undefined && given.token === state.token && given.data === state.data;
}

const timelineCodes: ReadonlySet<string> = new Set(['lost-timeline', 'token-of-another-store']);
/** Tokens that are remembered as asked for; beyond, they are asked for again. */
const REACHING_MAX = 64;
/** Overlays in a row that were old before they were shown; the next is shown, for a query that takes its time. */
const OVERTAKEN_MAX = 10;
