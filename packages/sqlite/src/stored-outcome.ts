/**
 * Stored outcomes: where they lie, and how they are read (see `schema.ts`).
 *
 * Both ways of lying give the same row: what the last event of an append carries is completed from the log.
 */
import { DEFAULT_LOG, LOG_START, type LogPlace, type StoredOutcome } from '@daybook/core';

import type { StatementCache } from './statement.ts';

export type OutcomeRow = readonly [
  id: string,
  contentHash: string | null,
  outcome: string | null,
  first: number | null,
  last: number | null,
  head: number,
  headMark: string,
  recordedAt: number,
  streams: string,
];

/** Of `events AS own`: the columns of an {@link OutcomeRow}. */
export const CARRIED_COLUMNS = `own.append_id, own.content_hash, own.outcome,
  coalesce((
    SELECT before.position FROM events AS before
    WHERE before.position < own.position AND before.commit_position <> own.commit_position
    ORDER BY before.position DESC LIMIT 1), -1) + 1,
  own.position, own.position, own.mark, own.recorded_at,
  coalesce(own.streams, json_array(json_array(own.stream, own.revision)))`;

/** Of `outcomes AS own`: the columns of an {@link OutcomeRow}. */
export const LISTED_COLUMNS = `own.id, own.content_hash, own.outcome, own.first, own.last, own.head,
  coalesce((SELECT mark FROM events WHERE events.position = own.head), ''), own.recorded_at, own.streams`;

/** What is stored of the append with this id. */
export function findOutcome(statements: StatementCache, id: string): OutcomeRow | undefined {
  const [place] =
    statements.get<readonly [number]>('SELECT place FROM ids WHERE id = ? AND kind = 0').get(id) ??
    [];
  if (place === undefined) return undefined;
  return place < 0
    ? statements
        .get<OutcomeRow>(`SELECT ${LISTED_COLUMNS} FROM outcomes AS own WHERE number = ?`)
        .get(-place)
    : statements
        .get<OutcomeRow>(`SELECT ${CARRIED_COLUMNS} FROM events AS own WHERE position = ?`)
        .get(place);
}

/** Lists an outcome by itself, and notes its id, which must be new. */
export function insertOutcome(statements: StatementCache, row: OutcomeRow): void {
  const [id, contentHash, outcome, first, last, head, , recordedAt, streams] = row;
  const [number] = statements
    .get<readonly [number]>(
      `INSERT INTO outcomes (id, content_hash, outcome, first, last, head, recorded_at, streams)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING number`,
    )
    .get(id, contentHash, outcome, first, last, head, recordedAt, streams) ?? [0];
  statements.get('INSERT INTO ids VALUES (?, 0, ?)').run(id, -number);
}

export function toStoredOutcome(row: OutcomeRow): StoredOutcome {
  const [id, contentHash, outcome, first, position, head, mark, recordedAt, streams] = row;
  const revisions: readonly (readonly [stream: string, revision: number])[] = JSON.parse(streams);
  return {
    id,
    log: DEFAULT_LOG,
    contentHash,
    outcome: outcome === null ? null : JSON.parse(outcome),
    first,
    position,
    streams: revisions.map(([stream, revision]) => ({ stream, revision })),
    head: placeOf(head, mark),
    recordedAt,
  };
}

export function placeOf(position: number, mark: string): LogPlace {
  return position < 0 ? LOG_START : { position, mark };
}
