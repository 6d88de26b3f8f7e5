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
  const events = prepare(
    database,
    `DELETE FROM ids WHERE kind = 0 AND id NOT GLOB '$*' AND id IN (
       SELECT append_id FROM events WHERE position > ? AND position <= ? AND append_id IS NOT NULL)`,
  ).run(from, upTo).changes;
  const oldVerdicts = `SELECT number FROM verdicts WHERE recorded_at < ? AND id NOT GLOB '$*' ORDER BY number LIMIT ${STEP_SIZE}`;
  const verdicts = prepare(
    database,
    `DELETE FROM ids WHERE kind = 0 AND id IN (
       SELECT id FROM verdicts WHERE number IN (${oldVerdicts}))`,
  ).run(before).changes;
  prepare(database, `DELETE FROM verdicts WHERE number IN (${oldVerdicts})`).run(before);
  prepare(database, "UPDATE facts SET value = ? WHERE name = 'pruned'").run(upTo);
  database.exec('COMMIT');
  return {
    forgotten: Number(events) + Number(verdicts),
    isDone: upTo - from < STEP_SIZE && Number(verdicts) < STEP_SIZE,
  };
}

const STEP_SIZE = 5_000;
