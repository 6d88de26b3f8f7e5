/** Generations come and go; each function runs in a transaction that the caller holds. */
import type { DatabaseSync } from 'node:sqlite';

import type { GenerationRef, Lease, ReadModelLayout } from '@daybook/core';

import { checkLease, CommitRefused } from './read-model-commit.ts';
import { createTablesSql, dropTablesSql, rowTables } from './row-tables.ts';
import { numberAt, type StatementCache } from './statement.ts';

interface Tables {
  readonly database: DatabaseSync;
  readonly statements: StatementCache;
}

/** The number of the generation that is building for this layout, made where there is none. */
export function createGeneration(
  { database, statements }: Tables,
  { readModel, version, fingerprint, indexes }: ReadModelLayout,
  now: number,
): number {
  const building = statements
    .get<readonly [number]>(
      "SELECT generation FROM generations WHERE read_model = ? AND fingerprint = ? AND state = 'building'",
    )
    .get(readModel, fingerprint);
  if (building !== undefined) return building[0];
  // Numbers are counted apart, so that a dropped one is never used again.
  const generation = numberAt(
    statements
      .get(
        'INSERT INTO read_models VALUES (?, 1) ON CONFLICT DO UPDATE SET generations = generations + 1 RETURNING generations',
      )
      .get(readModel),
    0,
  );
  const number = numberAt(
    statements
      .get(
        "INSERT INTO generations (read_model, generation, version, fingerprint, state, indexes, created_at) VALUES (?, ?, ?, ?, 'building', ?, ?) RETURNING number",
      )
      .get(readModel, generation, version, fingerprint, JSON.stringify(indexes), now),
    0,
  );
  database.exec(createTablesSql(rowTables(number, indexes)));
  return generation;
}

/** @throws {@link CommitRefused} */
export function switchGeneration({ statements }: Tables, ref: GenerationRef, lease: Lease): void {
  checkLease(statements, lease);
  const next = find(statements, ref);
  if (next === undefined) throw new CommitRefused(['missing', ref.readModel, ref.generation]);
  if (next.state === 'active') return;
  const [behind] = statements
    .get<readonly [active: number, next: number]>(`
      SELECT old.position, coalesce(new.position, -1) FROM generations AS active
      JOIN checkpoints AS old ON old.number = active.number
      LEFT JOIN checkpoints AS new ON new.number = ? AND new.log = old.log
      WHERE active.read_model = ? AND active.state = 'active'
        AND coalesce(new.position, -1) < old.position`)
    .all(next.number, ref.readModel);
  if (behind !== undefined) throw new CommitRefused(['moved', ref.readModel, ...behind]);
  statements
    .get("UPDATE generations SET state = 'retired' WHERE read_model = ? AND state = 'active'")
    .run(ref.readModel);
  setState(statements, next.number, 'active');
}

export function markGenerationLost({ statements }: Tables, ref: GenerationRef): void {
  const generation = find(statements, ref);
  if (generation !== undefined) setState(statements, generation.number, 'lost');
}

/** @returns false when the generation is active, and stays. */
export function dropGeneration({ database, statements }: Tables, ref: GenerationRef): boolean {
  const generation = find(statements, ref);
  if (generation === undefined) return true;
  if (generation.state === 'active') return false;
  const { number } = generation;
  database.exec(dropTablesSql(rowTables(number, [])));
  for (const table of ['checkpoints', 'parked', 'generations']) {
    statements.get(`DELETE FROM ${table} WHERE number = ?`).run(number);
  }
  return true;
}

function find(
  statements: StatementCache,
  { readModel, generation }: GenerationRef,
): { readonly number: number; readonly state: string } | undefined {
  const row = statements
    .get<readonly [number, string]>(
      'SELECT number, state FROM generations WHERE read_model = ? AND generation = ?',
    )
    .get(readModel, generation);
  return row === undefined ? undefined : { number: row[0], state: row[1] };
}

function setState(statements: StatementCache, number: number, state: string): void {
  statements.get('UPDATE generations SET state = ? WHERE number = ?').run(state, number);
}
