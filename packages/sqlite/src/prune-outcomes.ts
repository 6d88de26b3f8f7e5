/** Forgets outcomes (RULES O4), a bounded number of them in each call so that appends get between. */
import type { DatabaseSync } from 'node:sqlite';

import { numberAt, prepare } from './statement.ts';

export interface PruneStep {
  readonly forgotten: number;
  /** Nothing older is left. */
  readonly isDone: boolean;
}

/** One transaction of it: events stay, and so do outcomes whose id begins with `$`. */
export function pruneStep(database: DatabaseSync, before: number): PruneStep {
  database.exec('BEGIN IMMEDIATE');
  const from = numberAt(
    prepare(database, "SELECT value FROM facts WHERE name = 'pruned'").get(),
    0,
  );
  // Instants never go back in a log, so what is to go is one stretch of it.
  const [end] = prepare<readonly [number | null]>(
    database,
    `SELECT max(position) FROM (
       SELECT position, recorded_at FROM events WHERE position > ? ORDER BY position LIMIT ${STEP_SIZE})
     WHERE recorded_at < ?`,
  ).get(from, before) ?? [null];
  const upTo = end ?? from;
  const carried = `position > ? AND position <= ? AND append_id IS NOT NULL AND append_id NOT GLOB '$*'`;
  const events = prepare(
    database,
    `DELETE FROM ids WHERE kind = 0 AND id IN (SELECT append_id FROM events WHERE ${carried})`,
  ).run(from, upTo).changes;
  prepare(
    database,
    `UPDATE events SET append_id = NULL, content_hash = NULL, streams = NULL, outcome = NULL
     WHERE ${carried}`,
  ).run(from, upTo);
  const old = `SELECT number FROM outcomes WHERE recorded_at < ? AND id NOT GLOB '$*' ORDER BY number LIMIT ${STEP_SIZE}`;
  prepare(
    database,
    `DELETE FROM ids WHERE kind = 0 AND id IN (SELECT id FROM outcomes WHERE number IN (${old}))`,
  ).run(before);
  const listed = prepare(database, `DELETE FROM outcomes WHERE number IN (${old})`).run(
    before,
  ).changes;
  prepare(database, "UPDATE facts SET value = ? WHERE name = 'pruned'").run(upTo);
  database.exec('COMMIT');
  return {
    forgotten: Number(events) + Number(listed),
    isDone: upTo - from < STEP_SIZE && Number(listed) < STEP_SIZE,
  };
}

const STEP_SIZE = 5_000;
