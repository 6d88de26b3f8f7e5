/** The decision: a decider's bigger sister, over several streams or tags, found from the command. */
import type { EventFace } from '../message/event.ts';
import type { MessageFace } from '../message/message-face.ts';
import type { DeciderFace } from './decider.ts';
import type { DecisionResult } from './decision-result.ts';
import type { FoldFace } from './fold.ts';

/** One stream that a decision reads, and the decider that folds it. */
export interface StreamRead {
  readonly kind: 'stream';
  readonly decider: DeciderFace;
  readonly id: string;
  /** The whole name: `decider.name-id`. */
  readonly stream: string;
}

/** What a decision reads under one name; its state is the stream's, a list of states in the order of `list`, or the fold's. */
export type ReadFace =
  | StreamRead
  | { readonly kind: 'streams'; readonly list: readonly StreamRead[] }
  | FoldFace;

/** A decision to the runtime. */
export interface DecisionFace {
  readonly kind: 'decision';
  readonly name: string;
  /** `read` gives the data that `reads` and `decide` take. */
  readonly command: MessageFace;
  readonly refusals: ReadonlyMap<string, MessageFace>;
  /** By event type: what may be emitted, and the decider to whose streams it goes. */
  readonly emits: ReadonlyMap<string, { readonly decider: DeciderFace; readonly event: EventFace }>;
  /** By the names that the definition gave them. */
  reads(data: unknown): ReadonlyMap<string, ReadFace>;
  /**
   * `state` has the names of `reads`. The streams of the events need not be among those read; the handler refuses those that are
   * not when the decision reads streams.
   */
  decide(data: unknown, state: Readonly<Record<string, unknown>>): DecisionResult;
}
