/**
 * Reads on the caller's thread: a read-only connection, prepared statements, one snapshot for each page.
 *
 * Pages are bounded by events and by their size in memory; a page of the log ends on a commit.
 */
import type { DatabaseSync } from 'node:sqlite';

import {
  DEFAULT_LOG,
  LOG_START,
  StoreWentBackError,
  type AppendPlace,
  type LogPage,
  type LogPlace,
  type OutcomePage,
  type ReadOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type StoredOutcome,
  type StreamPage,
} from '@daybook/core';

import {
  EVENT_COLUMNS,
  FOLD_COLUMNS,
  foldSizeOf,
  sizeOf,
  toFoldEvents,
  toRecordedEvents,
  type EventRow,
  type FoldRow,
} from './recorded-event.ts';
import { scanDown, scanUp } from './query-scan.ts';
import { readOutcomes } from './outcome-page.ts';
import { numberAt, prepare, StatementCache, type Statement } from './statement.ts';
import { findOutcome, placeOf, toStoredOutcome } from './stored-outcome.ts';

type HeadRow = readonly [position: number, mark: string, recordedAt: number];
type PlaceRow = readonly [mark: string, commit: number, recordedAt: number];

/** An instant's place, and what is needed to say whether it is settled. */
export interface InstantPlace {
  readonly place: LogPlace;
  readonly isHead: boolean;
  /** No event will be recorded before it. */
  readonly latest: number;
}

export class EventReader {
  readonly #database: DatabaseSync;
  readonly #statements: StatementCache;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #dataVersion: Statement;
  readonly #headQuery: Statement<HeadRow>;
  readonly #placeQuery: Statement<PlaceRow>;
  readonly #upwards: Statement<EventRow>;
  readonly #streamUpwards: Statement<EventRow>;
  readonly #streamDownwards: Statement<EventRow>;
  readonly #streamFold: Statement<FoldRow>;
  readonly #revisionQuery: Statement<readonly [number]>;
  readonly pageSizeMax: number;

