/** The decider: the three pure parts of a stream's behaviour. */
import type { Command } from '../message/command.ts';
import { face, type types } from '../message/face.ts';
import type { Input, Output, StandardSchemaV1 } from '../message/schema.ts';
import type { Payload, Sendable, Storable } from '../message/storable.ts';
import {
  deciderFaceOf,
  streamReadOf,
  type DeciderFace,
  type StreamRead,
  type UntypedDecider,
} from './decider-face.ts';
import type { ExactNames, ExactReturns, Returned, Together } from './handlers.ts';
import type { Decision, Emitted, Refusal } from './outcome.ts';

/** The bag of types of a decider: its specification. */
export interface DeciderTypes {
  readonly name: string;
  /** The data of each event, as stored. */
  readonly events: object;
  /** What the sender of each command gives. */
  readonly commands: object;
  /** The data of each refusal. */
  readonly refusals: object;
  readonly state: unknown;
  /** What each command can lead to, read from its handler. */
  readonly outcomes: object;
}

/** What every decider has, whatever its types. */
export interface AnyDecider<Types extends DeciderTypes = DeciderTypes> {
  readonly name: Types['name'];
  readonly [types]?: Types;
  readonly [face]: DeciderFace;
}

/** The events of several deciders, by type. */
export type EventsOf<Deciders extends AnyDecider> = Together<
  Deciders extends AnyDecider<infer Types> ? Types['events'] : never
>;

/** One stream of a decider, for a decision to read. */
export interface StreamRef<Name extends string = string, State = unknown> {
  readonly decider: Name;
  readonly id: string;
  /** The whole name, such as `account-acc-1`. */
  readonly stream: string;
  readonly [types]?: State;
  readonly [face]: StreamRead;
}

/** A decider: a function for each of its commands, which makes a command for one of its streams. */
export type Decider<Types extends DeciderTypes> = AnyDecider<Types> & {
  readonly [K in keyof Types['commands']]: (
    id: string,
    ...data: Payload<Types['commands'][K]>
  ) => Command<Types['name'], K, Types['outcomes'][K & keyof Types['outcomes']]>;
} & {
  /** The stream of the instance `id`. @throws {@link InvalidMessageError} when it cannot be an id. */
  stream(id: string): StreamRef<Types['name'], Types['state']>;
  /** Events as values, for tests. */
  readonly events: {
    readonly [K in keyof Types['events']]: (
      ...data: Payload<Types['events'][K]>
    ) => Emitted<K, Types['events'][K]>;
  };
};

/**
 * Defines a decider: which events its streams hold, how they make its state, and how each command is decided.
 *
 * Everything in it is pure and synchronous; `decide` may be called again for the same command when another writer was faster.
 *
 * @param name begins the name of each of its streams (`account-acc-1`); 1 to 40 letters and digits, the first a small letter.
 * @throws {@link DefinitionError} for a name that breaks the rules or a handler that is missing.
 */
export function decider<
  const Name extends string,
  State,
  Events extends Readonly<Record<string, StandardSchemaV1>>,
  Commands extends Readonly<Record<string, StandardSchemaV1>>,
  Evolve extends { [K in keyof Events]: (state: State, data: Output<Events[K]>) => State },
  Decide extends {
    [K in keyof Commands]: (
      command: Output<Commands[K]>,
      state: State,
      tools: {
        readonly emit: {
          readonly [X in keyof Events]: (
            ...data: Payload<Input<Events[X]>>
          ) => Emitted<X, Output<Events[X]>>;
        };
        readonly refuse: {
          readonly [X in keyof Refusals]: (
            ...data: Payload<Input<Refusals[X]>>
          ) => Refusal<X, Output<Refusals[X]>>;
        };
      },
    ) => Decision;
  },
  Refusals extends Readonly<Record<string, StandardSchemaV1>> = {},
>(
  name: Name,
  definition: {
    /** By type, in the past tense: its schema, or `event(schema)` with versions or tags. What is stored is the schema's output. */
    readonly events: Events & { readonly [K in keyof Events]: Storable<Events[K]> };
    /** By name, in the imperative: the schema of what is sent. */
    readonly commands: Commands & { readonly [K in keyof Commands]: Sendable<Commands[K]> };
    /** By name: why a command may not happen, and what the sender is told. */
    readonly refusals?: Refusals & { readonly [K in keyof Refusals]: Storable<Refusals[K]> };
    /** The state before the first event. A state that is a union is given by a function: `(): Cart => ({ status: 'empty' })`. */
    readonly initialState: State | (() => State);
    /** The state after each event. */
    readonly evolve: Evolve & ExactReturns<Evolve, keyof Events, State>;
    /** What each command leads to in a state: what `emit` or `refuse` gives, a list of emitted events, or `[]` for nothing. */
    readonly decide: Decide & ExactNames<Decide, keyof Commands>;
  },
): Decider<{
  name: Name;
  events: { [K in keyof Events]: Output<Events[K]> };
  commands: { [K in keyof Commands]: Input<Commands[K]> };
  refusals: { [K in keyof Refusals]: Output<Refusals[K]> };
  state: State;
  outcomes: { [K in keyof Decide]: Returned<Decide[K]> };
}>;
export function decider(name: string, definition: UntypedDecider): AnyDecider {
  const deciderFace = deciderFaceOf(name, definition);
  const commands = [...deciderFace.commands.keys()].map((command) => [
    command,
    (id: string, data: unknown = {}) => ({ kind: 'command', decider: name, id, command, data }),
  ]);
  const events = [...deciderFace.events.keys()].map((type) => [
    type,
    (data: unknown = {}) => ({ kind: 'emitted', type, data }),
  ]);
  return {
    name,
    events: Object.fromEntries(events),
    stream: (id: string) => streamRefOf(deciderFace, id),
    ...Object.fromEntries(commands),
    [face]: deciderFace,
  };
}

function streamRefOf(deciderFace: DeciderFace, id: string): StreamRef {
  const read = streamReadOf(deciderFace, id);
  return { decider: deciderFace.name, id, stream: read.stream, [face]: read };
}
