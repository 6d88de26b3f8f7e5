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
} from './live-state.ts';
export type { LiveStream, LiveStreamState, LoadedStream } from './live-stream.ts';
export type { SendOptions } from './messages.ts';
export type { Operation, OperationState } from './outbox/operation.ts';
export {
  IN_FLIGHT_MAX,
  OUTBOX_MAX,
  OUTBOX_TTL_MS,
  OUTBOX_TTL_MS_MAX,
  type DispatchOptions,
  type OutboxView,
} from './outbox/outbox.ts';
export type {
  OperationPhase,
  OperationStatus,
  OutboxOptions,
  OutboxStorage,
  StoredOperation,
} from './outbox/outbox-storage.ts';
export {
  defaultTimings,
  type ClientOptions,
  type ClientTimings,
  type WebSocketFactory,
  type WebSocketLike,
} from './options.ts';
