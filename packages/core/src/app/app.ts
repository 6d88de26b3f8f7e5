/** The running application, typed by its definitions. */
import type { AnyDecider, DeciderTypes, EventsOf } from '../decider/decider.ts';
import type { AnyDecision } from '../decider/decision.ts';
import type { Emitted, Refusal } from '../decider/outcome.ts';
import type { AcceptedOutcome, RefusedOutcome, SendOptions } from '../handling/outcome.ts';
import type { StateAnswer, StateAt } from '../handling/state.ts';
import type { Command, DecisionRequest, Query } from '../message/command.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { types } from '../message/face.ts';
import type { AnyReadModel } from '../projection/read-model.ts';
import type { FreshAnswer, NotFreshAnswer, WaitOptions } from '../query/answer.ts';
import type { Token } from '../store/token.ts';
import type { AppFace } from './app-face.ts';

/** The bag of types of an application: its definitions, as unions. */
export interface DaybookTypes {
  readonly deciders: AnyDecider;
  readonly decisions: AnyDecision;
  readonly readModels: AnyReadModel;
}

/** The command happened, or nothing had to; `events` are what it recorded. */
export interface Accepted<Event> extends Omit<AcceptedOutcome, 'events'> {
  readonly events: readonly Event[];
}

/** The domain said no; nothing was recorded but the refusal itself. */
export interface Refused<Reason> extends Omit<RefusedOutcome, 'refusal'> {
  readonly refusal: Reason;
}

/** What sending a command, or a request for a decision, answers: as its own handler can, and no other. */
export type OutcomeOf<Message> = Message extends { readonly [types]?: infer Outcome }
  ? OutcomeFrom<EventsIn<Outcome>, RefusalsIn<Outcome>>
  : never;

type OutcomeFrom<Event, Reason> = [Reason] extends [never]
  ? Accepted<Event>
  : Accepted<Event> | Refused<Reason>;

type EventsIn<Outcome> =
  Outcome extends Emitted<infer Type, infer Data>
    ? RecordedEvent<Type, Data>
    : Outcome extends readonly (infer Item)[]
      ? EventsIn<Item>
      : never;

type RefusalsIn<Outcome> =
  Outcome extends Refusal<infer Type, infer Data>
    ? { readonly type: Type; readonly data: Data }
    : never;

/** What a query answers. */
export type ResultOf<Question> = Question extends { readonly [types]?: infer Result }
  ? Result
  : never;

/** An answer that has seen what was asked for. */
export interface Fresh<Data> extends Omit<FreshAnswer, 'data'> {
  readonly data: Data;
}

/** Why there is no answer that has seen the token. */
export type NotFresh = NotFreshAnswer;

/** How a query is asked where anything newest will do. */
export interface QueryNowOptions extends WaitOptions {
  readonly after?: undefined;
  /** An instant of the past. Refused in this version. */
  readonly at?: string | number | undefined;
  readonly log?: string | undefined;
}

/** How a query is asked that must have seen something. */
export interface QueryAfterOptions extends WaitOptions {
  /** Tokens of what must be seen, such as that of a command just sent. */
  readonly after: Token | readonly Token[];
  readonly log?: string | undefined;
}

/** A page of a stream's own events. */
export interface HistoryPage<Event> {
  readonly events: readonly Event[];
  /** The revision to go on from; `null` at the end. */
  readonly next: number | null;
}

/** A state as folded. */
export interface StateOfStream<State> extends Omit<StateAnswer, 'state'> {
  readonly state: State;
}

/** The events of a decider, as recorded. */
export type RecordedEventsOf<Decider extends AnyDecider> = {
  [K in keyof EventsOf<Decider>]: RecordedEvent<K, EventsOf<Decider>[K]>;
}[keyof EventsOf<Decider>];

/** A running application. */
export interface App<Types extends DaybookTypes = DaybookTypes> {
  /**
   * Decides a command, or a decision, and appends what it leads to.
   *
   * Sending it again with the same `id` has no further effect and gives the first answer.
   *
   * @throws {@link InvalidMessageError} {@link UnknownCommandError} {@link IdReusedError} {@link ExpiredCommandError}
   * {@link RevisionMismatchError} {@link OverloadedError} nothing was written.
   * @throws {@link ContentionError} nothing was written: send it again, with the same id.
   * @throws {@link OutcomeUnknownError} send it again with the same id.
   */
  send<Message extends SendableBy<Types>>(
    message: Message,
    options?: SendOptions,
  ): Promise<OutcomeOf<Message>>;

  /**
   * Asks a query that must have seen the tokens, waiting for it at most `waitMs`.
   *
   * @throws {@link UnknownQueryError} {@link InvalidMessageError} {@link NotIndexedError} {@link TokenOfAnotherStoreError}
   */
  query<Question extends AskableOf<Types>>(
    question: Question,
    options: QueryAfterOptions,
  ): Promise<Fresh<ResultOf<Question>> | NotFresh>;
  /**
   * Asks a query; the newest answer, with the position that it stands for.
   *
   * @throws {@link NotFreshError} when there is none: its first build runs, the row's key is parked, or the log was replaced.
   * @throws {@link UnknownQueryError} {@link InvalidMessageError} {@link NotIndexedError}
   */
  query<Question extends AskableOf<Types>>(
    question: Question,
    options?: QueryNowOptions,
  ): Promise<Fresh<ResultOf<Question>>>;

  /** The events of one stream, from revision `from` (default 0). @throws {@link StreamNotFoundError} */
  history<Decider extends Types['deciders']>(
    decider: Decider,
    id: string,
    options?: { readonly from?: number | undefined; readonly limit?: number | undefined },
  ): Promise<HistoryPage<RecordedEventsOf<Decider>>>;

  /**
   * The state of one stream, now or as it was: at an instant, after a revision, or at a position of the log.
   *
   * @throws {@link StreamNotFoundError} where there never was such a stream.
   * @throws {@link InvalidInstantError} for an instant beyond the store's clock, or a position inside an append.
   */
  state<Bag extends DeciderTypes>(
    decider: Types['deciders'] & AnyDecider<Bag>,
    id: string,
    at?: StateAt,
  ): Promise<StateOfStream<Bag['state']>>;

  /** Finishes what was accepted and frees every handle; closing twice is harmless. */
  close(): Promise<void>;

  /** The same without types, for servers and tools. */
  readonly face: AppFace;
}

/** The commands and requests that an application can carry out. */
export type SendableBy<Types extends DaybookTypes> =
  | Command<Types['deciders']['name'], string, unknown>
  | RequestsFor<Types['decisions']>;

type RequestsFor<Decision extends AnyDecision> =
  Decision extends AnyDecision<infer Bag> ? DecisionRequest<Bag['name'], unknown> : never;

/** The questions that an application can answer. */
export type AskableOf<Types extends DaybookTypes> = Query<
  Types['readModels']['name'],
  string,
  unknown
>;
