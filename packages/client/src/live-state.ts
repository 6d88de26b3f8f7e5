/** What is known of a live query. */
import type { Token } from '@daybook/core';
import type { Problem } from '@daybook/protocol';
import type { Operation } from './outbox/operation.ts';

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
  /** As the server gave it, with the effects of `pending` laid over it. */
  readonly data: Data;
  /** Operations whose effect the data shows and the server's answer does not have yet. */
  readonly pending: readonly Operation[];
  /** The position that the server's answer stands for. */
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