  constructor(database: DatabaseSync, pageSizeMax: number) {
    this.#database = database;
    this.pageSizeMax = pageSizeMax;
    this.#statements = new StatementCache(database);
    this.#begin = prepare(database, 'BEGIN');
    this.#commit = prepare(database, 'COMMIT');
    this.#dataVersion = prepare(database, 'PRAGMA data_version');
    this.#headQuery = prepare(
      database,
      'SELECT position, mark, recorded_at FROM events ORDER BY position DESC LIMIT 1',
    );
    this.#placeQuery = prepare(
      database,
      'SELECT mark, commit_position, recorded_at FROM events WHERE position = ?',
    );
    this.#upwards = prepare(
      database,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
    );
    this.#streamUpwards = prepare(database, streamSql(''));
    this.#streamDownwards = prepare(database, streamSql('DESC'));
    this.#streamFold = prepare(database, streamSql('', FOLD_COLUMNS));
    this.#revisionQuery = prepare(
      database,
      'SELECT revision FROM events WHERE stream = ? AND position <= ? ORDER BY revision DESC LIMIT 1',
    );
  }

  close(): void {
    this.#database.close();
  }

  /** Changes with every commit of another connection. */
  dataVersion(): number {
    return numberAt(this.#dataVersion.get(), 0);
  }

  epoch(): string {
    return String(this.#statements.get("SELECT value FROM facts WHERE name = 'epoch'").get()?.[0]);
  }

  head(): LogPlace {
    const [position, mark] = this.#headQuery.get() ?? NO_HEAD;
    return placeOf(position, mark);
  }

  placeAt(position: number): AppendPlace | undefined {
    return this.#snapshot(() => {
      const row = this.#placeQuery.get(position);
      if (row === undefined) return undefined;
      const [mark, commit] = row;
      return { position, mark, first: this.#firstOf(position, commit), commit };
    });
  }

  outcomeOf(id: string): StoredOutcome | undefined {
    const row = this.#snapshot(() => findOutcome(this.#statements, id));
    return row === undefined ? undefined : toStoredOutcome(row);
  }

  outcomes(cursor: string | undefined, limit: number): OutcomePage {
    return this.#snapshot(() => readOutcomes(this.#statements, cursor, limit));
  }

  /** The last commit at or before an instant: instants never go back in a log, so it is searched by halves. */
  instantPlace(instant: number): InstantPlace {
    return this.#snapshot(() => {
      const [head, , recordedAt] = this.#headQuery.get() ?? NO_HEAD;
      let low = -1;
      for (let high = head; low < high;) {
        const middle = Math.ceil((low + high) / 2);
        if ((this.#placeQuery.get(middle)?.[2] ?? Infinity) <= instant) low = middle;
        else high = middle - 1;
      }
      const clock = numberAt(
        this.#statements.get("SELECT value FROM facts WHERE name = 'clock'").get(),
        0,
      );
      return {
        place: this.#place(low),
        isHead: low === head,
        latest: Math.max(recordedAt, clock),
      };
    });
  }

  readStream(stream: string, options: ReadStreamOptions): StreamPage {
    return this.#snapshot(() => {
      const head = this.head();
      const upTo = options.upTo ?? head.position;
      const revision = this.#revisionQuery.get(stream, upTo)?.[0] ?? -1;
      const isDown = options.backwards === true;
      const from = Math.min(options.from ?? (isDown ? revision : 0), isDown ? revision : Infinity);
      const to = isDown ? (options.to ?? 0) : Math.min(options.to ?? revision, revision);
      const [low, high] = isDown ? [to, from] : [from, to];
      const limit = this.#limitOf(options.limit);
      const ends = { stream, low, high, limit };
      const { events, end } =
        options.want === 'fold' && !isDown ? this.#foldPage(ends) : this.#streamPage(ends, isDown);
      const isMore = end !== undefined && (isDown ? end > low : end < high);
      return { events, revision, next: isMore ? end + (isDown ? -1 : 1) : null, head };
    });
  }

  #streamPage({ stream, low, high, limit }: StreamEnds, isDown: boolean): StreamPart {
    const statement = isDown ? this.#streamDownwards : this.#streamUpwards;
    const rows = withinSize<EventRow>(limit, sizeOf, (count, last) =>
      isDown
        ? statement.all(stream, low, last === undefined ? high : last[2] - 1, count)
        : statement.all(stream, last === undefined ? low : last[2] + 1, high, count),
    );
    return { events: toRecordedEvents(rows), end: rows.at(-1)?.[2] };
  }

  #foldPage({ stream, low, high, limit }: StreamEnds): StreamPart {
    const rows = withinSize<FoldRow>(limit, foldSizeOf, (count, last) =>
      this.#streamFold.all(stream, last === undefined ? low : last[1] + 1, high, count),
    );
    return { events: toFoldEvents(stream, rows), end: rows.at(-1)?.[1] };
  }

  read(options: ReadOptions): LogPage {
    return this.#snapshot(() => {
      const head = this.head();
      this.#checkMark(options.after, head);
      const after = positionOf(options.after);
      const upTo = this.#commitAtOrBelow(Math.min(options.upTo ?? head.position, head.position));
      const limit = this.#limitOf(options.limit);
      const { query } = options;
      if (options.backwards === true) {
        const below = Math.min(after ?? upTo + 1, upTo + 1);
        const { events, end } = scanDown(this.#statements, query, below, limit);
        return { events, scannedTo: this.#place(Math.max(end, 0)), head };
      }
      const from = after ?? LOG_START.position;
      const { events, end } =
        query === undefined
          ? this.#pageUp(from, upTo, limit)
          : scanUp(this.#statements, { query, after: from, upTo, limit });
      return { events, scannedTo: this.#place(Math.min(Math.max(from, end), head.position)), head };
    });
  }

  #pageUp(
    after: number,
    upTo: number,
    limit: number,
  ): { readonly events: readonly RecordedEvent[]; readonly end: number } {
    const rows = withinSize<EventRow>(limit, sizeOf, (count, last) =>
      this.#upwards.all(last?.[0] ?? after, upTo, count),
    );
    const last = rows.at(-1);
    if (last === undefined) return { events: [], end: upTo };
    const [position, , , , , , commit] = last;
    // The page runs on to the end of the append that reached its limit.
    if (commit > position) rows.push(...this.#upwards.all(position, commit, commit - position));
    return { events: toRecordedEvents(rows), end: commit };
  }

  #limitOf(limit = this.pageSizeMax): number {
    return Math.max(1, Math.min(limit, this.pageSizeMax));
  }

  #checkMark(after: ReadOptions['after'], head: LogPlace): void {
    if (typeof after !== 'object' || after.position < 0) return;
    const { position, mark } = after;
    const actual = position > head.position ? undefined : this.#placeQuery.get(position)?.[0];
    if (actual !== mark) throw new StoreWentBackError(DEFAULT_LOG, position, mark, actual);
  }

  #commitAtOrBelow(position: number): number {
    const commit = this.#placeQuery.get(position)?.[1];
    if (commit === undefined || commit === position) return position;
    return this.#firstOf(position, commit) - 1;
  }

  /** First position of the append that ends at `commit`; no append is longer than its bound, so neither is the walk. */
  #firstOf(position: number, commit: number): number {
    const before = this.#statements
      .get<readonly [number]>(
        'SELECT position FROM events WHERE position < ? AND commit_position <> ? ORDER BY position DESC LIMIT 1',
      )
      .get(position, commit)?.[0];
    return (before ?? -1) + 1;
  }

  #place(position: number): LogPlace {
    const mark = position < 0 ? undefined : this.#placeQuery.get(position)?.[0];
    return mark === undefined ? LOG_START : { position, mark };
  }

  #snapshot<Value>(work: () => Value): Value {
    this.#begin.run();
    try {
      return work();
    } finally {
      this.#commit.run();
    }
  }
}

