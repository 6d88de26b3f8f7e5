/** From an error to problem details. HTTP status numbers of error codes stand here and nowhere else. */
import type { Issue, NotFreshAnswer, RefusedOutcome } from '@daybook/core';
import { headerNames, mediaTypes, problemType, type Problem } from '@daybook/protocol';

import type { Reply } from './exchange.ts';

/** An error that the server itself gives; errors of the core keep their own classes. */
export class HttpProblem extends Error {
  readonly code: HttpProblemCode;
  readonly issues: readonly Issue[];
  /** Further headers, names and values in turn. */
  readonly headers: readonly string[];
  constructor(
    code: HttpProblemCode,
    detail: string,
    issues: readonly Issue[] = [],
    headers: readonly string[] = [],
  ) {
    super(detail);
    this.code = code;
    this.issues = issues;
    this.headers = headers;
  }
}

export type HttpProblemCode =
  | 'invalid-message'
  | 'invalid-request'
  | 'unauthenticated'
  | 'forbidden'
  | 'host-not-allowed'
  | 'origin-not-allowed'
  | 'not-found'
  | 'method-not-allowed'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'upgrade-required'
  | 'unsupported-capability'
  | 'too-many-connections'
  | 'too-many-subscriptions'
  | 'too-many-awaits'
  | 'subscription-exists'
  | 'protocol-unsupported'
  | 'closed';

interface Row {
  readonly status: number;
  readonly title: string;
  /** Said instead of the error's own sentence, which may speak of things inside. */
  readonly detail?: string;
}

