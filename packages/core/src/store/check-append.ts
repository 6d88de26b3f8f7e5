/**
 * The checks that every event store makes, in the same words, before anything is written.
 *
 * Adapters call {@link checkAppend} on the caller's thread, and {@link checkExpected} under their writers' lock.
 */
import { InvalidMessageError, LimitExceededError, WrongExpectedRevisionError } from '../errors.ts';
import { checkJson } from '../message/json.ts';
import { checkId } from '../message/names.ts';
import type {
  AppendRequest,
  AppendStream,
  EventStoreLimits,
  ExpectedRevision,
  NewEvent,
  NewOutcome,
} from './event-store.ts';

/** Longest event type in characters. */
export const TYPE_LENGTH_MAX = 60;

/** The bounds of a store that has no reason for others. */
export const DEFAULT_LIMITS: EventStoreLimits = {
  eventsPerAppendMax: 1_000,
  streamsPerAppendMax: 200,
  bytesPerAppendMax: 4 * 1_048_576,
  tagsPerEventMax: 32,
  pageSizeMax: 1_000,
  pendingAppendsMax: 10_000,
};

/**
 * Returns when the request may be appended.
 *
 * @throws {@link InvalidMessageError} {@link LimitExceededError}
 */
export function checkAppend(request: AppendRequest, limits: EventStoreLimits): void {
  checkId(request.id, 'The append id');
  const { streams } = request;
  if (streams.length > limits.streamsPerAppendMax) {
    throw new LimitExceededError('streamsPerAppendMax', limits.streamsPerAppendMax, streams.length);
  }
  const names = new Set<string>();
  let events = 0;
  for (const stream of streams) {
    checkStream(stream);
    names.add(stream.stream);
    events += stream.events.length;
    for (const event of stream.events) checkEvent(event, limits);
  }
  if (names.size < streams.length)
    throw new InvalidMessageError('A stream stands in one append only once');
  if (events > limits.eventsPerAppendMax) {
    throw new LimitExceededError('eventsPerAppendMax', limits.eventsPerAppendMax, events);
  }
  if (events === 0 && request.outcome === undefined) {
    throw new InvalidMessageError('An append holds an event or an outcome; this one has neither');
  }
  if (request.outcome !== undefined) checkOutcome(request.outcome);
}

/**
 * Returns when a stream whose last revision is `actual` (-1: none) is as expected.
 *
 * @throws {@link WrongExpectedRevisionError}
 */
export function checkExpected(stream: string, expected: ExpectedRevision, actual: number): void {
  if (!isExpected(expected, actual)) throw new WrongExpectedRevisionError(stream, expected, actual);
}

export function isExpected(expected: ExpectedRevision, actual: number): boolean {
  switch (expected) {
    case 'any':
      return true;
    case 'no-stream':
      return actual === -1;
    case 'stream-exists':
      return actual >= 0;
  }
  return actual === expected;
}

/** Returns when the texts of an append's events, together, are within the bound. */
export function checkAppendBytes(bytes: number, limits: EventStoreLimits): void {
  if (bytes > limits.bytesPerAppendMax) {
    throw new LimitExceededError('bytesPerAppendMax', limits.bytesPerAppendMax, bytes);
  }
}

function checkOutcome({ input, refusal }: NewOutcome): void {
  checkJson(input, undefined, 'The outcome’s input');
  if (refusal !== undefined) checkJson(refusal.data, undefined, 'The refusal’s data');
}

function checkStream({ stream, expected }: AppendStream): void {
  checkStreamName(stream);
  if (typeof expected === 'number' && (!Number.isSafeInteger(expected) || expected < 0)) {
    throw new InvalidMessageError(
      `The expected revision of "${stream}" must be an integer from 0, or a word`,
    );
  }
}

/** Returns when `stream` may name a stream: `category-id`, or a system stream, whose category begins with `$`. */
export function checkStreamName(stream: string): void {
  const dash = typeof stream === 'string' ? stream.indexOf('-') : -1;
  if (dash < 1 || !CATEGORY.test(stream.slice(0, dash))) {
    throw new InvalidMessageError(
      'A stream is named "category-id", its category 1 to 40 letters and digits',
    );
  }
  checkId(stream.slice(dash + 1), 'The stream’s id');
}

function checkEvent(event: NewEvent, limits: EventStoreLimits): void {
  checkId(event.id, 'The event id');
  if (event.type.length > TYPE_LENGTH_MAX || !EVENT_TYPE.test(event.type)) {
    throw new InvalidMessageError(
      `"${event.type}" is not an event type: 1 to ${TYPE_LENGTH_MAX} letters and digits`,
    );
  }
  if (!Number.isSafeInteger(event.schemaVersion) || event.schemaVersion < 1) {
    throw new InvalidMessageError('A schema version is an integer from 1');
  }
  checkJson(event.data, undefined, `The data of "${event.type}"`);
  checkJson(event.metadata, undefined, `The metadata of "${event.type}"`);
  if (event.tags === undefined) return;
  if (event.tags.length > limits.tagsPerEventMax) {
    throw new LimitExceededError('tagsPerEventMax', limits.tagsPerEventMax, event.tags.length);
  }
  for (const tag of event.tags) checkId(tag, 'A tag');
}

const CATEGORY = /^\$?[a-z][a-zA-Z0-9]{0,39}$/;
const EVENT_TYPE = /^\$?[A-Z][a-zA-Z0-9]*$/;
