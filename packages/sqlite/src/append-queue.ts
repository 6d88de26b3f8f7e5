/**
 * Appends on their way to the writer.
 *
 * What is called in one turn goes as one message; at most {@link MESSAGES_IN_FLIGHT_MAX} messages are with the writer,
 * so that it always finds the next group when it has finished one, and what comes meanwhile piles up to the group after.
 * There is no timer. Messages and answers keep the order of the calls.
 */
import {
  ClosedError,
  ConditionFailedError,
  DEFAULT_LOG,
  IdReusedError,
  InvalidMessageError,
  OutcomeUnknownError,
  OverloadedError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type AppendRequest,
  type AppendResult,
  type EventStoreLimits,
} from '@daybook/core';

import { ANSWER, encodeAppend, PartReader, type Part } from './append-message.ts';
import { placeOf, toStoredOutcome } from './stored-outcome.ts';
import { unpackError } from './worker-message.ts';

interface Pending {
  readonly request: AppendRequest;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

interface Message {
  readonly parts: Part[];
  readonly appends: Pending[];
  size: number;
}

export class AppendQueue {
  readonly #post: (parts: readonly Part[]) => void;
  readonly #limits: EventStoreLimits;
  /** Filled and not yet sent, in order; appends go to the last. */
  readonly #waiting: Message[] = [];
  readonly #sent: Message[] = [];
  #count = 0;
  #isFlushDue = false;
  #end: Error | undefined;

  constructor(limits: EventStoreLimits, post: (parts: readonly Part[]) => void) {
    this.#limits = limits;
    this.#post = post;
  }

  /** The request has been checked. */
  async append(request: AppendRequest): Promise<AppendResult> {
    if (this.#end !== undefined) throw this.#end;
    const { pendingAppendsMax } = this.#limits;
    if (this.#count >= pendingAppendsMax) {
      throw new OverloadedError('pendingAppendsMax', pendingAppendsMax);
    }
    const message = this.#openMessage();
    message.size += encodeAppend(request, this.#limits, message.parts);
    this.#count += 1;
    this.#flushSoon();
    return new Promise((resolve, reject) => {
      message.appends.push({ request, resolve, reject });
    });
  }

  /** An answer of the writer: how many messages it is for, then the answers of their appends. */
  take(answers: readonly Part[]): void {
    const reader = new PartReader(answers);
    const messages = this.#sent.splice(0, reader.number());
    // Sent before anybody is told: the writer should not wait for what they do then.
    this.#flush();
    for (const { appends } of messages) {
      this.#count -= appends.length;
      for (const pending of appends) settle(pending, reader);
    }
  }

  /** Refuses appends from now on; those that were accepted are still sent. */
  close(): void {
    this.#end ??= new ClosedError('The event store');
    this.#flush(Infinity);
  }

  /** The writer is gone: what it was sent may have happened, what it was not sent did not. */
  fail(error: Error): void {
    this.#end = error;
    for (const { appends } of this.#sent) {
      for (const { request, reject } of appends) {
        reject(new OutcomeUnknownError(request.id, { cause: error }));
      }
    }
    for (const { appends } of this.#waiting) for (const { reject } of appends) reject(error);
    this.#sent.length = 0;
    this.#waiting.length = 0;
    this.#count = 0;
  }

  #openMessage(): Message {
    const last = this.#waiting.at(-1);
    if (
      last !== undefined &&
      last.appends.length < GROUP_APPENDS_MAX &&
      last.size < GROUP_SIZE_MAX
    ) {
      return last;
    }
    const message: Message = { parts: [], appends: [], size: 0 };
    this.#waiting.push(message);
    return message;
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#sent.length >= MESSAGES_IN_FLIGHT_MAX) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(inFlightMax = MESSAGES_IN_FLIGHT_MAX): void {
    while (this.#sent.length < inFlightMax) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      // Begun for an append that was then refused.
      if (message.appends.length === 0) continue;
      this.#sent.push(message);
      this.#post(message.parts);
    }
  }
}

function settle({ request, resolve, reject }: Pending, reader: PartReader): void {
  switch (reader.number()) {
    case ANSWER.appended:
      return resolve(appended(request, reader));
    case ANSWER.repeated:
      return resolve(repeated(reader));
    case ANSWER.idReused:
      return reject(new IdReusedError(request.id));
    case ANSWER.wrongRevision: {
      const stream = request.streams[reader.number()];
      const actual = reader.number();
      return reject(
        new WrongExpectedRevisionError(stream?.stream ?? '', stream?.expected ?? 'any', actual),
      );
    }
    case ANSWER.conditionFailed:
      return reject(new ConditionFailedError(request.condition?.after ?? -1, reader.number()));
    case ANSWER.duplicateEvent:
      return reject(new InvalidMessageError(`The log has an event with the id "${reader.text()}"`));
    case ANSWER.failed:
      return reject(
        unpackError({ code: reader.text(), message: reader.text(), position: undefined }),
      );
    case ANSWER.unknown:
      return reject(new OutcomeUnknownError(request.id));
    default:
      return reject(new StoreUnavailableError('The writer gave an answer that is none'));
  }
}

function appended(request: AppendRequest, reader: PartReader): AppendResult {
  const first = reader.numberOrNull();
  const head = placeOf(reader.number(), reader.text());
  const recordedAt = reader.number();
  return {
    status: 'appended',
    id: request.id,
    log: DEFAULT_LOG,
    contentHash: request.contentHash ?? null,
    outcome: request.outcome ?? null,
    first,
    position: first === null ? null : head.position,
    streams: request.streams.map(({ stream }) => ({ stream, revision: reader.number() })),
    head,
    recordedAt,
  };
}

function repeated(reader: PartReader): AppendResult {
  const outcome = toStoredOutcome([
    reader.text(),
    reader.textOrNull(),
    reader.textOrNull(),
    reader.numberOrNull(),
    reader.numberOrNull(),
    reader.number(),
    reader.text(),
    reader.number(),
    reader.text(),
  ]);
  return { status: 'repeated', ...outcome };
}

const MESSAGES_IN_FLIGHT_MAX = 2;
/** Appends and characters of one message: goals, which the append that reaches one may exceed. */
const GROUP_APPENDS_MAX = 1_024;
const GROUP_SIZE_MAX = 1_048_576;
