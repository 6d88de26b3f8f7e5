/**
 * Appends and their answers on their way between the caller's thread and the writer's.
 *
 * Format: one flat array of strings, numbers and nulls for many appends, since structured clone of objects is dear. An
 * append is `id, contentHash, outcome, condition, after, n` and n streams; a stream `stream, expected, m` and m events;
 * an event `id, type, schemaVersion, data, metadata, tags`. Texts of JSON stay texts. Answers stand in the order of the
 * appends; see {@link Answer}.
 */
import {
  checkAppendBytes,
  utf8Length,
  type AppendRequest,
  type EventStoreLimits,
  type ExpectedRevision,
} from '@daybook/core';

export type Part = string | number | null;

/** An append as the writer sees it. */
export interface WireAppend {
  readonly id: string;
  readonly contentHash: string | null;
  readonly outcome: string | null;
  /** JSON of the condition's query. */
  readonly condition: string | null;
  readonly after: number;
  readonly streams: readonly WireStream[];
}

export interface WireStream {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly WireEvent[];
}

export interface WireEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
  /** JSON of the tags, each once; null where there are none. */
  readonly tags: string | null;
}

/** The first part of each answer says what follows; named in the order in which it stands. */
export const ANSWER = {
  /** first or null, head position, head mark, recordedAt, then a revision for each stream. */
  appended: 0,
  /** The row of the id; see `OutcomeRow`. */
  repeated: 1,
  idReused: 2,
  /** Index of the stream, its actual revision. */
  wrongRevision: 3,
  /** Position of a matching event. */
  conditionFailed: 4,
  /** The event id that the log has. */
  duplicateEvent: 5,
  /** Code and message of a store error; nothing was written. */
  failed: 6,
  /** Message; nobody knows. */
  unknown: 7,
} as const;

export type Answer = readonly [kind: number, ...parts: Part[]];

/**
 * Adds an append to a message.
 *
 * @returns the characters that it takes.
 * @throws {@link LimitExceededError} the message is left as it was.
 */
export function encodeAppend(
  request: AppendRequest,
  limits: EventStoreLimits,
  parts: Part[],
): number {
  const start = parts.length;
  const { condition, outcome } = request;
  const outcomeText = outcome === undefined ? null : JSON.stringify(outcome);
  const conditionText = condition === undefined ? null : JSON.stringify(condition.query);
  parts.push(request.id, request.contentHash ?? null, outcomeText, conditionText);
  parts.push(condition?.after ?? -1, request.streams.length);
  let bytes = 0;
  for (const { stream, expected, events } of request.streams) {
    parts.push(
      stream,
      typeof expected === 'number' ? expected : EXPECTED_NUMBER[expected],
      events.length,
    );
    for (const event of events) {
      const data = JSON.stringify(event.data);
      const metadata = JSON.stringify(event.metadata);
      bytes += utf8Length(data) + utf8Length(metadata);
      const tags =
        event.tags === undefined || event.tags.length === 0 ? null : [...new Set(event.tags)];
      parts.push(event.id, event.type, event.schemaVersion, data, metadata);
      parts.push(tags === null ? null : JSON.stringify(tags));
    }
  }
  try {
    checkAppendBytes(bytes, limits);
  } catch (error) {
    parts.length = start;
    throw error;
  }
  return bytes + (outcomeText?.length ?? 0);
}

/** Reads a message's parts in their order. */
export class PartReader {
  readonly #parts: readonly Part[];
  #next = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#parts.length;
  }

  text(): string {
    const part = this.#take();
    if (typeof part !== 'string')
      throw new TypeError(`Part ${this.#next - 1} of a message is no text`);
    return part;
  }

  number(): number {
    const part = this.#take();
    if (typeof part !== 'number')
      throw new TypeError(`Part ${this.#next - 1} of a message is no number`);
    return part;
  }

  textOrNull(): string | null {
    const part = this.#take();
    if (typeof part === 'number')
      throw new TypeError(`Part ${this.#next - 1} of a message is no text`);
    return part;
  }

  numberOrNull(): number | null {
    const part = this.#take();
    if (typeof part === 'string')
      throw new TypeError(`Part ${this.#next - 1} of a message is no number`);
    return part;
  }

  #take(): Part {
    const part = this.#parts[this.#next];
    if (part === undefined) throw new RangeError('A message ends too early');
    this.#next += 1;
    return part;
  }
}

/** The appends of a message, in order. */
export function decodeAppends(parts: readonly Part[], appends: WireAppend[]): void {
  const reader = new PartReader(parts);
  while (!reader.isAtEnd) appends.push(decodeAppend(reader));
}

function decodeAppend(reader: PartReader): WireAppend {
  const id = reader.text();
  const contentHash = reader.textOrNull();
  const outcome = reader.textOrNull();
  const condition = reader.textOrNull();
  const after = reader.number();
  const streams: WireStream[] = [];
  for (let count = reader.number(); count > 0; count -= 1) streams.push(decodeStream(reader));
  return { id, contentHash, outcome, condition, after, streams };
}

function decodeStream(reader: PartReader): WireStream {
  const stream = reader.text();
  const expected = toExpected(reader.number());
  const events: WireEvent[] = [];
  for (let count = reader.number(); count > 0; count -= 1) events.push(decodeEvent(reader));
  return { stream, expected, events };
}

function decodeEvent(reader: PartReader): WireEvent {
  return {
    id: reader.text(),
    type: reader.text(),
    schemaVersion: reader.number(),
    data: reader.text(),
    metadata: reader.text(),
    tags: reader.textOrNull(),
  };
}

function toExpected(code: number): ExpectedRevision {
  if (code >= 0) return code;
  if (code === EXPECTED_NUMBER['no-stream']) return 'no-stream';
  return code === EXPECTED_NUMBER['stream-exists'] ? 'stream-exists' : 'any';
}

const EXPECTED_NUMBER = { 'no-stream': -1, 'stream-exists': -2, any: -3 } as const;
