/**
 * Frames of `/live`: one JSON object each, told apart by `type`.
 *
 * The client says `hello` first and is answered by `welcome`. Then, per subscription, in order and without a gap: one
 * `snap`, then `next` with whole versions, each from the position of the one before; `reset` says that what was sent is
 * void and a `snap` follows. (`patch` is kept for differences of two versions.) A `problem` with the id of a
 * subscription leaves it open while the problem is `retryable`, and ends it otherwise.
 */
import type { HttpLimits } from './limits.ts';
import type { Problem } from './problem.ts';

export type UpFrame = HelloFrame | SubFrame | UnsubFrame | AwaitFrame | PingFrame;

export interface HelloFrame {
  readonly type: 'hello';
  /** The client's protocol version. */
  readonly v: number;
  /** A bearer token, for browsers, whose sockets send no headers of their own. */
  readonly token?: string;
}

export interface SubFrame {
  readonly type: 'sub';
  /** Of the client's choosing, unique among its open subscriptions. */
  readonly id: string;
  readonly query: { readonly readModel: string; readonly query: string; readonly params?: unknown };
  /** The first answer is at least as fresh as this token. */
  readonly after?: string;
}

export interface UnsubFrame {
  readonly type: 'unsub';
  readonly id: string;
}

/** Asks to be told when read models have seen a token. */
export interface AwaitFrame {
  readonly type: 'await';
  readonly id: string;
  readonly token: string;
  /** Default: all. */
  readonly models?: readonly string[];
  /** Default and bound: the server's longest wait. */
  readonly waitMs?: number;
}

export interface PingFrame {
  readonly type: 'ping';
}

export type DownFrame =
  | WelcomeFrame
  | SnapFrame
  | NextFrame
  | ReadyFrame
  | ResetFrame
  | ProblemFrame
  | ByeFrame
  | PongFrame;

export interface WelcomeFrame {
  readonly type: 'welcome';
  readonly v: number;
  readonly epoch: string;
  readonly limits: HttpLimits;
  /** The server shows life at least this often; after two and a half beats of silence the link is dead. */
  readonly heartbeatMs: number;
}

/** A query's answer. */
export interface SnapFrame {
  readonly type: 'snap';
  readonly sub: string;
  readonly generation: number;
  readonly position: number;
  readonly token: string;
  readonly data: unknown;
  readonly exact: boolean;
  readonly partial?: number;
}

/** The query's answer at `to`, whole; it differs from the one at `from`, which was the frame before. */
export interface NextFrame {
  readonly type: 'next';
  readonly sub: string;
  readonly generation: number;
  readonly position: number;
  readonly token: string;
  readonly data: unknown;
  readonly exact: boolean;
  readonly partial?: number;
  readonly from: number;
  readonly to: number;
}

export interface ReadyFrame {
  readonly type: 'ready';
  readonly id: string;
  readonly models: readonly {
    readonly readModel: string;
    readonly status: 'fresh' | 'behind' | 'failed' | 'rebuilding' | 'timed-out' | 'lost-timeline';
    readonly position: number;
  }[];
}

export interface ResetFrame {
  readonly type: 'reset';
  readonly sub: string;
  readonly reason: 'new-generation' | 'lost-timeline' | 'went-back';
}

export interface ProblemFrame {
  readonly type: 'problem';
  /** Of the subscription or await that it concerns; absent where it concerns the frame or the connection. */
  readonly id?: string;
  readonly problem: Problem;
}

/** The server is about to close the connection. */
export interface ByeFrame {
  readonly type: 'bye';
  readonly retryAfterMs: number;
}

export interface PongFrame {
  readonly type: 'pong';
}

/** Close codes of `/live`, besides those of RFC 6455. */
export const closeCodes = {
  /** The server stops; connect again. */
  goingAway: 1001,
  /** Something went wrong inside; connect again later. */
  internal: 1011,
  /** No `hello` came in time, or something else came first. */
  helloExpected: 4400,
  /** The token of `hello` is nobody's. */
  unauthenticated: 4401,
  /** The client's protocol version is not spoken here. */
  versionUnsupported: 4406,
  /** A bound was hit: too slow a reader, or too many connections. */
  overloaded: 4429,
} as const;
