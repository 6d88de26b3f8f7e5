/** The client: an application's commands, queries and history, from afar. */
import {
  face,
  hasCode,
  InvalidMessageError,
  OutcomeUnknownError,
  streamName,
  uuidV7,
  type AnyDecider,
  type App,
  type AskableOf,
  type CommandMessage,
  type Daybook,
  type DaybookTypes,
  type DeciderTypes,
  type DecisionMessage,
  type Fresh,
  type HistoryPage,
  type NotFresh,
  type OutcomeOf,
  type QueryMessage,
  type RecordedEvent,
  type RecordedEventsOf,
  type ResultOf,
  type SendableBy,
  type StateAt,
  type StateOfStream,
  type Token,
} from '@daybook/core';
import { headerNames } from '@daybook/protocol';
import { awaitReady, type AwaitOptions, type Readiness } from './await-ready.ts';
import { ProblemError } from './errors.ts';
import { HttpClient, type HttpAnswer } from './http.ts';
import { LiveConnection } from './live-connection.ts';
import { LiveQueryChannel } from './live-query.ts';
import type { LiveQuery } from './live-state.ts';
import { LiveStreamView, type LiveStream } from './live-stream.ts';
import {
  acceptedOutcome,
  commandPath,
  freshAnswer,
  notFreshAnswer,
  notFreshStatus,
  queryPath,
  refusedOutcome,
  segment,
  sendHeaders,
  type SendOptions,
} from './messages.ts';
import type { ClientOptions } from './options.ts';
import type { Operation } from './outbox/operation.ts';
import { Outbox, type DispatchOptions, type OutboxView } from './outbox/outbox.ts';
import { Optimism } from './prediction/optimism.ts';
import { soundRules, type PredictionRules } from './prediction/rules.ts';
import { keysOf } from './prediction/streams-read.ts';

/** An answer that has seen what was asked for. */
export type FreshAnswer<Data> = Omit<Fresh<Data>, 'generation'>;

/** How a query is asked where anything newest will do. */
export interface QueryNowOptions {
  readonly after?: undefined;
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a query is asked that must have seen something. */
export interface QueryAfterOptions {
  /** Tokens of what must be seen, such as that of a command just sent; with none, that there is no answer is an answer too. */
  readonly after: Token | readonly Token[];
  /** How long the server may wait until it is; default and bound are the server's, 0 does not wait. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A page of the log. */
export interface EventsPage {
  readonly events: readonly RecordedEvent<string, unknown>[];
  /** `after` of the next page. */
  readonly next: number;
  readonly head: number;
}

export interface EventsOptions {
  /** Exclusive; default -1, from the beginning. */
  readonly after?: number | undefined;
  readonly types?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An application on a server, typed by its definitions. */
export interface Client<Types extends DaybookTypes = DaybookTypes> {
  /**
   * Sends a command, or a request for a decision, until it is answered; repeats carry the same id and have one effect.
   *
   * @throws {@link ProblemError} nothing happened, for the reason of its `code`.
   * @throws {@link OutcomeUnknownError} no answer came in time: send it again with the same id.
   */
  send<Message extends SendableBy<Types>>(
    message: Message,
    options?: SendOptions,
  ): Promise<OutcomeOf<Message>>;

  /**
   * Puts a command, or a request for a decision, into the outbox, and shows its effect in every live query and stream at
   * once, as the decider's own code predicts it. It is sent in its turn, until it is answered for good.
   *
   * @throws {@link OverloadedError} when too many wait already.
   */
  dispatch<Message extends SendableBy<Types>>(
    message: Message,
    options?: DispatchOptions,
  ): Operation<OutcomeOf<Message>>;

  /** What is on its way, and what needs a person. */
  readonly outbox: OutboxView;

  /** Asks a query that must have seen the tokens; the server waits for it, within `waitMs`. */
  query<Question extends AskableOf<Types>>(
    question: Question,
    options: QueryAfterOptions,
  ): Promise<FreshAnswer<ResultOf<Question>> | NotFresh>;
  /**
   * Asks a query; the newest answer, with the position that it stands for.
   *
   * @throws {@link ProblemError} with the code `rebuilding`, `projection-failed` or `lost-timeline` when there is none.
   */
  query<Question extends AskableOf<Types>>(
    question: Question,
    options?: QueryNowOptions,
  ): Promise<FreshAnswer<ResultOf<Question>>>;