/** Every code that can reach a caller. A test compares it with the error family of the core. */
const problemRows: Readonly<Record<string, Row>> = {
  'invalid-message': { status: 400, title: 'The message is not valid' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-instant': { status: 400, title: 'No state can be given there' },
  'not-indexed': { status: 400, title: 'No declared index serves this' },
  'unsupported-capability': { status: 400, title: 'Not supported' },
  'protocol-unsupported': { status: 400, title: 'This protocol version is not spoken here' },
  unauthenticated: { status: 401, title: 'Nobody was authenticated' },
  forbidden: { status: 403, title: 'Not allowed' },
  'host-not-allowed': { status: 403, title: 'This host is not served' },
  'origin-not-allowed': { status: 403, title: 'This origin may not do that' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'unknown-command': { status: 404, title: 'There is no such command' },
  'unknown-query': { status: 404, title: 'There is no such query' },
  'stream-not-found': { status: 404, title: 'There is no such stream' },
  'read-model-not-found': { status: 404, title: 'There is no such read model' },
  'not-parked': { status: 404, title: 'The key is not parked' },
  'method-not-allowed': { status: 405, title: 'This method is not served here' },
  contention: { status: 409, title: 'Others kept changing it' },
  'wrong-expected-revision': { status: 409, title: 'The stream has moved on' },
  'condition-failed': { status: 409, title: 'What was read has changed' },
  'token-of-another-store': { status: 409, title: 'The token is of another store' },
  'lost-timeline': { status: 409, title: 'The log is not the one that was read' },
  'store-went-back': { status: 409, title: 'The log is not the one that was read' },
  'subscription-exists': { status: 409, title: 'A subscription with this id is open' },
  'revision-mismatch': { status: 412, title: 'The stream is at another revision' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'limit-exceeded': { status: 413, title: 'A bound was exceeded' },
  'unsupported-media-type': { status: 415, title: 'Only JSON is taken' },
  'upgrade-required': { status: 426, title: 'This is a WebSocket' },
  refused: { status: 422, title: 'The command was refused' },
  'idempotency-key-reused': { status: 422, title: 'The id was used for another command' },
  expired: { status: 422, title: 'The command id is too old' },
  'import-refused': { status: 422, title: 'The import was refused' },
  'too-many-connections': { status: 429, title: 'Too many connections' },
  'too-many-subscriptions': { status: 429, title: 'Too many subscriptions' },
  'too-many-awaits': { status: 429, title: 'Too many awaits' },
  internal: {
    status: 500,
    title: 'Something went wrong inside',
    detail: 'The error was recorded by the server under the id given here.',
  },
  'unknown-event-type': {
    status: 500,
    title: 'A stored event cannot be read',
    detail: 'A stored event has a type that this application does not declare.',
  },
  'upcast-failed': {
    status: 500,
    title: 'A stored event cannot be read',
    detail: 'A stored event does not fit what this application declares.',
  },
  'incompatible-store': {
    status: 500,
    title: 'The store cannot be used',
    detail: 'The store cannot be used by this application as it is.',
  },
  'invalid-definition': {
    status: 500,
    title: 'The application is defined wrongly',
    detail: 'A definition of this application breaks a rule.',
  },
  'projection-behind': { status: 503, title: 'Not yet that fresh' },
  'timed-out': { status: 503, title: 'Not fresh enough in time' },
  rebuilding: { status: 503, title: 'The read model is being built' },
  'projection-failed': { status: 503, title: 'The read model failed there' },
  'not-fresh': { status: 503, title: 'Not fresh enough' },
  overloaded: { status: 503, title: 'Too much is waiting' },
  'outcome-unknown': { status: 503, title: 'The outcome is not known' },
  'not-owner': {
    status: 503,
    title: 'Another node owns the log',
    detail: 'Another node owns the log. Nothing was written; send it again.',
  },
  'store-unavailable': {
    status: 503,
    title: 'The store cannot be used now',
    detail: 'The store cannot be used now. Send it again later, a command with the same id.',
  },
  fenced: {
    status: 503,
    title: 'Another process took over',
    detail: 'Another process took this work over. Try again.',
  },
  'checkpoint-moved': {
    status: 503,
    title: 'Another process took over',
    detail: 'Another process took this work over. Try again.',
  },
  closed: {
    status: 503,
    title: 'The server is stopping',
    detail: 'The server is stopping. Try again.',
  },
};

/** What `onError` is told of, besides the problem: everything whose sentence was withheld. */
export interface ReportedError {
  readonly error: unknown;
  readonly errorId: string;
}

/**
 * The problem of an error; `report` is called for those whose own sentence is not told.
 *
 * @param newId gives the id under which the error is reported.
 */
export function problemOf(
  error: unknown,
  newId: () => string,
  report: (reported: ReportedError) => void,
): Problem {
  const code = codeOf(error);
  const row = rowOf(code);
  const isTold =
    error instanceof HttpProblem || (error instanceof Error && row?.detail === undefined);
  if (isTold && row !== undefined) {
    return { ...problem(code, error.message, isRetryable(error)), ...factsOf(error) };
  }
  const errorId = newId();
  try {
    report({ error, errorId });
  } catch {
    // Who listens must not decide whether there is an answer.
  }
  const known = error instanceof Error && row !== undefined;
  return {
    ...(known ? problem(code, row.detail, isRetryable(error)) : problem('internal')),
    errorId,
  };
}

/** A problem of a code in the table; the sentence is the table's own where none is given. */
export function problem(code: string, detail?: string, retryable?: boolean): Problem {
  const { status, title, detail: own } = rowOf(code) ?? { status: 500, title: code };
  return {
    type: problemType(code),
    title,
    status,
    code,
    detail: detail ?? own ?? title,
    retryable: retryable ?? (status === 503 || status === 429),
  };
}

/** The problem of a command that its decider refused. */
export function refusalProblem({ refusal, commandId, token }: RefusedOutcome): Problem {
  return {
    ...problem('refused', `The command was refused: ${refusal.type}.`),
    refusal,
    commandId,
    token,
  };
}

/** The problem of a query that is not as fresh as was asked. */
export function notFreshProblem({ status, position, why, behind }: NotFreshAnswer): Problem {
  return {
    ...problem(
      notFreshCodes[status],
      status === 'failed' ? failedDetail : why,
      status !== 'lost-timeline',
    ),
    position,
    ...(behind === undefined ? {} : { behind }),
  };
}

/** The reason may quote a handler's own error, which is for whoever may see `/health` and `/admin/parked`. */
const failedDetail =
  'The read model failed on an event of this key, which waits for an operator to mend it.';

const notFreshCodes: Readonly<Record<NotFreshAnswer['status'], string>> = {
  behind: 'projection-behind',
  failed: 'projection-failed',
  rebuilding: 'rebuilding',
  'timed-out': 'timed-out',
  'lost-timeline': 'lost-timeline',
};

/** A problem as an answer; `Retry-After` stands on every 429 and 503. */
export function problemReply(body: Problem, headers: readonly string[] = []): Reply {
  const { status } = body;
  const own = [
    'content-type',
    mediaTypes.problem,
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ];
  if (status === 503 || status === 429) own.push('retry-after', '1');
  if (body.token !== undefined) own.push(headerNames.consistencyToken, body.token);
  if (status === 401) own.push('www-authenticate', 'Bearer');
  own.push(...headers);
  return { status, headers: own, body: JSON.stringify(body) };
}

function factsOf(error: Error): Partial<Problem> {
  const issues: unknown = 'issues' in error ? error.issues : undefined;
  const facts: { -readonly [Key in keyof Problem]?: Problem[Key] } = {};
  if (Array.isArray(issues) && issues.length > 0) {
    facts.errors = (issues as readonly Issue[]).map(({ path, message }) => ({
      pointer: path,
      detail: message,
    }));
  }
  if (
    codeOf(error) === 'revision-mismatch' &&
    'actual' in error &&
    typeof error.actual === 'number'
  ) {
    facts.revision = error.actual < 0 ? null : error.actual;
  }
  if (codeOf(error) === 'outcome-unknown' && 'id' in error && typeof error.id === 'string')
    facts.commandId = error.id;
  return facts;
}

/** Only of our own errors: a driver's error may have a code of the same name and a sentence that is not for callers. */
function codeOf(error: unknown): string {
  const isOurs = error instanceof HttpProblem || (error instanceof Error && 'isRetryable' in error);
  return isOurs && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Undefined where the error's class says nothing: then the status decides. */
function isRetryable(error: Error): boolean | undefined {
  return 'isRetryable' in error && typeof error.isRetryable === 'boolean'
    ? error.isRetryable
    : undefined;
}

function rowOf(code: string): Row | undefined {
  return Object.hasOwn(problemRows, code) ? problemRows[code] : undefined;
}