/** Rows up to `limit`, fetched in parts so that long ones end the page early; at least one part. */
function withinSize<Row>(
  limit: number,
  sizeOfRow: (row: Row) => number,
  fetch: (count: number, last: Row | undefined) => readonly Row[],
): Row[] {
  const rows: Row[] = [];
  let bytes = 0;
  while (rows.length < limit && bytes < PAGE_BYTES_MAX) {
    // The first part is small, for its rows may be large; then as many again as there are.
    const count = Math.min(limit - rows.length, PART_SIZE, Math.max(rows.length, FIRST_PART_SIZE));
    const part = fetch(count, rows.at(-1));
    for (const row of part) {
      bytes += sizeOfRow(row);
      rows.push(row);
    }
    if (part.length < count) break;
  }
  return rows;
}

/** Both ends are inclusive revisions. */
interface StreamEnds {
  readonly stream: string;
  readonly low: number;
  readonly high: number;
  readonly limit: number;
}

interface StreamPart {
  readonly events: readonly RecordedEvent[];
  /** The last revision of the part. */
  readonly end: number | undefined;
}

function positionOf(after: ReadOptions['after']): number | undefined {
  return typeof after === 'object' ? after.position : after;
}

function streamSql(order: '' | 'DESC', columns = EVENT_COLUMNS): string {
  return `SELECT ${columns} FROM events WHERE stream = ? AND revision >= ? AND revision <= ? ORDER BY revision ${order} LIMIT ?`;
}

const NO_HEAD: HeadRow = [-1, '', 0];
const FIRST_PART_SIZE = 16;
const PART_SIZE = 500;
/** A page that holds this much goes no further. */
const PAGE_BYTES_MAX = 16 * 1_048_576;