  /**
   * Asks a query and keeps its answer up to date, over a connection that all live queries share. It comes back after
   * failures, and never goes back in time. `close` it when nobody looks any more. Several tokens are made one by
   * `mergeTokens` of the core.
   */
  live<Question extends AskableOf<Types>>(
    question: Question,
    options?: { readonly after?: Token | undefined },
  ): LiveQuery<ResultOf<Question>>;

  /** The state of one stream, kept up to date, with the effects of what was dispatched. `close` it when nobody looks. */
  stream<Bag extends DeciderTypes>(
    decider: Types['deciders'] & AnyDecider<Bag>,
    id: string,
  ): LiveStream<Bag['state']>;

  /** Waits until read models (all when none are named) have seen a token, or the server's wait is over; says how each stands. */
  awaitReady(
    token: Token,
    readModels?: readonly Types['readModels']['name'][],
    options?: AwaitOptions,
  ): Promise<readonly Readiness[]>;

  /** The events of one stream, from revision `from` (default 0). */
  history<Decider extends Types['deciders']>(
    decider: Decider,
    id: string,
    options?: {
      readonly from?: number | undefined;
      readonly limit?: number | undefined;
      readonly signal?: AbortSignal;
    },
  ): Promise<HistoryPage<RecordedEventsOf<Decider>>>;

  /** The state of one stream, now or as it was: at an instant, after a revision, or at a position of the log. */
  state<Bag extends DeciderTypes>(
    decider: Types['deciders'] & AnyDecider<Bag>,
    id: string,
    at?: StateAt & { readonly signal?: AbortSignal },
  ): Promise<StateOfStream<Bag['state']>>;

  /** One page of the log, in order of position. */
  events(options?: EventsOptions): Promise<EventsPage>;

