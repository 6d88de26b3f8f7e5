/** Generations come and go; each function runs in a transaction that the caller holds. */
import {
  CheckpointMovedError,
  ReadModelNotFoundError,
  type GenerationRef,
  type ReadModelLayout,
} from '@daybook/core';

import { statement, type Connection } from './connection.ts';
import { clock } from './lease.ts';
import { createTablesSql, dropTablesSql, rowTables } from './row-tables.ts';

/** Makes the generation that is building for this layout, where there is none; gives its number. */
export async function createGeneration(
  connection: Connection,
  s: string,
  layout: ReadModelLayout,
  now: number | null,
): Promise<number> {
  const { readModel, version, fingerprint, indexes } = layout;
  // Numbers are counted apart, so that a dropped one is never used again; whoever comes second waits here.
  await connection.rows(
    statement(`INSERT INTO ${s}.read_models VALUES ($1, 0) ON CONFLICT DO NOTHING`),
    [readModel],
  );
  await connection.rows(
    statement(`SELECT generations FROM ${s}.read_models WHERE read_model = $1 FOR UPDATE`),
    [readModel],
  );
  const building = await connection.first(
    statement(
      `SELECT generation FROM ${s}.generations WHERE read_model = $1 AND fingerprint = $2 AND state = 'building'`,
    ),
    [readModel, fingerprint],
  );
  if (building !== undefined) return Number(building[0]);
  const counted = await connection.first(
    statement(
      `UPDATE ${s}.read_models SET generations = generations + 1 WHERE read_model = $1 RETURNING generations`,
    ),
    [readModel],
  );
  const generation = Number(counted?.[0]);
  const made = await connection.first(
    statement(`
      INSERT INTO ${s}.generations (read_model, generation, version, fingerprint, state, indexes, created_at)
      VALUES ($1, $2, $3, $4, 'building', $5, ${clock('$6')}) RETURNING number`),
    [readModel, generation, version, fingerprint, JSON.stringify(indexes), now],
  );
  await connection.run(createTablesSql(rowTables(s, Number(made?.[0]), indexes)));
  return generation;
}

/** @throws {@link ReadModelNotFoundError} {@link CheckpointMovedError} */
export async function switchGeneration(
  connection: Connection,
  s: string,
  { readModel, generation }: GenerationRef,
): Promise<void> {
  const rows = await connection.rows<readonly [string, string, string]>(
    statement(
      `SELECT number, generation, state FROM ${s}.generations WHERE read_model = $1 ORDER BY number FOR UPDATE`,
    ),
    [readModel],
  );
  const next = rows.find((row) => Number(row[1]) === generation);
  if (next === undefined) throw new ReadModelNotFoundError(readModel, generation);
  if (next[2] === 'active') return;
  const behind = await connection.first<readonly [string, string]>(
    statement(`
      SELECT old.position, coalesce(new.position, -1) FROM ${s}.generations AS active
      JOIN ${s}.checkpoints AS old ON old.number = active.number
      LEFT JOIN ${s}.checkpoints AS new ON new.number = $1 AND new.log = old.log
      WHERE active.read_model = $2 AND active.state = 'active' AND coalesce(new.position, -1) < old.position
      LIMIT 1`),
    [Number(next[0]), readModel],
  );
  if (behind !== undefined) {
    throw new CheckpointMovedError(readModel, Number(behind[0]), Number(behind[1]));
  }
  await connection.rows(
    statement(
      `UPDATE ${s}.generations SET state = 'retired' WHERE read_model = $1 AND state = 'active'`,
    ),
    [readModel],
  );
  await connection.rows(
    statement(`UPDATE ${s}.generations SET state = 'active' WHERE number = $1`),
    [Number(next[0])],
  );
}

export async function markGenerationLost(
  connection: Connection,
  s: string,
  { readModel, generation }: GenerationRef,
): Promise<void> {
  await connection.rows(
    statement(
      `UPDATE ${s}.generations SET state = 'lost' WHERE read_model = $1 AND generation = $2`,
    ),
    [readModel, generation],
  );
}

/** @returns false when the generation is active, and stays. */
export async function dropGeneration(
  connection: Connection,
  s: string,
  { readModel, generation }: GenerationRef,
): Promise<boolean> {
  const row = await connection.first<readonly [number: string, state: string]>(
    statement(
      `SELECT number, state FROM ${s}.generations WHERE read_model = $1 AND generation = $2 FOR UPDATE`,
    ),
    [readModel, generation],
  );
  if (row === undefined) return true;
  if (row[1] === 'active') return false;
  const number = Number(row[0]);
  await connection.run(dropTablesSql(rowTables(s, number, [])));
  for (const table of ['checkpoints', 'parked', 'generations']) {
    await connection.rows(statement(`DELETE FROM ${s}.${table} WHERE number = $1`), [number]);
  }
  return true;
}
