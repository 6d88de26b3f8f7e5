/**
 * Problem details (RFC 9457): what every error over HTTP and every `problem` frame carries.
 *
 * Recognise a problem by `code`; `detail` is for people. Facts of a code come as further members, named below.
 */
import type { JsonSchema } from './json-schema.ts';

export interface Problem {
  /** `urn:daybook:problem:` and the code. */
  readonly type: string;
  readonly title: string;
  /** The HTTP status, also in frames. */
  readonly status: number;
  /** Stable, kebab-case. */
  readonly code: string;
  readonly detail: string;
  /** The same request may succeed later without a change. A command is repeated with the same id. */
  readonly retryable: boolean;
  /** Everything that is wrong with the request, not the first thing only. */
  readonly errors?: readonly ProblemIssue[];
  /** Of a refused command: what its decider answered. */
  readonly refusal?: { readonly type: string; readonly data: unknown };
  /** Of a refused command. */
  readonly commandId?: string;
  /** Of a refused command: where its refusal is stored. */
  readonly token?: string;
  /** Of `revision-mismatch`: the stream's revision, null where it does not exist. */
  readonly revision?: number | null;
  /** Of an answer that is not fresh: where the read model stands. */
  readonly position?: number;
  /** Of `projection-behind` and `timed-out`: events still to be read. */
  readonly behind?: number;
  /** Of `internal`: what the operator finds in the log. */
  readonly errorId?: string;
}

export interface ProblemIssue {
  /** JSON pointer into the body, the parameters or the frame; `''` is the whole. */
  readonly pointer: string;
  readonly detail: string;
}

/** The `type` of a problem with this code. */
export function problemType(code: string): string {
  return `urn:daybook:problem:${code}`;
}

export const problemSchema: JsonSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string' },
    detail: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    refusal: {
      type: 'object',
      required: ['type', 'data'],
      properties: { type: { type: 'string' }, data: {} },
    },
    commandId: { type: 'string' },
    token: { type: 'string' },
    revision: { type: ['integer', 'null'] },
    position: { type: 'integer' },
    behind: { type: 'integer' },
    errorId: { type: 'string' },
  },
};
