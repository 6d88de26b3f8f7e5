/** What a query answers: fresh, or why not. */
import type { Token } from '../store/token.ts';
import type { ReadRecord } from './rows-of-view.ts';

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
  /** Each answer says what it read; a row that changed without changing the answer makes a version too. */
  readonly reads?: boolean | undefined;
  /** An answer that stayed the same is given again, its `data` and `reads` the same objects, when its position grows. */
  readonly positions?: boolean | undefined;
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
  /** What the query read, where it was asked for. */
  readonly reads?: ReadRecord;
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
