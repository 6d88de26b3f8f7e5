/**
 * What to do after a COMMIT that failed (RULES L5).
 *
 * Nobody knows then: the commit's record may lie in the WAL beyond what readers see, and a recovery after a crash would
 * find it and count it; and pages of which a sync has failed once may be dropped from memory while the next sync says
 * that all is well. So the file is opened again and a row is written, whose commit overwrites what lay there; then the
 * WAL is copied into the file and begun anew, so that no commit stands on pages that were never written. Only after
 * that are ids looked up, and only then is anything else written.
 */
import type { DatabaseSync } from 'node:sqlite';

import { prepare } from './statement.ts';

/** @throws when the disk fails again: nothing is known yet. */
export function beginWalAnew(database: DatabaseSync): void {
  database.exec("UPDATE facts SET value = value + 1 WHERE name = 'repairs'");
  const [busy] = prepare(database, 'PRAGMA wal_checkpoint(TRUNCATE)').get() ?? [1];
  if (busy !== 0) throw new Error('A reader keeps the WAL from being begun anew');
}
