/**
 * Pages of a log that a query chooses from, bounded in what they look at.
 *
 * Two ways. *Dense*: where types alone are asked for, the next stretch of the log is read in order and filtered; it is
 * the faster way as long as a fair part of the stretch matches. *Sparse*: each item's tag or types give the positions
 * that can match from their index, as many as a page can take; what lies above the lowest last one of the lists that
 * were cut off has not been looked at, and the page ends there. Either way it then runs on to the end of the append.
 */
import { matches, type EventQuery, type RecordedEvent } from '@daybook/core';

import { EVENT_COLUMNS, toRecordedEvents, type EventRow } from './recorded-event.ts';
import type { StatementCache } from './statement.ts';

export interface Stretch {
  readonly query: EventQuery;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive; a commit. */
  readonly upTo: number;
  readonly limit: number;
}

export interface Scanned {
  readonly events: readonly RecordedEvent[];
  /** The last position looked at: a commit upwards, the first event of an append downwards. */
  readonly end: number;
}

/** Events that the query means, ascending. */
export function scanUp(statements: StatementCache, stretch: Stretch): Scanned {
  const { query, after, upTo, limit } = stretch;
  if (after >= upTo) return { events: [], end: after };
  return (
    scanDense(statements, stretch) ??
    scanSparse(statements, query, { after, bound: upTo, limit, isDown: false })
  );
}

/** Events below a position, descending; all of them where there is no query. */
export function scanDown(
  statements: StatementCache,
  query: EventQuery | undefined,
  below: number,
  limit: number,
): Scanned {
  if (below <= 0) return { events: [], end: 0 };
  const walk: Walk = { after: below, bound: 0, limit, isDown: true };
  return scanSparse(statements, query ?? EVERYTHING, walk);
}

/** Undefined when too little of the stretch matched: the indexes are the better way. */
function scanDense(
  statements: StatementCache,
  { query, after, upTo, limit }: Stretch,
): Scanned | undefined {
  const types = new Set<string>();
  for (const item of query.items) {
    if (item.types === undefined || (item.tags?.length ?? 0) > 0) return undefined;
    for (const type of item.types) types.add(type);
  }
  const end = commitOf(statements, Math.min(after + Math.max(limit, DENSE_ROWS_MIN), upTo));
  const rows = statements.get<EventRow>(DENSE).all(after, end, JSON.stringify([...types]));
  if (rows.length * DENSE_SHARE < end - after && end < upTo) return undefined;
  const kept = rows.length > limit ? toCommit(rows, limit) : rows;
  return {
    events: toRecordedEvents(kept),
    end: kept.length < rows.length ? (kept.at(-1)?.[6] ?? end) : end,
  };
}

/** The first `limit` rows and those after them of the same append. */
function toCommit(rows: readonly EventRow[], limit: number): readonly EventRow[] {
  const commit = rows[limit - 1]?.[6] ?? 0;
  const end = rows.findIndex(([position]) => position > commit);
  return end < 0 ? rows : rows.slice(0, end);
}

interface Walk {
  readonly after: number;
  readonly bound: number;
  readonly limit: number;
  readonly isDown: boolean;
}

function scanSparse(statements: StatementCache, query: EventQuery, walk: Walk): Scanned {
  const { positions, end } = candidates(statements, query, walk);
  const rows = rowsAt(statements, positions, walk.isDown).filter((row) => isMeant(query, row));
  const reached = rows.length < walk.limit ? undefined : rows[walk.limit - 1];
  if (reached === undefined && end === walk.bound) return { events: toRecordedEvents(rows), end };
  const edge = reached?.[0] ?? end;
  const kept = rows.filter(([position]) => (walk.isDown ? position >= edge : position <= edge));
  // The rest of the append that the page ends in, which the lists may not reach.
  const [first, commit] = boundsOf(statements, edge);
  const rest = walk.isDown
    ? statements.get<EventRow>(DOWN_RANGE).all(first, edge - 1)
    : statements.get<EventRow>(UP_RANGE).all(edge + 1, commit);
  kept.push(...rest.filter((row) => isMeant(query, row)));
  return { events: toRecordedEvents(kept), end: walk.isDown ? first : commit };
}

