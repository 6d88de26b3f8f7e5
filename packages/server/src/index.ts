/** A started application over HTTP and WebSocket. */
export type {
  Actor,
  AdminAsked,
  Asked,
  Authenticate,
  AuthenticationRequest,
  Authorize,
  AuthorizeAdmin,
  AuthorizeHistory,
  HistoryAsked,
  Verdict,
} from './authorisation.ts';
export type { FetchInfo } from './facades/fetch.ts';
export type { Listening, ListenOptions } from './facades/listen.ts';
export { httpHandler, type HttpHandler } from './http-handler.ts';
export { ListenError } from './listen-error.ts';
export type { HttpOptions } from './options.ts';
export type { ReportedError } from './problem.ts';
