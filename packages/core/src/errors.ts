/**
 * The whole error family, on one page.
 *
 * A command refused by the domain is a value; a broken promise is one of these. Recognise an error by `code` (with
 * {@link hasCode}), never by `instanceof` alone: two copies of this package may be loaded.
 */

/** What every Daybook error is: a stable `code`, whether a repeat may help, and facts as read-only fields. */
export abstract class DaybookError extends Error {
  /** Stable, kebab-case; the catalogue is in the docs. */
  abstract readonly code: string;
  /** True when the same call may succeed later without a change by the caller. */
  readonly isRetryable: boolean = false;
  override get name(): string {
    return this.constructor.name;
  }
}

/** One thing that is wrong with a message, at a JSON pointer (`''` is the whole). */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** True for a Daybook error with this code, also one of another copy of the package. */
export function hasCode<const Code extends string>(
  error: unknown,
  code: Code,
): error is DaybookError & { readonly code: Code } {
  return error instanceof Error && 'code' in error && error.code === code && 'isRetryable' in error;
}

// Conflict: the handler decides again, a bounded number of times.

/** The stream has moved on: nothing was written. Read it again and decide again. */
export class WrongExpectedRevisionError extends DaybookError {
  readonly code = 'wrong-expected-revision';
  override readonly isRetryable = true;
  readonly stream: string;
  readonly expected: number | 'no-stream' | 'stream-exists' | 'any';
  /** The stream's last revision, -1 when it does not exist. */
  readonly actual: number;
  constructor(stream: string, expected: WrongExpectedRevisionError['expected'], actual: number) {
    super(
      `Stream "${stream}" was expected to be at ${String(expected)} but is at ${actual < 0 ? 'no-stream' : actual}. Nothing was written; read it again and decide again.`,
    );
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** An event that matches the append's condition exists after the position that the decision had read up to. */
export class ConditionFailedError extends DaybookError {
  readonly code = 'condition-failed';
  override readonly isRetryable = true;
  readonly after: number;
  /** Position of one matching event. */
  readonly position: number;
  constructor(after: number, position: number) {
    super(
      `The event at position ${position} matches the append's condition, which was read up to ${after}. Nothing was written; decide again.`,
    );
    this.after = after;
    this.position = position;
  }
}

/** Deciding again ran out: other writers kept changing what the command reads. Retry later with the same id. */
export class ContentionError extends DaybookError {
  readonly code = 'contention';
  override readonly isRetryable = true;
  readonly attempts: number;
  constructor(target: string, attempts: number, options?: ErrorOptions) {
    super(
      `"${target}" changed during each of ${attempts} attempts to decide. Nothing was written; send the command again with the same id.`,
      options,
    );
    this.attempts = attempts;
  }
}

// Invalid: the sender acts.

/** A message, id, name or value breaks a rule; every issue is listed. Nothing was written. */
export class InvalidMessageError extends DaybookError {
  readonly code = 'invalid-message';
  readonly issues: readonly Issue[];
  constructor(message: string, issues: readonly Issue[] = [], options?: ErrorOptions) {
    super(issues.length === 0 ? message : `${message}: ${describeIssues(issues)}`, options);
    this.issues = issues;
  }
}

/** No decider, decision or command of this name is registered. */
export class UnknownCommandError extends DaybookError {
  readonly code = 'unknown-command';
  readonly command: string;
  constructor(command: string) {
    super(
      `There is no command "${command}". Registered commands are listed by the application's /meta.`,
    );
    this.command = command;
  }
}

/** No read model or query of this name is registered. */
export class UnknownQueryError extends DaybookError {
  readonly code = 'unknown-query';
  readonly query: string;
  constructor(query: string) {
    super(
      `There is no query "${query}". Registered queries are listed by the application's /meta.`,
    );
    this.query = query;
  }
}

/** The id was used before with other content or by another actor. Use a new id for a new command. */
export class IdReusedError extends DaybookError {
  readonly code = 'idempotency-key-reused';
  readonly id: string;
  constructor(id: string) {
    super(`The id "${id}" was used before for another command. Use a new id for a new command.`);
    this.id = id;
  }
}

/** A UUIDv7 command id lies outside the time in which outcomes are remembered; it is never executed. */
export class ExpiredCommandError extends DaybookError {
  readonly code = 'expired';
  readonly id: string;
  constructor(id: string, retentionMs: number) {
    super(
      `The command id "${id}" is older than ${retentionMs / 86_400_000} days or more than a day ahead of the clock, so it cannot be told from a repeat. Nothing was done; send the command with a new id if it is still wanted.`,
    );
    this.id = id;
  }
}

/** The command's expected revision (`If-Match`) does not hold. Nothing was written and nothing is remembered. */
export class RevisionMismatchError extends DaybookError {
  readonly code = 'revision-mismatch';
  readonly stream: string;
  readonly expected: number | 'no-stream';
  readonly actual: number;
  constructor(stream: string, expected: number | 'no-stream', actual: number) {
    super(
      `Stream "${stream}" is at ${actual < 0 ? 'no-stream' : `revision ${actual}`}, not at ${expected}, which the sender had seen. Read it again.`,
    );
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** A named bound was hit. Make the request smaller. */
export class LimitExceededError extends DaybookError {
  readonly code = 'limit-exceeded';
  readonly limit: string;
  readonly max: number;
  constructor(limit: string, max: number, actual: number | string) {
    super(`${limit} is ${actual}; at most ${max} is allowed. Nothing was written.`);
    this.limit = limit;
    this.max = max;
  }
}

/** A `find` or `count` asks for something that no declared index serves. */
export class NotIndexedError extends DaybookError {
  readonly code = 'not-indexed';
}

// Missing: the caller acts.

/** There never was such a stream. */
export class StreamNotFoundError extends DaybookError {
  readonly code = 'stream-not-found';
  readonly stream: string;
  constructor(stream: string) {
    super(`There is no stream "${stream}".`);
    this.stream = stream;
  }
}

/** The store has no read model, or no generation, of this name. */
export class ReadModelNotFoundError extends DaybookError {
  readonly code = 'read-model-not-found';
  readonly readModel: string;
  constructor(readModel: string, generation?: number) {
    super(
      `There is no read model "${readModel}"${generation === undefined ? '' : ` with a generation ${generation}`} in this store.`,
    );
    this.readModel = readModel;
  }
}

/** No key is parked there. */
export class NotParkedError extends DaybookError {
  readonly code = 'not-parked';
  constructor(readModel: string, key: string) {
    super(`The key "${key}" of read model "${readModel}" is not parked.`);
  }
}

/** An instant, position or revision does not name a state that can be given. */
export class InvalidInstantError extends DaybookError {
  readonly code = 'invalid-instant';
}

// Unreadable: the developer acts; a processor parks the key.

/** A stored event has a type that no registered definition declares. */
export class UnknownEventTypeError extends DaybookError {
  readonly code = 'unknown-event-type';
  readonly type: string;
  constructor(type: string, options?: ErrorOptions) {
    super(
      `The stored event type "${type}" is declared by no registered decider. Declare it, or its upcaster.`,
      options,
    );
    this.type = type;
  }
}

/** A stored event could not be lifted to today's shape, or does not fit it. */
export class UpcastFailedError extends DaybookError {
  readonly code = 'upcast-failed';
  readonly type: string;
  readonly version: number;
  readonly issues: readonly Issue[];
  constructor(type: string, version: number, issues: readonly Issue[], options?: ErrorOptions) {
    super(
      `A stored "${type}" of version ${version} cannot be read as the current version: ${describeIssues(issues)}`,
      options,
    );
    this.type = type;
    this.version = version;
    this.issues = issues;
  }
}

// Processing: retry, then park the key, or stop where there is no key.

/** A read model failed on an event; the key is parked, or the read model stopped where no key could be told. */
export class ProjectionFailedError extends DaybookError {
  readonly code = 'projection-failed';
  readonly readModel: string;
  constructor(readModel: string, message: string, options?: ErrorOptions) {
    super(`Read model "${readModel}": ${message}`, options);
    this.readModel = readModel;
  }
}

/** Another process took the lease over; this one's write was thrown away. */
export class FencedError extends DaybookError {
  readonly code = 'fenced';
  readonly lease: string;
  constructor(lease: string) {
    super(
      `The lease "${lease}" was taken over by another process. This write was not done; it is theirs to do.`,
    );
    this.lease = lease;
  }
}

/** A checkpoint did not stand where the writer believed. Read it again. */
export class CheckpointMovedError extends DaybookError {
  readonly code = 'checkpoint-moved';
  constructor(readModel: string, expected: number, actual: number) {
    super(
      `The checkpoint of "${readModel}" is at ${actual}, not at ${expected}. Nothing was written.`,
    );
  }
}

// Freshness.

/** The read model is not as fresh as the token asks, and the answer says why. */
export class NotFreshError extends DaybookError {
  readonly code = 'not-fresh';
  override readonly isRetryable: boolean;
  readonly status: 'behind' | 'failed' | 'rebuilding' | 'timed-out' | 'lost-timeline';
  readonly position: number;
  constructor(status: NotFreshError['status'], readModel: string, position: number, why: string) {
    super(`Read model "${readModel}" is ${status} (at position ${position}): ${why}`);
    this.status = status;
    this.position = position;
    this.isRetryable = status === 'behind' || status === 'timed-out' || status === 'rebuilding';
  }
}

/** A token names a log that this store does not have, or that the caller may not see, or is no token at all. */
export class TokenOfAnotherStoreError extends DaybookError {
  readonly code = 'token-of-another-store';
  constructor(options?: ErrorOptions) {
    super('The token does not belong to this store. Drop it and read without a token.', options);
  }
}

/** The log is not the one that a checkpoint, token or page was taken from: it was restored, replaced or lost its tail. */
export class StoreWentBackError extends DaybookError {
  readonly code = 'store-went-back';
  readonly log: string;
  readonly position: number;
  constructor(log: string, position: number, expectedMark: string, actualMark: string | undefined) {
    super(
      actualMark === undefined
        ? `Log "${log}" ends before position ${position}, which was read from it earlier: it was replaced by an older copy.`
        : `The event at position ${position} of log "${log}" is not the one that was read there earlier (mark ${actualMark}, was ${expectedMark}): the log was replaced.`,
    );
    this.log = log;
    this.position = position;
  }
}

// Unavailable: retried with backoff and jitter.

/** The store cannot be used now. Nothing was written unless the error says so. */
export class StoreUnavailableError extends DaybookError {
  readonly code = 'store-unavailable';
  override readonly isRetryable = true;
}

/** Nobody knows whether the append happened. Send it again with the same id: it has one effect. */
export class OutcomeUnknownError extends DaybookError {
  readonly code = 'outcome-unknown';
  override readonly isRetryable = true;
  readonly id: string;
  constructor(id: string, options?: ErrorOptions) {
    super(
      `It is not known whether the append "${id}" happened. Send it again with the same id: it has one effect.`,
      options,
    );
    this.id = id;
  }
}

/** A wait took longer than its bound. */
export class TimedOutError extends DaybookError {
  readonly code = 'timed-out';
  override readonly isRetryable = true;
  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms.`);
  }
}

/** A queue with a named bound is full. Wait and retry. */
export class OverloadedError extends DaybookError {
  readonly code = 'overloaded';
  override readonly isRetryable = true;
  readonly limit: string;
  readonly max: number;
  constructor(limit: string, max: number) {
    super(`${limit} is at its bound of ${max}. Nothing was written; retry later.`);
    this.limit = limit;
    this.max = max;
  }
}

/** Another node owns the log. Send the append there. */
export class NotOwnerError extends DaybookError {
  readonly code = 'not-owner';
  override readonly isRetryable = true;
  readonly log: string;
  /** The owner's configured node id, or undefined while there is none. */
  readonly owner: string | undefined;
  constructor(log: string, owner: string | undefined) {
    super(
      owner === undefined
        ? `Log "${log}" has no owner at the moment. Nothing was written.`
        : `Log "${log}" is owned by node "${owner}". Nothing was written; send it there.`,
    );
    this.log = log;
    this.owner = owner;
  }
}

/** An import was refused at a line; what came before it is kept and the import can go on from there. */
export class ImportRefusedError extends DaybookError {
  readonly code = 'import-refused';
  readonly position: number | undefined;
  constructor(message: string, position?: number, options?: ErrorOptions) {
    super(message, options);
    this.position = position;
  }
}

// Unsupported, closed, defined wrongly: the developer acts.

/** The store does not have this capability; nothing is degraded in silence. */
export class UnsupportedCapabilityError extends DaybookError {
  readonly code = 'unsupported-capability';
  readonly capability: string;
  constructor(capability: string, message: string) {
    super(message);
    this.capability = capability;
  }
}

/** A file, database or runtime cannot be used as it is; the sentence says what to do. */
export class IncompatibleStoreError extends DaybookError {
  readonly code = 'incompatible-store';
}

/** The thing was closed. */
export class ClosedError extends DaybookError {
  readonly code = 'closed';
  constructor(what: string) {
    super(`${what} is closed.`);
  }
}

/** A decider, decision, read model or application is defined wrongly. */
export class DefinitionError extends DaybookError {
  readonly code = 'invalid-definition';
}

function describeIssues(issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, ISSUES_SHOWN_MAX)
    .map(({ path, message }) => `${path === '' ? 'value' : path}: ${message}`);
  const rest = issues.length - shown.length;
  return shown.join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

const ISSUES_SHOWN_MAX = 20;
