/**
 * Pages of a log that a query chooses from, bounded in what they look at.
 *
 * Each item's tag or types give the positions that can match from their index, as many as a page can take; what lies above
 * the lowest last one of the lists that were cut off has not been looked at, and the page ends there. It then runs on to
 * the end of the append. Without a query, positions being dense, a page is one stretch.
 */
import { matches, type EventQuery } from '@daybook/core';

import type { Column, Connection } from './connection.ts';
import type { ReadStatements } from './read-statements.ts';
import type { EventRow } from './recorded-event.ts';

export interface Scan {
  readonly connection: Connection;
  readonly statements: ReadStatements;
  /** The log's number. */
  readonly number: number;
}

export interface Stretch {
  readonly query: EventQuery | undefined;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive; a commit. */
  readonly upTo: number;
  readonly limit: number;
}

export interface Scanned {
  readonly rows: readonly EventRow[];
  /** The last position looked at: a commit upwards, the first event of an append downwards. */
  readonly end: number;
}

/** Events that the query means, ascending; all of them where there is none. */
export async function scanUp(scan: Scan, { query, after, upTo, limit }: Stretch): Promise<Scanned> {
  if (after >= upTo) return { rows: [], end: after };
  if (query !== undefined && !query.items.some(isEverything)) {
    return scanSparse(scan, query, { after, bound: upTo, limit, isDown: false });
  }
  const { connection, statements, number } = scan;
  const rows = await connection.rows<EventRow>(statements.stretchUp, [number, after, upTo, limit]);
  return { rows, end: Number(rows.at(-1)?.[6] ?? upTo) };
}

/** Events below a position, descending. */
export async function scanDown(
  scan: Scan,
  query: EventQuery | undefined,
  below: number,
  limit: number,
): Promise<Scanned> {
  if (below <= 0) return { rows: [], end: 0 };
  if (query !== undefined && !query.items.some(isEverything)) {
    return scanSparse(scan, query, { after: below, bound: 0, limit, isDown: true });
  }
  const { connection, statements, number } = scan;
  const reached = await connection.first(statements.reachDown, [number, below, limit]);
  const [first] = await boundsOf(scan, Number(reached?.[0] ?? 0));
  return {
    rows: await connection.rows<EventRow>(statements.rangeDown, [number, first, below - 1]),
    end: first,
  };
}

function isEverything({ types, tags = [] }: EventQuery['items'][number]): boolean {
  return types === undefined && tags.length === 0;
}

interface Walk {
  readonly after: number;
  readonly bound: number;
  readonly limit: number;
  readonly isDown: boolean;
}

async function scanSparse(scan: Scan, query: EventQuery, walk: Walk): Promise<Scanned> {
  const { connection, statements, number } = scan;
  const { positions, end: listEnd } = await candidates(scan, query, walk);
  const found = await rowsAt(scan, positions, walk.isDown);
  // Long events end the page before its lists do.
  const end = found.length < positions.length ? Number(found.at(-1)?.[0] ?? listEnd) : listEnd;
  const rows = found.filter((row) => isMeant(query, row));
  const reached = rows.length < walk.limit ? undefined : rows[walk.limit - 1];
  if (reached === undefined && end === walk.bound) return { rows, end };
  const edge = reached === undefined ? end : Number(reached[0]);
  const kept = rows.filter(([position]) =>
    walk.isDown ? Number(position) >= edge : Number(position) <= edge,
  );
  // The rest of the append that the page ends in, which the lists may not reach.
  const [first, commit] = await boundsOf(scan, edge);
  const [rest, low, high] = walk.isDown
    ? [statements.rangeDown, first, edge - 1]
    : [statements.rangeUp, edge + 1, commit];
  if (low <= high) {
    const others = await connection.rows<EventRow>(rest, [number, low, high]);
    kept.push(...others.filter((row) => isMeant(query, row)));
  }
  return { rows: kept, end: walk.isDown ? first : commit };
}

/** Positions that can match, in order, and how far they are complete. */
async function candidates(
  { connection, statements, number }: Scan,
  { items }: EventQuery,
  { after, bound, limit, isDown }: Walk,
): Promise<{ readonly positions: readonly number[]; readonly end: number }> {
  const tags = new Set<string>();
  const types = new Set<string>();
  for (const item of items) {
    const [tag] = item.tags ?? [];
    if (tag !== undefined) tags.add(tag);
    else for (const type of item.types ?? []) types.add(type);
  }
  const [low, high] = isDown ? [bound, after - 1] : [after + 1, bound];
  const rows = await connection.rows<readonly [list: string, place: string]>(statements.matching, [
    number,
    [...tags],
    [...types],
    low,
    high,
    limit,
    isDown,
  ]);
  const direction = isDown ? -1 : 1;
  const lists = new Map<string, number[]>();
  for (const [list, place] of rows) {
    const positions = lists.get(list);
    if (positions === undefined) lists.set(list, [Number(place)]);
    else positions.push(Number(place));
  }
  let end = bound;
  for (const positions of lists.values()) {
    const last = positions.at(-1);
    // A list that was cut off is complete only up to its last position.
    if (positions.length === limit && last !== undefined && (end - last) * direction > 0) {
      end = last;
    }
  }
  const positions = [...new Set([...lists.values()].flat())]
    .filter((position) => (end - position) * direction >= 0)
    .toSorted((left, right) => (left - right) * direction);
  return { positions, end };
}

async function rowsAt(
  { connection, statements, number }: Scan,
  positions: readonly number[],
  isDown: boolean,
): Promise<readonly EventRow[]> {
  if (positions.length === 0) return [];
  const { positionsUp, positionsDown } = statements;
  return connection.rows<EventRow>(isDown ? positionsDown : positionsUp, [number, positions]);
}

function isMeant(query: EventQuery, row: EventRow): boolean {
  const [, , , type, , , , , tags] = row;
  return matches(query, { type, tags: tags === null ? undefined : JSON.parse(tags) });
}

/** First and last position of the append that a position lies in. */
async function boundsOf(
  { connection, statements, number }: Scan,
  position: number,
): Promise<readonly [first: number, commit: number]> {
  const row = await connection.first<readonly [before: Column, commit: string]>(statements.bounds, [
    number,
    position,
  ]);
  return [Number(row?.[0] ?? -1) + 1, Number(row?.[1] ?? position)];
}
