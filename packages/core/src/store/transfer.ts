/**
 * A log as text: what `daybook export` writes and `daybook import` reads.
 *
 * Format: NDJSON in UTF-8, each line at most {@link TRANSFER_LINE_BYTES_MAX} bytes:
 * - first `{ "daybook": "export", "version": 1, "log", "epoch", "head": { "position", "mark" } }`;
 * - then the log in order: `{ "event": RecordedEvent }` (without `streamId`; `tags` only where there are any), and after the
 *   last event of an append its `{ "outcome": StoredOutcome }`; outcomes without events stand after the head that they name;
 * - last `{ "end": { "events", "outcomes" } }`, so that a file that was cut off is noticed.
 * A line that would be longer stands as pieces of its text: `{ "part": "…" }` lines and then `{ "last": "…" }`.
 */
import type { RecordedEvent } from '../message/event.ts';
import type { EventStore, StoredOutcome } from './event-store.ts';
import { DEFAULT_LOG, LOG_START, type LogPlace } from './log-place.ts';

/** Longest line of an export, in bytes of UTF-8, its line feed not counted. */
export const TRANSFER_LINE_BYTES_MAX = 1_048_576;

/** The form's version; a reader refuses others. */
export const TRANSFER_VERSION = 1;

export interface ExportOptions {
  /** Default: the only log of the store. */
  readonly log?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After each page: how many events were given, of how many. */
  readonly onProgress?:
    | ((progress: { readonly events: number; readonly eventsTotal: number }) => void)
    | undefined;
}

/**
 * The log up to its head at the beginning, as lines that end with a line feed; what is appended meanwhile is left out.
 *
 * Nothing is held but a page. The same log gives the same text.
 *
 * @throws {@link StoreWentBackError} when the log is replaced while it is read; the reason of `signal` when it is aborted.
 */
export async function* exportLog(
  store: EventStore,
  options: ExportOptions = {},
): AsyncGenerator<string, void> {
  const { signal, onProgress } = options;
  const log = options.log ?? (await store.logs())[0] ?? DEFAULT_LOG;
  const head = await store.head(log);
  yield* lines({ daybook: 'export', version: TRANSFER_VERSION, log, epoch: store.epoch, head });
  const outcomes = outcomesByPlace(store, log, head.position);
  let outcome = await outcomes.next();
  let events = 0;
  let outcomeCount = 0;
  async function* outcomesAt(position: number): AsyncGenerator<string, void> {
    while (outcome.done !== true && placeOf(outcome.value) <= position) {
      yield* lines({ outcome: outcome.value });
      outcomeCount += 1;
      outcome = await outcomes.next();
    }
  }
  yield* outcomesAt(LOG_START.position);
  let after: LogPlace = LOG_START;
  while (after.position < head.position) {
    const page = await store.read({ log, after, upTo: head.position, limit: EXPORT_PAGE_SIZE });
    for (const event of page.events) {
      signal?.throwIfAborted();
      yield* lines({ event: exported(event) });
      events += 1;
      if (event.position === event.commit) yield* outcomesAt(event.position);
    }
    after = page.scannedTo;
    onProgress?.({ events, eventsTotal: head.position + 1 });
  }
  yield* lines({ end: { events, outcomes: outcomeCount } });
}

/**
 * Outcomes in the order of their places: the last event of the append, or the head where it wrote none.
 *
 * The store gives them in the order of their heads. Appends of one transaction share a head, and their places lie above the
 * head of the transaction before: so outcomes of equal head are sorted by place, and the whole is in order.
 */
async function* outcomesByPlace(
  store: EventStore,
  log: string,
  upTo: number,
): AsyncGenerator<StoredOutcome, void> {
  let group: StoredOutcome[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.readOutcomes({ log, ...(cursor === null ? {} : { cursor }) });
    for (const outcome of page.outcomes) {
      if (group[0] !== undefined && group[0].head.position !== outcome.head.position) {
        yield* inOrder(group);
        group = [];
      }
      if (outcome.head.position > upTo) return;
      group.push(outcome);
    }
    cursor = page.next;
  } while (cursor !== null);
  yield* inOrder(group);
}

function inOrder(group: readonly StoredOutcome[]): readonly StoredOutcome[] {
  return group.toSorted((left, right) => placeOf(left) - placeOf(right));
}

function placeOf(outcome: StoredOutcome): number {
  return outcome.position ?? outcome.head.position;
}

/** Members are named, not spread: a store may give events whose members are read on demand. */
function exported(
  event: RecordedEvent,
): Omit<RecordedEvent, 'streamId' | 'tags'> & { tags?: readonly string[] } {
  const {
    id,
    log,
    position,
    commit,
    stream,
    revision,
    type,
    schemaVersion,
    data,
    metadata,
    tags,
    recordedAt,
  } = event;
  const rest = { data, metadata, ...(tags.length === 0 ? {} : { tags }), recordedAt };
  return { id, log, position, commit, stream, revision, type, schemaVersion, ...rest };
}

/** The line, or the pieces of one that is too long. A piece's JSON takes at most 3 bytes for each of its units, and its quotes. */
function* lines(content: object): Generator<string> {
  const text = JSON.stringify(content);
  if (text.length * 3 <= TRANSFER_LINE_BYTES_MAX || byteLength(text) <= TRANSFER_LINE_BYTES_MAX) {
    yield `${text}\n`;
    return;
  }
  for (let start = 0; start < text.length; start += PART_LENGTH) {
    const piece = text.slice(start, start + PART_LENGTH);
    const isLast = start + PART_LENGTH >= text.length;
    yield `${JSON.stringify(isLast ? { last: piece } : { part: piece })}\n`;
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

const EXPORT_PAGE_SIZE = 500;
const PART_LENGTH = 262_144;
