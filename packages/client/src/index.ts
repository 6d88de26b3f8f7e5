/** The client of a Daybook server, for browsers and Node. */
export type { AwaitOptions, Readiness } from './await-ready.ts';
export {
  daybookClient,
  type Client,
  type EventsOptions,
  type EventsPage,
  type FreshAnswer,
  type QueryAfterOptions,
  type QueryNowOptions,
  type TypesOf,
} from './client.ts';
export { ProblemError, UnreachableError } from './errors.ts';
export type {
  ClosedState,
  FailedState,
  LiveQuery,
  LiveState,
  LoadedState,
  LoadingState,
} from './live-query.ts';
export type { SendOptions } from './messages.ts';
export {
  defaultTimings,
  type ClientOptions,
  type ClientTimings,
  type WebSocketFactory,
  type WebSocketLike,
} from './options.ts';
