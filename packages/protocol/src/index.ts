/** The wire of Daybook: the form of every HTTP and WebSocket message, as data and as types. */
export type {
  CloudEvent,
  CommandAnswer,
  DeciderAnswer,
  DecisionAnswer,
  EventAnswer,
  EventsAnswer,
  HealthAnswer,
  MetaAnswer,
  ParkedAnswer,
  QueryAnswer,
  ReadModelAnswer,
  ReadModelHealthAnswer,
  StateAnswer,
  StreamAnswer,
} from './answers.ts';
export { checkSchema } from './check-schema.ts';
export {
  closeCodes,
  type AskFrame,
  type AwaitFrame,
  type ByeFrame,
  type DownFrame,
  type HelloFrame,
  type NextFrame,
  type OutcomesFrame,
  type PingFrame,
  type PongFrame,
  type PosFrame,
  type ProblemFrame,
  type ReachFrame,
  type ReadsPart,
  type ReadyFrame,
  type ResetFrame,
  type SnapFrame,
  type StateFrame,
  type SubFrame,
  type UnsubFrame,
  type UpFrame,
  type WatchFrame,
  type WelcomeFrame,
} from './frames.ts';
export { headerNames, mediaTypes } from './headers.ts';
export type { JsonSchema } from './json-schema.ts';
export { defaultHttpLimits, type HttpLimits } from './limits.ts';
export { parseDownFrame, parseUpFrame, type ParsedUpFrame } from './parse-frame.ts';
export { problemType, type Problem, type ProblemIssue } from './problem.ts';
export { schemas } from './schemas.ts';
export { PROTOCOL_VERSION, protocolHistory } from './version.ts';
