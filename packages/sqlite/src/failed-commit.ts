/**
 * What to do after a COMMIT that failed (RULES L5).
 *
 * Nobody knows then: the commit's record may lie in the WAL beyond what readers see, and a recovery after a crash would
 * find it and count it; and pages of which a sync has failed once may be dropped from memory while the next sync says
 * that all is well. So looking the ids up is not enough. In one transaction the ids are looked up and a row is written,
 * whose commit overwrites what lay there; then the WAL is copied into the file and begun anew, so that no commit stands
 * on pages that were never written. Only then is the answer given.
 */
import type { DatabaseSync } from 'node:sqlite';

import { ANSWER, type Answer, type WireAppend } from './append-message.ts';
import { prepare } from './statement.ts';

/** @throws when the disk fails again: nothing is known yet. */
export function repairFailedCommit(
  database: DatabaseSync,
  lookUp: () => readonly Answer[],
): readonly Answer[] {
  database.exec('BEGIN IMMEDIATE');
  const answers = lookUp();
  database.exec("UPDATE facts SET value = value + 1 WHERE name = 'commits'");
  database.exec('COMMIT');
  const [busy] = prepare(database, 'PRAGMA wal_checkpoint(TRUNCATE)').get() ?? [1];
  if (busy !== 0) throw new Error('A reader keeps the WAL from being begun anew');
  return answers;
}

export function unknownAnswers(group: readonly WireAppend[]): readonly Answer[] {
  return group.map(() => [ANSWER.unknown]);
}
