/** What a connection can be asked about read models; inside a transaction it sees one state. */
import {
  PARKED_PAGE_MAX,
  type Checkpoint,
  type FindPlan,
  type GenerationInfo,
  type GenerationRef,
  type GenerationState,
  type ParkedKey,
  type RowSource,
  type StoredRow,
} from '@daybook/core';

import { statement, type Column, type Connection } from './connection.ts';
import { countSql, findSql } from './find-sql.ts';
import { ROW_COLUMNS, rowsTable, rowTables, type RowRow, type RowTables } from './row-tables.ts';

type CheckpointJson = readonly [log: string, position: number, mark: string, epoch: string];

/** Generations with their checkpoints, of one read model or of all; one statement, so one state. */
export async function listGenerations(
  connection: Connection,
  s: string,
  readModel: string | undefined,
): Promise<readonly GenerationInfo[]> {
  const rows = await connection.rows<readonly Column[]>(
    statement(`
      SELECT g.read_model, g.generation, g.version, g.fingerprint, g.state, g.created_at, ${ofGeneration(s, 'g.number')}
      FROM ${s}.generations AS g WHERE $1::text IS NULL OR g.read_model = $1 ORDER BY g.read_model, g.generation`),
    [readModel ?? null],
  );
  return rows.map(
    ([name, generation, version, fingerprint, state, createdAt, checkpoints, parkedCount]) => ({
      readModel: name ?? '',
      generation: Number(generation),
      version: Number(version),
      fingerprint: fingerprint ?? '',
      state: toState(state),
      checkpoints: toCheckpoints(checkpoints),
      parkedCount: Number(parkedCount),
      createdAt: Number(createdAt),
    }),
  );
}

/** What is never changed of a generation while it lives; undefined where there is none. */
export async function tablesOf(
  connection: Connection,
  s: string,
  { readModel, generation }: GenerationRef,
): Promise<RowTables | undefined> {
  const row = await connection.first<readonly [number: string, indexes: string]>(
    statement(
      `SELECT number, indexes FROM ${s}.generations WHERE read_model = $1 AND generation = $2`,
    ),
    [readModel, generation],
  );
  return row === undefined ? undefined : rowTables(s, Number(row[0]), JSON.parse(row[1]));
}

/** The state, checkpoints and count of parked keys of a generation; undefined where it was dropped. */
export async function standOf(
  connection: Connection,
  { schema, number }: RowTables,
): Promise<Stand | undefined> {
  const row = await connection.first<readonly [Column, Column, Column]>(
    statement(
      `SELECT g.state, ${ofGeneration(schema, 'g.number')} FROM ${schema}.generations AS g WHERE g.number = $1`,
    ),
    [number],
  );
  if (row === undefined) return undefined;
  const [state, checkpoints, parkedCount] = row;
  return {
    state: toState(state),
    checkpoints: toCheckpoints(checkpoints),
    parkedCount: Number(parkedCount),
  };
}

export interface Stand {
  readonly state: GenerationState;
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly parkedCount: number;
}

export function rowSource(connection: Connection, tables: RowTables): RowSource {
  const { schema, number } = tables;
  const columns = 'key, log, position, code, message, since';
  return {
    async get(keys) {
      const rows = await connection.rows<RowRow>(
        statement(`SELECT ${ROW_COLUMNS} FROM ${rowsTable(tables)} WHERE key = ANY ($1::text[])`),
        [keys],
      );
      const byKey = new Map(rows.map((row) => [row[0], toStoredRow(row)]));
      return keys.map((key) => byKey.get(key));
    },
    async find(plan: FindPlan) {
      const { text, parameters } = findSql(tables, plan);
      const rows = await connection.rows<RowRow>(statement(text), parameters);
      return rows.map(toStoredRow);
    },
    async count(plan: FindPlan) {
      const { text, parameters } = countSql(tables, plan);
      return Number((await connection.first(statement(text), parameters))?.[0] ?? 0);
    },
    async parked(keys) {
      const rows =
        keys === undefined
          ? await connection.rows<readonly string[]>(
              statement(
                `SELECT ${columns} FROM ${schema}.parked WHERE number = $1 ORDER BY key LIMIT ${PARKED_PAGE_MAX}`,
              ),
              [number],
            )
          : await connection.rows<readonly string[]>(
              statement(
                `SELECT ${columns} FROM ${schema}.parked WHERE number = $1 AND key = ANY ($2::text[]) ORDER BY key`,
              ),
              [number, keys],
            );
      return rows.map(toParkedKey);
    },
  };
}

/** Checkpoints as JSON, and how many keys are parked. */
function ofGeneration(s: string, number: string): string {
  return `
    (SELECT json_agg(json_build_array(c.log, c.position, c.mark, c.epoch)) FROM ${s}.checkpoints AS c WHERE c.number = ${number}),
    (SELECT count(*) FROM ${s}.parked AS p WHERE p.number = ${number})`;
}

function toCheckpoints(text: Column | undefined): ReadonlyMap<string, Checkpoint> {
  const rows: readonly CheckpointJson[] = typeof text === 'string' ? JSON.parse(text) : [];
  return new Map(rows.map(([log, position, mark, epoch]) => [log, { position, mark, epoch }]));
}

function toState(text: Column | undefined): GenerationState {
  switch (text) {
    case 'building':
    case 'active':
    case 'retired':
    case 'lost':
      return text;
    case null:
    case undefined:
    default:
      throw new TypeError(`A generation has the state "${String(text)}"`);
  }
}

function toStoredRow([key, row, log, asOf, others]: RowRow): StoredRow {
  const otherLogs: Readonly<Record<string, number>> = others === null ? {} : JSON.parse(others);
  return { key, row: JSON.parse(row), asOf: { ...otherLogs, [log]: Number(asOf) } };
}

function toParkedKey([
  key = '',
  log = '',
  parkedAt,
  code = '',
  message = '',
  since,
]: readonly string[]): ParkedKey {
  return { key, log, parkedAt: Number(parkedAt), error: { code, message }, since: Number(since) };
}