  /** Ends what is under way and every live query; closing twice is harmless. */
  close(): void;
}

/**
 * A client of the application that `definitions` describe, served at `options.url`.
 *
 * The description is the application's own, safe to import in a browser. It gives the types, and predicts what commands
 * will do. Where only the types are wanted, give `undefined` and name them: `daybookClient<TypesOf<typeof bank>>`; then
 * effects are shown when the server has them.
 */
export function daybookClient<Types extends DaybookTypes = DaybookTypes>(
  definitions: Daybook<Types> | undefined,
  options: ClientOptions,
): Client<Types> {
  return clientWith(definitions, options, soundRules);
}

/** The client, with rules of its own for a test. */
export function clientWith<Types extends DaybookTypes>(
  definitions: Daybook<Types> | undefined,
  options: ClientOptions,
  rules: PredictionRules,
): Client<Types> {
  const http = new HttpClient(options);
  const connection = new LiveConnection(http, options);
  const newId = options.newId ?? uuidV7(() => Date.now());
  const outbox = new Outbox(http, options, newId, (message) =>
    keysOf(definitions?.[face], message),
  );
  const optimism = new Optimism(definitions, outbox, connection, rules);
  connection.gate = optimism.gate;
  connection.ready = optimism.ready;
  return typed<Types>({
    outbox,
    send: (message: CommandMessage | DecisionMessage, sendOptions: SendOptions = {}) =>
      send(http, message, sendOptions, sendOptions.id ?? newId()),
    dispatch: (message: CommandMessage | DecisionMessage, dispatched: DispatchOptions = {}) => {
      const id = dispatched.id ?? newId();
      if (dispatched.predict !== undefined) optimism.expect(id, dispatched.predict);
      return outbox.dispatch(message, { ...dispatched, id });
    },
    query: (question: QueryMessage, queryOptions: QueryNowOptions | QueryAfterOptions = {}) =>
      ask(http, question, queryOptions),
    live: (question: QueryMessage, { after }: { readonly after?: Token } = {}) =>
      new LiveQueryChannel(connection, question, after, optimism),
    stream: ({ name }: { readonly name: string }, id: string) =>
      new LiveStreamView(optimism, streamName(name, id)),
    awaitReady: (token: Token, models?: readonly string[], waitOptions: AwaitOptions = {}) =>
      awaitReady(connection, token, models, {
        ...waitOptions,
        giveUpMs: (waitOptions.waitMs ?? SERVER_WAIT_MS_MAX) + http.timings.attemptMs,
      }),
    history: ({ name }: { readonly name: string }, id: string, page: PageOptions = {}) =>
      read(
        http,
        `streams/${segment(`${name}-${id}`)}`,
        { from: page.from, limit: page.limit },
        page.signal,
      ),
    state: (
      { name }: { readonly name: string },
      id: string,
      at: StateAt & { signal?: AbortSignal } = {},
    ) => read(http, `streams/${segment(`${name}-${id}`)}/state`, instantOf(at), at.signal),
    events: ({ after, types, tags, limit, signal }: EventsOptions = {}) =>
      read(http, 'events', { after, types: types?.join(), tags: tags?.join(), limit }, signal),
    close() {
      http.close();
      outbox.close();
      optimism.close();
      connection.close();
    },
  });
}

/** The bag of types of a daybook: `TypesOf<typeof bank>`. */
export type TypesOf<Definitions> = Definitions extends {
  start(options: never): Promise<App<infer Types>>;
}
  ? Types
  : never;

interface PageOptions {
  readonly from?: number;
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** The one cast: what comes from the server was validated there by the same definitions that give these types. */
function typed<Types extends DaybookTypes>(client: object): Client<Types> {
  return client as Client<Types>;
}

async function send(
  http: HttpClient,
  message: CommandMessage | DecisionMessage,
  options: SendOptions,
  id: string,
): Promise<object> {
  if (message.kind === 'decision' && options.expectedRevision !== undefined) {
    throw new InvalidMessageError(
      'A decision has no stream of its own whose revision could be expected',
    );
  }
  try {
    const request = {
      method: 'POST',
      path: commandPath(message),
      body: message.data ?? {},
    } as const;
    const { signal } = options;
    return acceptedOutcome(
      await http.request({ ...request, headers: sendHeaders(id, options), signal }),
    );
  } catch (error) {
    const refused = error instanceof ProblemError ? refusedOutcome(error) : undefined;
    if (refused !== undefined) return refused;
    if (hasCode(error, 'unreachable')) throw new OutcomeUnknownError(id, { cause: error });
    throw error;
  }
}

async function ask(
  http: HttpClient,
  question: QueryMessage,
  { after, waitMs, signal }: QueryNowOptions | QueryAfterOptions,
): Promise<object> {
  const tokens = typeof after === 'string' ? after : (after ?? []).join();
  const headers = {
    ...(tokens === '' ? {} : { [headerNames.consistencyToken]: tokens }),
    ...(waitMs === undefined
      ? {}
      : { [headerNames.prefer]: `wait=${(waitMs / 1_000).toFixed(3)}` }),
  };
  const request = {
    method: 'POST',
    path: queryPath(question),
    body: question.params ?? {},
    headers,
  } as const;
  try {
    const wait = { waitMs: waitMs ?? SERVER_WAIT_MS_MAX, signal };
    return freshAnswer(
      await http.request({ ...request, ...wait, answers: Object.keys(notFreshStatus) }),
    );
  } catch (error) {
    const answer =
      after !== undefined && error instanceof ProblemError
        ? notFreshAnswer(error.problem)
        : undefined;
    if (answer !== undefined) return answer;
    throw error;
  }
}

async function read(
  http: HttpClient,
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) search.set(name, String(value));
  const query = search.size === 0 ? '' : `?${search.toString()}`;
  const { body }: HttpAnswer = await http.request({ method: 'GET', path: path + query, signal });
  return body;
}

function instantOf({
  at,
  atRevision,
  atPosition,
}: StateAt): Readonly<Record<string, string | number | undefined>> {
  return { at: typeof at === 'number' ? new Date(at).toISOString() : at, atRevision, atPosition };
}

/** The longest that a server waits where no wait is asked for. */
const SERVER_WAIT_MS_MAX = 30_000;