/** Positions that can match, in order, and how far they are complete. */
function candidates(
  statements: StatementCache,
  query: EventQuery,
  walk: Walk,
): { readonly positions: readonly number[]; readonly end: number } {
  const found = new Set<number>();
  const direction = walk.isDown ? -1 : 1;
  let end = walk.bound;
  for (const [column, value] of listsOf(query)) {
    const sql = listSql(column, walk.isDown);
    const edges = walk.isDown ? [walk.bound, walk.after - 1] : [walk.after + 1, walk.bound];
    const parameters = value === null ? edges : [value, ...edges];
    const rows = statements.get<readonly [number]>(sql).all(...parameters, walk.limit);
    for (const [position] of rows) found.add(position);
    const last = rows.at(-1)?.[0];
    // A list that was cut off is complete only up to its last position.
    if (rows.length === walk.limit && last !== undefined && (end - last) * direction > 0)
      end = last;
  }
  const positions = [...found]
    .filter((position) => (end - position) * direction >= 0)
    .toSorted((left, right) => (left - right) * direction);
  return { positions, end };
}

type List = readonly [column: 'tag' | 'type' | 'all', value: string | null];

function listsOf({ items }: EventQuery): readonly List[] {
  const lists: List[] = [];
  for (const { types, tags } of items) {
    const [tag] = tags ?? [];
    if (tag !== undefined) lists.push(['tag', tag]);
    else if (types === undefined) return [['all', null]];
    else for (const type of types) lists.push(['type', type]);
  }
  return lists;
}

function listSql(column: List[0], isDown: boolean): string {
  const order = `ORDER BY position ${isDown ? 'DESC' : 'ASC'} LIMIT ?`;
  switch (column) {
    case 'tag':
      return `SELECT position FROM tags WHERE tag = ? AND position BETWEEN ? AND ? ${order}`;
    case 'type':
      return `SELECT position FROM events INDEXED BY events_type WHERE type = ? AND position BETWEEN ? AND ? ${order}`;
    case 'all':
      break;
  }
  return `SELECT position FROM events WHERE position BETWEEN ? AND ? ${order}`;
}

function rowsAt(
  statements: StatementCache,
  positions: readonly number[],
  isDown: boolean,
): readonly EventRow[] {
  if (positions.length === 0) return [];
  const rows = statements.get<EventRow>(AT_POSITIONS).all(JSON.stringify(positions));
  return isDown ? rows.toReversed() : rows;
}

function isMeant(query: EventQuery, row: EventRow): boolean {
  const [, , , type, , , , , tags] = row;
  return matches(query, { type, tags: tags === null ? undefined : JSON.parse(tags) });
}

function commitOf(statements: StatementCache, position: number): number {
  return boundsOf(statements, position)[1];
}

/** First and last position of the append that a position lies in. */
function boundsOf(
  statements: StatementCache,
  position: number,
): readonly [first: number, commit: number] {
  const [first, commit] = statements
    .get<readonly [number | null, number]>(BOUNDS)
    .get(position) ?? [null, position];
  return [(first ?? -1) + 1, commit];
}

const EVERYTHING: EventQuery = { items: [{}] };
const AT_POSITIONS = `SELECT ${EVENT_COLUMNS} FROM events WHERE position IN (SELECT value FROM json_each(?)) ORDER BY position`;
const UP_RANGE = `SELECT ${EVENT_COLUMNS} FROM events WHERE position BETWEEN ? AND ? ORDER BY position`;
const DOWN_RANGE = `SELECT ${EVENT_COLUMNS} FROM events WHERE position BETWEEN ? AND ? ORDER BY position DESC`;
// NOT INDEXED leaves the rowid, which is the position.
const DENSE = `
  SELECT ${EVENT_COLUMNS} FROM events NOT INDEXED
  WHERE position > ? AND position <= ? AND type IN (SELECT value FROM json_each(?))
  ORDER BY position`;
const BOUNDS = `
  SELECT (SELECT before.position FROM events AS before
          WHERE before.position < own.position AND before.commit_position <> own.commit_position
          ORDER BY before.position DESC LIMIT 1), own.commit_position
  FROM events AS own WHERE own.position = ?`;
/** Rows that are worth reading to find out how dense a stretch is. */
const DENSE_ROWS_MIN = 200;
/** The dense way is kept while one in so many events matches. */
const DENSE_SHARE = 8;
