export {
  exportLog,
  TRANSFER_LINE_BYTES_MAX,
  TRANSFER_VERSION,
  type ExportOptions,
} from './store/transfer.ts';
export {
  importLog,
  type ImportOptions,
  type ImportProgress,
  type ImportRefusal,
  type ImportReport,
} from './store/import-log.ts';
export type { TransferSource } from './store/transfer-lines.ts';
export { daybook, type Daybook } from './app/daybook.ts';
export { LEASE_MS_DEFAULT, type StartOptions } from './app/start.ts';
export type {
  Accepted,
  App,
  AskableOf,
  DaybookTypes,
  Fresh,
  HistoryPage,
  NotFresh,
  OutcomeOf,
  QueryAfterOptions,
  QueryNowOptions,
  RecordedEventsOf,
  Refused,
  ResultOf,
  SendableBy,
  StateOfStream,
} from './app/app.ts';
export type { DaybookFaces } from './app/faces.ts';
export type { DeciderFace, StreamRead } from './decider/decider-face.ts';
export { decider, type AnyDecider, type Decider, type StreamRef } from './decider/decider.ts';
export { decision, type AnyDecision, type DecisionDefinition } from './decider/decision.ts';
export type { DecisionFace, ReadFace } from './decider/decision-face.ts';
export type { DecidedEvent, DecisionResult } from './decider/decision-result.ts';
export { fold, type FoldFace, type FoldRef } from './decider/fold.ts';
export type { Decision, Emitted, Refusal } from './decider/outcome.ts';
export type {
  Command,
  CommandMessage,
  DecisionMessage,
  DecisionRequest,
  Query,
  QueryMessage,
} from './message/command.ts';
export { event, type EventDefinition } from './message/event-definition.ts';
export {
  readEvent,
  type EventFace,
  type EventMetadata,
  type RecordedEvent,
} from './message/event.ts';
export { face, types } from './message/face.ts';
export {
  canonicalJson,
  checkJson,
  isJson,
  isSameJson,
  type Json,
  type JsonBounds,
} from './message/json.ts';
export type { MessageFace } from './message/message-face.ts';
export {
  categoryOf,
  checkId,
  checkName,
  checkRowKey,
  ID_BYTES_MAX,
  ROW_KEY_BYTES_MAX,
  streamIdOf,
  streamName,
} from './message/names.ts';
export type { Input, Output, StandardSchemaV1 } from './message/schema.ts';
export { readModel, type AnyReadModel, type ReadModel } from './projection/read-model.ts';
export type { QueryFace, ReadEvent, ReadModelFace } from './projection/read-model-face.ts';
export { remove, removed, type Remove } from './projection/remove.ts';
export type { Condition, FindRequest, RowPage, Rows, RowsOf } from './projection/rows.ts';
export {
  CheckpointMovedError,
  ClosedError,
  ConditionFailedError,
  ContentionError,
  DaybookError,
  DefinitionError,
  ExpiredCommandError,
  FencedError,
  hasCode,
  IdReusedError,
  ImportRefusedError,
  IncompatibleStoreError,
  InvalidInstantError,
  InvalidMessageError,
  LimitExceededError,
  NotFreshError,
  NotIndexedError,
  NotOwnerError,
  NotParkedError,
  OutcomeUnknownError,
  OverloadedError,
  ProjectionFailedError,
  ReadModelNotFoundError,
  RevisionMismatchError,
  StoreUnavailableError,
  StoreWentBackError,
  StreamNotFoundError,
  TimedOutError,
  TokenOfAnotherStoreError,
  UnknownCommandError,
  UnknownEventTypeError,
  UnknownQueryError,
  UnsupportedCapabilityError,
  UpcastFailedError,
  WrongExpectedRevisionError,
  type Issue,
} from './errors.ts';
export { matches, type EventQuery, type EventQueryItem } from './message/event-query.ts';
export { utf8Length } from './message/json.ts';
export {
  checkAppend,
  checkAppendBytes,
  checkExpected,
  checkStreamName,
  DEFAULT_LIMITS,
  isExpected,
} from './store/check-append.ts';
export type {
  AppendCondition,
  AppendPlace,
  AppendRequest,
  AppendResult,
  AppendStream,
  EventStore,
  EventStoreCapabilities,
  EventStoreLimits,
  ExpectedRevision,
  ImportBatch,
  ImportResult,
  LogPage,
  NewEvent,
  NewOutcome,
  OutcomePage,
  ReadOptions,
  ReadOutcomesOptions,
  ReadStreamOptions,
  StoredOutcome,
  StreamPage,
  StreamRevision,
} from './store/event-store.ts';
export {
  DEFAULT_LOG,
  LOG_START,
  markOf,
  type LogPlace,
  type Platform,
  type Sha256,
  type StoredText,
} from './store/log-place.ts';
export { memory, type MemoryOptions } from './app/memory.ts';
export {
  MEMORY_READ_MODEL_CAPABILITIES,
  memoryReadModelStore,
} from './projection/memory-read-model-store.ts';
export { MEMORY_EVENT_CAPABILITIES, memoryEventStore } from './store/memory-event-store.ts';
export { uuidV7, uuidV7Time } from './store/uuid-v7.ts';
export {
  PARKED_PAGE_MAX,
  type Checkpoint,
  type GenerationInfo,
  type GenerationRef,
  type GenerationState,
  type ParkedKey,
  type ReadModelCommit,
  type ReadModelLayout,
  type ReadModelStore,
  type ReadModelStoreCapabilities,
  type RowChange,
  type RowSource,
  type StoredRow,
  type View,
} from './projection/read-model-store.ts';
export type { FindCursor, FindPlan, FindRange, IndexValue } from './projection/find-plan.ts';
export type { Lease, LeaseInfo, LeaseStore } from './processing/lease.ts';
export type { OpenedStore, StoreAdapter } from './app/store-adapter.ts';
export type {
  AppFace,
  Health,
  Operator,
  ParkedEntry,
  ReadModelHealth,
  RepairAnswer,
} from './app/app-face.ts';
export { DEFAULT_APP_LIMITS, type AppLimits } from './handling/limits.ts';
export type {
  AcceptedOutcome,
  CommandOutcome,
  RefusedOutcome,
  SendOptions,
} from './handling/outcome.ts';
export { parseInstant, type StateAnswer, type StateAt } from './handling/state.ts';
export { jsonSchemaOf } from './message/json-schema.ts';
export { POLL_MS, subscribe, type SubscriptionOptions } from './processing/subscription.ts';
export {
  compareIndexValues,
  compareText,
  cursorAfter,
  FIND_LIMIT_DEFAULT,
  FIND_LIMIT_MAX,
  planFind,
} from './projection/find-plan.ts';
export { rowsOfPlan, type KeyedRow } from './projection/plan-rows.ts';
export type { CountedRows, FoundRows, ReadRecord } from './query/rows-of-view.ts';
export { PARKED_KEYS_MAX } from './projection/page-fold.ts';
export { BACKOFF_MAX_MS, BACKOFF_MIN_MS, PROJECTOR_PAGE_SIZE } from './projection/projector.ts';
export type {
  FreshAnswer,
  LiveOptions,
  NotFreshAnswer,
  NotFreshStatus,
  QueryAnswer,
  QueryOptions,
  ReadModelFreshness,
  WaitOptions,
} from './query/answer.ts';
export {
  decodeToken,
  encodeToken,
  mergeTokens,
  tokenOf,
  type Token,
  type TokenContent,
} from './store/token.ts';
export type { DeciderTypes } from './decider/decider.ts';
