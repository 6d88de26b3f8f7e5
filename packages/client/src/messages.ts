/** Commands, decisions and queries as requests, and answers as the application's own. */
import {
  InvalidMessageError,
  type CommandMessage,
  type DecisionMessage,
  type QueryMessage,
} from '@daybook/core';
import {
  headerNames,
  type CommandAnswer,
  type DecisionAnswer,
  type Problem,
  type QueryAnswer,
} from '@daybook/protocol';
import type { ProblemError } from './errors.ts';
import type { HttpAnswer } from './http.ts';
import type { HeadersOption } from './options.ts';

/** Where a command or decision is sent. */
export function commandPath(message: CommandMessage | DecisionMessage): string {
  return message.kind === 'decision'
    ? `decisions/${segment(message.decision)}`
    : `commands/${segment(message.decider)}/${segment(message.id)}/${segment(message.command)}`;
}

export function queryPath({ readModel, query }: QueryMessage): string {
  return `queries/${segment(readModel)}/${segment(query)}`;
}

/** One segment of a path. `.` and `..` would be taken for steps by every URL parser; they are no ids anyway. */
export function segment(text: string): string {
  if (text === '' || text === '.' || text === '..' || !text.isWellFormed()) {
    throw new InvalidMessageError(`"${text}" cannot be an id or a name`);
  }
  return encodeURIComponent(text);
}

export interface SendOptions {
  /** The command's id; sending it again with the same one has one effect. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** Only if the stream is at this revision; not for decisions. */
  readonly expectedRevision?: number | 'no-stream' | undefined;
  readonly correlationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function sendHeaders(id: string, options: SendOptions): HeadersOption {
  const { expectedRevision, correlationId, traceparent } = options;
  return {
    [headerNames.idempotencyKey]: headerText(id),
    ...(expectedRevision === 'no-stream' ? { [headerNames.ifNoneMatch]: '*' } : {}),
    ...(typeof expectedRevision === 'number'
      ? { [headerNames.ifMatch]: `"${expectedRevision}"` }
      : {}),
    ...(correlationId === undefined ? {} : { [headerNames.correlationId]: correlationId }),
    ...(traceparent === undefined ? {} : { [headerNames.traceparent]: traceparent }),
  };
}

/** The outcome of an accepted command, in the form of the application's own `send`. */
export function acceptedOutcome({ body, headers }: HttpAnswer): object {
  const answer = body as CommandAnswer | DecisionAnswer;
  const stream = 'stream' in answer ? answer.stream : null;
  const revision = 'revision' in answer ? answer.revision : null;
  const streams = 'streams' in answer ? answer.streams : { [stream ?? '']: revision };
  const isRepeated = headers.get(headerNames.idempotencyReplayed) === 'true';
  return { ...answer, status: 'accepted', stream, revision, streams, isRepeated };
}

/** The outcome of a refused command; undefined for any other problem. */
export function refusedOutcome({ problem, isReplayed }: ProblemError): object | undefined {
  const { refusal, commandId, token } = problem;
  return refusal === undefined
    ? undefined
    : { status: 'refused', commandId, refusal, token, isRepeated: isReplayed };
}

export function freshAnswer({ body }: HttpAnswer): object {
  return { status: 'fresh', ...(body as QueryAnswer) };
}

/** What the server's codes of answers that are not fresh are called as a status. */
export const notFreshStatus: Readonly<
  Record<string, 'behind' | 'failed' | 'rebuilding' | 'timed-out' | 'lost-timeline'>
> = {
  'projection-behind': 'behind',
  'projection-failed': 'failed',
  rebuilding: 'rebuilding',
  'timed-out': 'timed-out',
  'lost-timeline': 'lost-timeline',
};

/** The typed answer that a query is not fresh; undefined for any other problem. */
export function notFreshAnswer(problem: Problem): object | undefined {
  const status = Object.hasOwn(notFreshStatus, problem.code)
    ? notFreshStatus[problem.code]
    : undefined;
  if (status === undefined) return undefined;
  const { position = -1, detail, behind } = problem;
  return { status, position, why: detail, ...(behind === undefined ? {} : { behind }) };
}

/** An id as an RFC 8941 string; headers carry ASCII. */
function headerText(id: string): string {
  if (!/^[ -~]{1,256}$/.test(id)) {
    throw new InvalidMessageError(
      'Over HTTP, a command’s id is 1 to 256 printable ASCII characters',
    );
  }
  return /^[\w.:-]+$/.test(id) ? id : `"${id.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
