/** A fold over the events that carry some tags, whatever stream they stand in: what a decision reads beside streams (DCB). */
import { DefinitionError, UnknownEventTypeError } from '../errors.ts';
import type { EventFace } from '../message/event.ts';
import { face, type types } from '../message/face.ts';
import type { AnyDecider, EventsOf } from './decider.ts';
import { eventsOfAll, handlersOf } from './definition-maps.ts';
import type { AnyHandler, ExactReturns } from './handlers.ts';
import { initialStateOf } from './initial-state.ts';

/** A fold to the runtime, bound to its argument. */
export interface FoldFace {
  readonly kind: 'fold';
  /** By type: only the types that it evolves on. The query to read is "any of these types, with all of `tags`". */
  readonly events: ReadonlyMap<string, EventFace>;
  readonly tags: readonly string[];
  initialState(): unknown;
  evolve(state: unknown, type: string, data: unknown): unknown;
}

/** A fold bound to its argument, for a decision to read. */
export interface FoldRef<State = unknown> {
  readonly tags: readonly string[];
  readonly [types]?: State;
  readonly [face]: FoldFace;
}

/**
 * Defines a fold over tagged events.
 *
 * @returns a function of the arguments of `tags`; what it gives stands in the `reads` of a decision.
 * @throws {@link DefinitionError} when an event that it evolves on declares no tags, for it would never be found.
 */
export function fold<
  const From extends readonly AnyDecider[],
  Arguments extends readonly unknown[],
  State,
  Evolve extends {
    [K in keyof EventsOf<From[number]>]?: (state: State, data: EventsOf<From[number]>[K]) => State;
  },
>(definition: {
  /** The deciders whose events it reads. */
  readonly from: From;
  /** The tags that an event must have, all of them; at least one. */
  readonly tags: (...parameters: Arguments) => readonly string[];
  readonly initialState: State | (() => State);
  /** The state after an event; events without a function here are not read. */
  readonly evolve: Evolve & ExactReturns<Evolve, keyof EventsOf<From[number]>, State>;
}): (...parameters: Arguments) => FoldRef<State>;
export function fold(definition: UntypedFold): (...parameters: readonly unknown[]) => FoldRef {
  const evolve = handlersOf(
    definition.evolve,
    eventsOfAll(definition.from),
    'evolve of a fold',
    'optional',
  );
  const events = taggedEvents(definition.from, evolve);
  const initialState = initialStateOf(definition.initialState);
  return (...parameters) => {
    const tags = definition.tags(...parameters);
    if (tags.length === 0) throw new DefinitionError('The tags of a fold must not be empty.');
    return { tags, [face]: { kind: 'fold', events, tags, initialState, evolve: evolveBy(evolve) } };
  };
}

interface UntypedFold {
  readonly from: readonly AnyDecider[];
  tags(...parameters: readonly unknown[]): readonly string[];
  readonly initialState: unknown;
  readonly evolve: Readonly<Record<string, AnyHandler>>;
}

function taggedEvents(
  from: readonly AnyDecider[],
  evolve: ReadonlyMap<string, AnyHandler>,
): ReadonlyMap<string, EventFace> {
  const events = new Map([...eventsOfAll(from)].filter(([type]) => evolve.has(type)));
  for (const { type, tags } of events.values()) {
    if (tags !== undefined) continue;
    throw new DefinitionError(
      `A fold reads "${type}" by tags, but the event declares none. Declare it as event(schema, { tags: (data) => [...] }).`,
    );
  }
  return events;
}

function evolveBy(evolve: ReadonlyMap<string, AnyHandler>): FoldFace['evolve'] {
  return (state, type, data) => {
    const handler = evolve.get(type);
    if (handler === undefined) throw new UnknownEventTypeError(type);
    return handler(state, data);
  };
}
