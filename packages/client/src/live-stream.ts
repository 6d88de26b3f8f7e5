/** One stream that stays: its state as it will be, and as the server says it. */
import type { Token } from '@daybook/core';
import { Listeners } from './listeners.ts';
import type { Operation } from './outbox/operation.ts';
import type { Optimism, View } from './prediction/optimism.ts';
import type { BasePlace } from './prediction/rules.ts';
import type { StreamBase } from './prediction/stream-base.ts';

/** What a live stream knows. The same object until something changes. */
export type LiveStreamState<State> =
  | { readonly status: 'loading' }
  | LoadedStream<State>
  | { readonly status: 'failed'; readonly error: Error }
  | { readonly status: 'closed' };

/** `stale`: the connection was lost, and this is the last that was known. */
export interface LoadedStream<State> {
  readonly status: 'live' | 'stale';
  /** After the operations in `pending`. */
  readonly state: State;
  /** As the server says it. */
  readonly confirmed: State;
  /** Of `confirmed`; null where there is no stream yet. */
  readonly revision: number | null;
  /** Operations whose effect `state` has and `confirmed` has not. */
  readonly pending: readonly Operation[];
}

/** The state of one stream, live: read it or listen to it. */
export interface LiveStream<State> {
  get(): LiveStreamState<State>;
  /** Calls back after each change. Returns what ends it. */
  subscribe(listener: (state: LiveStreamState<State>) => void): () => void;
  /** Closing twice is harmless. */
  close(): void;
}

export class LiveStreamView<State> implements LiveStream<State>, View {
  readonly readModel = undefined;
  readonly stream: string;
  readonly #optimism: Optimism;
  readonly #base: StreamBase;
  readonly #listeners = new Listeners();
  #state: LiveStreamState<State> = { status: 'loading' };
  /** What the state was made of. */
  #parts: readonly unknown[] = [];

  constructor(optimism: Optimism, stream: string) {
    this.stream = stream;
    this.#optimism = optimism;
    this.#base = optimism.watch(stream);
    optimism.add(this);
  }

  get(): LiveStreamState<State> {
    return this.#state;
  }

  subscribe(listener: (state: LiveStreamState<State>) => void): () => void {
    return this.#listeners.add(() => listener(this.#state));
  }

  close(): void {
    if (this.#state.status === 'closed') return;
    this.#set({ status: 'closed' });
    this.#listeners.clear();
    this.#optimism.remove(this);
  }

  shownPlace(): BasePlace | undefined {
    const { state, epoch, error } = this.#base;
    // A stream that cannot be seen keeps nothing from being settled.
    if (error !== undefined) return { position: Number.MAX_SAFE_INTEGER, epoch };
    return state === undefined ? undefined : { position: state.position, epoch };
  }

  knownPlace(): BasePlace | undefined {
    return this.shownPlace();
  }

  /** Every append to the stream is told anyway. */
  reach(_token: Token): void {}

  refresh(): void {
    if (this.#state.status === 'closed') return;
    const { state: base, isLive, error } = this.#base;
    if (error !== undefined) {
      this.#setOf([error], { status: 'failed', error });
      return;
    }
    if (base === undefined) return;
    const predicted = this.#optimism.predictedState(this.stream) ?? base;
    const pending = this.#optimism.pendingOf(this.stream);
    const parts = [base.state, base.revision, predicted.state, isLive, ...pending];
    this.#setOf(parts, {
      status: isLive ? 'live' : 'stale',
      // What the server folded, or the decider's own code did, is the decider's state.
      state: predicted.state as State,
      confirmed: base.state as State,
      revision: base.revision < 0 ? null : base.revision,
      pending,
    });
  }

  #setOf(parts: readonly unknown[], state: LiveStreamState<State>): void {
    const isSame =
      parts.length === this.#parts.length && parts.every((part, at) => part === this.#parts[at]);
    if (isSame) return;
    this.#parts = parts;
    this.#set(state);
  }

  #set(state: LiveStreamState<State>): void {
    this.#state = state;
    this.#listeners.tell();
  }
}
