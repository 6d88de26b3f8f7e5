/** The decision: a decider's bigger sister, over several streams or tags, found from the command. */
import type { DecisionMessage, DecisionRequest } from '../message/command.ts';
import { face, type types } from '../message/face.ts';
import type { Input, Output, StandardSchemaV1 } from '../message/schema.ts';
import type { Payload, Sendable, Storable } from '../message/storable.ts';
import type { AnyDecider, EventsOf, StreamRef } from './decider.ts';
import { decisionFaceOf, type DecisionFace, type UntypedDecision } from './decision-face.ts';
import type { FoldRef } from './fold.ts';
import type { Decision, Emitted, Refusal } from './outcome.ts';

/** What a decision may read under one name: a stream, a list of streams, or a fold over tags. */
export type ReadRef = StreamRef | readonly StreamRef[] | FoldRef;

/** What `decide` is given for it: a state, or a list of states in the order of the streams. */
export type StateOf<Read> = Read extends { readonly [types]?: infer State }
  ? State
  : Read extends readonly { readonly [types]?: infer State }[]
    ? readonly State[]
    : never;

/** The bag of types of a decision. */
export interface DecisionTypes {
  readonly name: string;
  /** What the sender gives. */
  readonly command: unknown;
  /** The data of each event that it may emit. */
  readonly events: unknown;
  /** The data of each refusal. */
  readonly refusals: object;
  readonly outcome: unknown;
}

/** What every decision has, whatever its types. */
export interface AnyDecision<Types extends DecisionTypes = DecisionTypes> {
  readonly [types]?: Types;
  readonly [face]: DecisionFace;
}

/** A decision: a function that makes a request for it. */
export interface DecisionDefinition<Types extends DecisionTypes> extends AnyDecision<Types> {
  (...data: Payload<Types['command']>): DecisionRequest<Types['name'], Types['outcome']>;
}

/**
 * Defines a decision over several streams, or over tags.
 *
 * What it emits is appended to all streams at once, or not at all, and only if nothing that it read has changed meanwhile;
 * otherwise it is decided again. `reads` and `decide` are pure and synchronous.
 *
 * @param name in the imperative, such as `PostEntry`; 1 to 60 letters and digits, the first a capital.
 * @throws {@link DefinitionError} for a name that breaks the rules.
 */
export function decision<
  const Name extends string,
  Schema extends StandardSchemaV1,
  Reads extends Readonly<Record<string, ReadRef>>,
  const Emits extends readonly AnyDecider[],
  Outcome extends Decision,
  Refusals extends Readonly<Record<string, StandardSchemaV1>> = {},
>(
  name: Name,
  definition: {
    /** The schema of what is sent. */
    readonly command: Schema & Sendable<Schema>;
    /** What it reads: streams (`account.stream(id)`), lists of them, folds. Nothing else is locked, nothing else is seen. */
    readonly reads: (command: Output<Schema>) => Reads;
    /** The deciders whose events it may emit. */
    readonly emits: Emits;
    /** By name: why it may not happen, and what the sender is told. */
    readonly refusals?: Refusals & { readonly [K in keyof Refusals]: Storable<Refusals[K]> };
    /**
     * What the command leads to, given the states under the names of `reads`. An event is emitted to a stream by its id:
     * `emit.MoneyDeposited(account, { cents })`.
     */
    readonly decide: (
      command: Output<Schema>,
      state: { readonly [K in keyof Reads]: StateOf<Reads[K]> },
      tools: {
        readonly emit: {
          readonly [X in keyof EventsOf<Emits[number]>]: (
            id: string,
            ...data: Payload<EventsOf<Emits[number]>[X]>
          ) => Emitted<X, EventsOf<Emits[number]>[X]>;
        };
        readonly refuse: {
          readonly [X in keyof Refusals]: (
            ...data: Payload<Input<Refusals[X]>>
          ) => Refusal<X, Output<Refusals[X]>>;
        };
      },
    ) => Outcome;
  },
): DecisionDefinition<{
  name: Name;
  command: Input<Schema>;
  events: EventsOf<Emits[number]>;
  refusals: { [K in keyof Refusals]: Output<Refusals[K]> };
  outcome: Outcome;
}>;
export function decision(name: string, definition: UntypedDecision): AnyDecision {
  const decisionFace = decisionFaceOf(name, definition);
  const request = (data: unknown = {}): DecisionMessage => ({
    kind: 'decision',
    decision: name,
    data,
  });
  Object.defineProperty(request, 'name', { value: name });
  return Object.assign(request, { [face]: decisionFace });
}
