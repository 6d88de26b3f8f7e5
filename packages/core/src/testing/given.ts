/**
 * Given these events, when this command, then these events or this refusal: deciders and decisions without a store.
 *
 *     given(account, [account.events.AccountOpened({ owner: 'Ada' })])
 *       .when(account.WithdrawMoney('acc-1', { cents: 5 }))
 *       .thenRefused('InsufficientFunds', { balanceCents: 0 });
 *
 * No test framework is needed: what does not hold is thrown, with what was expected and what came.
 */
import type { AnyDecider, DeciderTypes, StreamRef } from '../decider/decider.ts';
import type { AnyDecision, DecisionTypes } from '../decider/decision.ts';
import type { Emitted, Refusal } from '../decider/outcome.ts';
import type {
  Command,
  CommandMessage,
  DecisionMessage,
  DecisionRequest,
} from '../message/command.ts';
import { face } from '../message/face.ts';
import type { Payload } from '../message/storable.ts';
import { decideCommand, decideRequest, emittedOf, type History } from './decide.ts';
import { expectSame } from './expectation.ts';

/** A decider with its history. */
export interface GivenDecider<Types extends DeciderTypes> {
  /** @throws {@link InvalidMessageError} when the command's data does not match its schema. */
  when<Outcome>(
    command: Command<Types['name'], string, Outcome>,
  ): Then<EventOf<Types['events']>, Outcome>;
}

/** A decision with the history of the streams that it reads. */
export interface GivenDecision<Types extends DecisionTypes> {
  /** @throws {@link InvalidMessageError} when the request's data does not match its schema. */
  when<Outcome>(
    request: DecisionRequest<Types['name'], Outcome>,
  ): Then<StreamEvents<EventOf<Types['events']>>, Outcome>;
}

/** What must have come of it; each throws when it did not. */
export interface Then<Expected, Outcome> {
  /** These events and no others, in this order. */
  thenEmitted(events: readonly Expected[]): void;
  /** Accepted, with no event: nothing had to happen. */
  thenNothing(): void;
  /** This refusal, with exactly this data. */
  thenRefused<Type extends RefusalType<Outcome>>(
    type: Type,
    ...data: Payload<RefusalData<Outcome, Type>>
  ): void;
}

/** A stream, and events of it. */
export type StreamEvents<Event> = readonly [stream: StreamRef, ...events: Event[]];

type EventOf<Events> = { [K in keyof Events]: Emitted<K, Events[K]> }[keyof Events];

type RefusalType<Outcome> = Outcome extends Refusal<infer Type> ? Type : never;

type RefusalData<Outcome, Type> =
  Outcome extends Refusal<infer Declared, infer Data>
    ? Declared extends Type
      ? Data
      : never
    : never;

/** A decider whose stream holds these events, made by `decider.events`. */
export function given<Types extends DeciderTypes>(
  decider: AnyDecider<Types>,
  events: readonly EventOf<Types['events']>[],
): GivenDecider<Types>;
/** A decision over streams that hold these events, in the order in which they were recorded. */
export function given<Types extends DecisionTypes>(
  decision: AnyDecision<Types>,
  streams: readonly StreamEvents<Emitted<PropertyKey>>[],
): GivenDecision<Types>;
export function given(definition: AnyDecider | AnyDecision, history: History): object {
  const { [face]: definitionFace } = definition;
  return {
    when(message: CommandMessage | DecisionMessage) {
      const result =
        definitionFace.kind === 'decider'
          ? decideCommand(definitionFace, history, message)
          : decideRequest(definitionFace, history, message);
      return {
        thenEmitted: (events: History) =>
          expectSame(emittedOf(definitionFace, events, message), result),
        thenNothing: () => expectSame({ events: [] }, result),
        thenRefused: (type: string, data: unknown = {}) =>
          expectSame({ refusal: { type, data } }, result),
      };
    },
  };
}
