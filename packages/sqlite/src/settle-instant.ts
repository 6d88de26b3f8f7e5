/** Instants beyond the last event. */
import type { DatabaseSync } from 'node:sqlite';

import { numberAt, prepare } from './statement.ts';

/**
 * Sees to it, under the writers' lock, that nothing will be recorded at or before an instant.
 *
 * The clock alone does not see to it, for it may be set back: so what it showed is kept, and no writer goes behind it.
 *
 * @returns false while the clock has not passed the instant.
 */
export function settleInstant(database: DatabaseSync, instant: number, now: number): boolean {
  database.exec('BEGIN IMMEDIATE');
  const kept = numberAt(prepare(database, "SELECT value FROM facts WHERE name = 'clock'").get(), 0);
  if (kept <= instant && now > instant) {
    prepare(database, "UPDATE facts SET value = ? WHERE name = 'clock'").run(now);
  }
  database.exec('COMMIT');
  return Math.max(kept, now) > instant;
}
