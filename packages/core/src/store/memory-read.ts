/** Pages of a memory log: pages of the log begin and end at appends, pages of a stream need not. */
import type { EventQuery } from '../message/event-query.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { LogPage, ReadOptions, ReadStreamOptions, StreamPage } from './event-store.ts';
import { LOG_START, type LogPlace } from './log-place.ts';
import { countWhile, type MemoryEvent, type MemoryLog } from './memory-log.ts';

/** One page of the log; the mark of `after` has been compared. */
export function readMemoryLog(log: MemoryLog, options: ReadOptions, pageSizeMax: number): LogPage {
  const upTo = log.commitAtOrBelow(options.upTo ?? log.headPosition);
  const limit = Math.min(options.limit ?? pageSizeMax, pageSizeMax);
  const after = typeof options.after === 'object' ? options.after.position : options.after;
  const { events, scannedTo } =
    options.backwards === true
      ? takeDown(log, options.query, Math.min(after ?? Infinity, upTo + 1), limit)
      : takeUp(log, options.query, { after: after ?? LOG_START.position, upTo, limit });
  return { events, scannedTo, head: log.head() };
}

interface Taken {
  readonly events: readonly RecordedEvent[];
  readonly scannedTo: LogPlace;
}

interface Stretch {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

function takeUp(
  log: MemoryLog,
  query: EventQuery | undefined,
  { after, upTo, limit }: Stretch,
): Taken {
  const events: RecordedEvent[] = [];
  let end = Infinity;
  for (const position of query === undefined
    ? ascending(after, upTo)
    : log.ascending(query, after, upTo)) {
    const event = log.events[position];
    if (event === undefined || position > end) break;
    events.push(event.recorded);
    if (events.length === limit) end = event.commit;
  }
  const scannedTo = Math.max(after, end === Infinity ? upTo : end);
  return { events, scannedTo: log.placeOf(Math.min(scannedTo, log.headPosition)) };
}

function takeDown(
  log: MemoryLog,
  query: EventQuery | undefined,
  below: number,
  limit: number,
): Taken {
  const events: RecordedEvent[] = [];
  let end = -1;
  for (const position of query === undefined ? descending(below) : log.descending(query, below)) {
    const event = log.events[position];
    if (event === undefined || position < end) break;
    events.push(event.recorded);
    if (events.length === limit) end = log.firstOf(event);
  }
  return { events, scannedTo: log.placeOf(Math.max(end, 0)) };
}

function* ascending(after: number, upTo: number): Generator<number> {
  for (let position = after + 1; position <= upTo; position += 1) yield position;
}

function* descending(below: number): Generator<number> {
  for (let position = below - 1; position >= 0; position -= 1) yield position;
}

/** One page of a stream. */
export function readMemoryStream(
  log: MemoryLog,
  stream: string,
  options: ReadStreamOptions,
  pageSizeMax: number,
): StreamPage {
  const all: readonly MemoryEvent[] = log.streams.get(stream) ?? [];
  const { upTo } = options;
  const count =
    upTo === undefined ? all.length : countWhile(all, ({ position }) => position <= upTo);
  const limit = Math.min(options.limit ?? pageSizeMax, pageSizeMax);
  const bounds = { count, limit, from: options.from, to: options.to };
  const range = options.backwards === true ? rangeDown(bounds) : rangeUp(bounds);
  const taken = all.slice(range.low, range.high + 1);
  if (options.backwards === true) taken.reverse();
  return {
    events: taken.map((event) => event.recorded),
    revision: count - 1,
    next: range.next,
    head: log.head(),
  };
}

interface StreamBounds {
  readonly count: number;
  readonly limit: number;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

interface StreamRange {
  readonly low: number;
  readonly high: number;
  readonly next: number | null;
}

function rangeUp({ count, limit, from = 0, to = count - 1 }: StreamBounds): StreamRange {
  const last = Math.min(to, count - 1);
  const high = Math.min(last, from + limit - 1);
  return { low: from, high, next: high < last && high >= from ? high + 1 : null };
}

function rangeDown({ count, limit, from = count - 1, to = 0 }: StreamBounds): StreamRange {
  const first = Math.min(from, count - 1);
  const low = Math.max(to, first - limit + 1, 0);
  return { low, high: first, next: low > to && low <= first ? low - 1 : null };
}
