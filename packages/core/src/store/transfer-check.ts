/** What one event or outcome of an export must be, taken alone; the checks of a plain append, and what is recorded besides. */
import { InvalidMessageError } from '../errors.ts';
import type { EventMetadata, RecordedEvent } from '../message/event.ts';
import { checkJson, type Json } from '../message/json.ts';
import { checkId, streamIdOf } from '../message/names.ts';
import { checkAppend, checkStreamName } from './check-append.ts';
import type {
  EventStoreLimits,
  NewEvent,
  NewOutcome,
  StoredOutcome,
  StreamRevision,
} from './event-store.ts';
import type { LogPlace } from './log-place.ts';
import { isObject } from './transfer-lines.ts';

type Members = Readonly<Record<string, unknown>>;

/** The event of a line, or {@link InvalidMessageError}. `log` is where it goes. */
export function checkedEvent(value: unknown, log: string, limits: EventStoreLimits): RecordedEvent {
  const members = object(value, 'event');
  const stream = text(members, 'stream');
  const { data, metadata = {}, tags = [] } = members;
  checkJson(data, undefined, 'The data');
  checkJson(metadata, undefined, 'The metadata');
  if (!isMetadata(metadata)) throw new InvalidMessageError('"metadata" must be an object');
  if (!isTexts(tags)) throw new InvalidMessageError('"tags" must be a list of strings');
  const event: NewEvent = {
    id: text(members, 'id'),
    type: text(members, 'type'),
    schemaVersion: whole(members, 'schemaVersion', 1),
    data,
    metadata,
    tags,
  };
  checkAppend({ id: event.id, streams: [{ stream, expected: 'any', events: [event] }] }, limits);
  return {
    ...event,
    tags,
    log,
    stream,
    streamId: streamIdOf(stream),
    position: whole(members, 'position', 0),
    commit: whole(members, 'commit', 0),
    revision: whole(members, 'revision', 0),
    recordedAt: whole(members, 'recordedAt', 0),
  };
}

/** The outcome of a line, or {@link InvalidMessageError}. */
export function checkedOutcome(value: unknown, log: string): StoredOutcome {
  const members = object(value, 'outcome');
  const id = text(members, 'id');
  checkId(id, 'The outcome’s id');
  const { streams } = members;
  if (!Array.isArray(streams)) throw new InvalidMessageError('"streams" must be a list');
  const position = wholeOrNull(members, 'position');
  const first = wholeOrNull(members, 'first');
  if ((first === null) !== (position === null) || (first ?? 0) > (position ?? 0)) {
    throw new InvalidMessageError(
      '"first" and "position" must both be null, or name an append’s first and last event',
    );
  }
  return {
    id,
    log,
    contentHash: textOrNull(members, 'contentHash'),
    outcome: members['outcome'] === null ? null : newOutcome(members['outcome']),
    first,
    position,
    streams: streams.map(streamRevision),
    head: place(members['head']),
    recordedAt: whole(members, 'recordedAt', 0),
  };
}

/** A place of a header or outcome, or {@link InvalidMessageError}. */
export function place(value: unknown): LogPlace {
  const members = object(value, 'head');
  return { position: whole(members, 'position', -1), mark: text(members, 'mark') };
}

/** The text of a member, or {@link InvalidMessageError}. */
export function text(members: Members, name: string): string {
  const value = members[name];
  if (typeof value !== 'string') throw new InvalidMessageError(`"${name}" must be a string`);
  return value;
}

/** The whole number of a member, at least `min`, or {@link InvalidMessageError}. */
export function whole(members: Members, name: string, min: number): number {
  const value = members[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
  throw new InvalidMessageError(`"${name}" must be an integer from ${min}`);
}

function newOutcome(value: unknown): NewOutcome {
  const members = object(value, 'outcome');
  const { input = null, refusal } = members;
  checkJson(input, undefined, 'The outcome’s input');
  return {
    actor: textOrNull(members, 'actor'),
    command: text(members, 'command'),
    input,
    ...(refusal === undefined ? {} : { refusal: refusalOf(refusal) }),
  };
}

function refusalOf(value: unknown): { readonly type: string; readonly data: Json } {
  const members = object(value, 'refusal');
  const { data } = members;
  checkJson(data, undefined, 'The refusal’s data');
  return { type: text(members, 'type'), data };
}

function streamRevision(value: unknown): StreamRevision {
  const members = object(value, 'streams');
  const stream = text(members, 'stream');
  checkStreamName(stream);
  return { stream, revision: whole(members, 'revision', -1) };
}

function object(value: unknown, what: string): Members {
  if (isObject(value)) return value;
  throw new InvalidMessageError(`"${what}" must be an object`);
}

function textOrNull(members: Members, name: string): string | null {
  return (members[name] ?? null) === null ? null : text(members, name);
}

function wholeOrNull(members: Members, name: string): number | null {
  return (members[name] ?? null) === null ? null : whole(members, name, 0);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isMetadata(value: Json): value is EventMetadata & Json {
  return isObject(value);
}
