/**
 * Frames of `/live`: one JSON object each, told apart by `type`.
 *
 * The client says `hello` first and is answered by `welcome`. Then, per subscription, in order and without a gap: one
 * `snap`, then `next` with whole versions, each from the position of the one before; `reset` says that what was sent is
 * void and a `snap` follows. (`patch` is kept for differences of two versions.) A `problem` with the id of a
 * subscription leaves it open while the problem is `retryable`, and ends it otherwise.
 *
 * A client that shows effects before the server does says `rows`, and gets with each version what the query read. It says
 * `reach` to be told, in the subscription's own order (`pos`, where the answer stayed the same), when it stands at a token;
 * `ask` to be told which of its commands the log holds, and so whether what came before the answer contains them; `watch`
 * for the state of one stream.
 */
import type { HttpLimits } from './limits.ts';
import type { Problem } from './problem.ts';

export type UpFrame =
  | HelloFrame
  | SubFrame
  | WatchFrame
  | UnsubFrame
  | ReachFrame
  | AskFrame
  | AwaitFrame
  | PingFrame;

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
  /** With each version, what the query read (`reads`), where the answer shows it anyway. */
  readonly rows?: boolean;
}

/** Asks for the state of one stream, now and after each of its events; ended by `unsub`. */
export interface WatchFrame {
  readonly type: 'watch';
  /** Of the same kind as those of subscriptions. */
  readonly id: string;
  readonly stream: string;
}

/** Asks to be told once a subscription stands at a token, even if its answer stays the same. */
export interface ReachFrame {
  readonly type: 'reach';
  /** Of the subscription. */
  readonly id: string;
  readonly token: string;
}

/** Asks where own commands stand in the log. */
export interface AskFrame {
  readonly type: 'ask';
  readonly id: string;
  readonly commands: readonly string[];
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
  | PosFrame
  | StateFrame
  | OutcomesFrame
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
  readonly reads?: ReadsPart;
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
  readonly reads?: ReadsPart;
}

/** What a query read; absent where it read rows that its answer does not show whole. */
export interface ReadsPart {
  readonly rows: readonly {
    readonly key: string;
    /** For each log, the position of the row's last event. */
    readonly asOf: Readonly<Record<string, number>>;
    /** Where in `data` the row stands: a JSON pointer. */
    readonly at?: string;
    /** The row itself, where it does not stand in `data`. */
    readonly row?: unknown;
  }[];
  /** Keys that were asked for and have no row. */
  readonly absent: readonly string[];
  readonly finds: readonly {
    readonly request: unknown;
    /** In their order. */
    readonly keys: readonly string[];
    readonly next: string | null;
  }[];
  readonly counts: readonly { readonly request: unknown; readonly count: number }[];
}

/** The answer is as it was, and stands at `to` now. */
export interface PosFrame {
  readonly type: 'pos';
  readonly sub: string;
  readonly generation: number;
  readonly position: number;
  readonly token: string;
  readonly from: number;
  readonly to: number;
}

/** The state of a watched stream, whole. */
export interface StateFrame {
  readonly type: 'state';
  readonly sub: string;
  readonly state: unknown;
  /** -1 where there is no stream yet. */
  readonly revision: number;
  /** Every event of the stream up to here is in it. */
  readonly position: number;
}

/** Which of the commands asked for the log holds; one that is not named was not there when this was said. */
export interface OutcomesFrame {
  readonly type: 'outcomes';
  readonly id: string;
  readonly commands: readonly {
    readonly commandId: string;
    readonly log: string;
    /** Of its first and last event; null where it recorded none, or was refused. */
    readonly first: number | null;
    readonly position: number | null;
  }[];
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
