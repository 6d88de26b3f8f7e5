/**
 * Commands, requests for decisions and queries are values: the same one is sent in process, over HTTP, queued offline or logged.
 * They are plain JSON. What they lead to is known to the compiler only.
 */
import type { types } from './face.ts';

/** A command for one stream of a decider, to the runtime; `data` is what the sender gave, validated when it is handled. */
export interface CommandMessage {
  readonly kind: 'command';
  readonly decider: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
}

/** A request for a decision over several streams or tags, to the runtime. */
export interface DecisionMessage {
  readonly kind: 'decision';
  readonly decision: string;
  readonly data: unknown;
}

/** A question to a read model, to the runtime. */
export interface QueryMessage {
  readonly kind: 'query';
  readonly readModel: string;
  readonly query: string;
  readonly params: unknown;
}

/** A command that its decider made. */
export interface Command<Decider extends string, Name extends PropertyKey, Outcome> {
  readonly kind: 'command';
  readonly decider: Decider;
  readonly id: string;
  readonly command: Name & string;
  readonly data: unknown;
  readonly [types]?: Outcome;
}

/** A request that its decision made. */
export interface DecisionRequest<Name extends string, Outcome> extends DecisionMessage {
  readonly decision: Name;
  readonly [types]?: Outcome;
}

/** A question that its read model made. */
export interface Query<ReadModel extends string, Name extends PropertyKey, Result> {
  readonly kind: 'query';
  readonly readModel: ReadModel;
  readonly query: Name & string;
  readonly params: unknown;
  readonly [types]?: Result;
}
