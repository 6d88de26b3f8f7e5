/** What a connection to the read-model file can be asked; whoever holds a transaction on it sees one state. */
import type { DatabaseSync } from 'node:sqlite';

import {
  PARKED_PAGE_MAX,
  type Checkpoint,
  type FindPlan,
  type GenerationInfo,
  type GenerationRef,
  type GenerationState,
  type LeaseInfo,
  type ParkedKey,
  type StoredRow,
} from '@daybook/core';

import { countSql, findSql } from './find-sql.ts';
import { ROW_COLUMNS, rowsTable, rowTables, type RowRow, type RowTables } from './row-tables.ts';
import { numberAt, StatementCache, textAt } from './statement.ts';

type GenerationRow = readonly [
  number: number,
  readModel: string,
  generation: number,
  version: number,
  fingerprint: string,
  state: GenerationState,
  createdAt: number,
  parkedCount: number,
];

type ParkedRow = readonly [
  key: string,
  log: string,
  parkedAt: number,
  code: string,
  message: string,
  since: number,
];

export class ReadModelReader {
  readonly #database: DatabaseSync;
  readonly #statements: StatementCache;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = new StatementCache(database);
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Begins a transaction in which everything is asked of one state of the file.
   *
   * @returns the generation's state; undefined when it was dropped.
   */
  beginView({ number }: RowTables): GenerationState | undefined {
    this.#statements.get('BEGIN').run();
    try {
      // The first read takes the snapshot.
      return this.#statements
        .get<readonly [GenerationState]>('SELECT state FROM generations WHERE number = ?')
        .get(number)?.[0];
    } catch (error) {
      this.endView();
      throw error;
    }
  }

  endView(): void {
    if (this.#database.isTransaction) this.#statements.get('COMMIT').run();
  }

  /** Changes with every commit of another connection. */
  dataVersion(): number {
    return numberAt(this.#statements.get('PRAGMA data_version').get(), 0);
  }

  tablesOf({ readModel, generation }: GenerationRef): RowTables | undefined {
    const row = this.#statements
      .get('SELECT number, indexes FROM generations WHERE read_model = ? AND generation = ?')
      .get(readModel, generation);
    return row === undefined ? undefined : rowTables(numberAt(row, 0), JSON.parse(textAt(row, 1)));
  }

  generations(readModel: string | undefined): readonly GenerationInfo[] {
    this.#statements.get('BEGIN').run();
    try {
      return this.#generations(readModel);
    } finally {
      this.endView();
    }
  }

  #generations(readModel: string | undefined): readonly GenerationInfo[] {
    const [where, parameters] =
      readModel === undefined ? ['', []] : ['WHERE read_model = ?', [readModel]];
    return this.#statements
      .get<GenerationRow>(`
        SELECT number, read_model, generation, version, fingerprint, state, created_at,
          (SELECT count(*) FROM parked WHERE parked.number = generations.number)
        FROM generations ${where} ORDER BY read_model, generation`)
      .all(...parameters)
      .map((row) => this.#toInfo(row));
  }

  checkpoints(number: number): ReadonlyMap<string, Checkpoint> {
    const rows = this.#statements
      .get<readonly [log: string, position: number, mark: string, epoch: string]>(
        'SELECT log, position, mark, epoch FROM checkpoints WHERE number = ?',
      )
      .all(number);
    return new Map(rows.map(([log, position, mark, epoch]) => [log, { position, mark, epoch }]));
  }

  parkedCount({ number }: RowTables): number {
    return numberAt(
      this.#statements.get('SELECT count(*) FROM parked WHERE number = ?').get(number),
      0,
    );
  }

  parked({ number }: RowTables, keys: readonly string[] | undefined): readonly ParkedKey[] {
    const columns = 'key, log, position, code, message, since';
    if (keys === undefined) {
      return this.#statements
        .get<ParkedRow>(
          `SELECT ${columns} FROM parked WHERE number = ? ORDER BY key LIMIT ${PARKED_PAGE_MAX}`,
        )
        .all(number)
        .map(toParkedKey);
    }
    const statement = this.#statements.get<ParkedRow>(
      `SELECT ${columns} FROM parked WHERE number = ? AND key = ?`,
    );
    return keys.flatMap((key) => statement.all(number, key).map(toParkedKey));
  }

  rows(tables: RowTables, keys: readonly string[]): readonly (StoredRow | undefined)[] {
    const statement = this.#statements.get<RowRow>(
      `SELECT ${ROW_COLUMNS} FROM ${rowsTable(tables)} WHERE key = ?`,
    );
    return keys.map((key) => {
      const row = statement.get(key);
      return row === undefined ? undefined : toStoredRow(row);
    });
  }

  find(tables: RowTables, plan: FindPlan): readonly StoredRow[] {
    const { sql, parameters } = findSql(tables, plan);
    return this.#statements
      .get<RowRow>(sql)
      .all(...parameters)
      .map(toStoredRow);
  }

  count(tables: RowTables, plan: FindPlan): number {
    const { sql, parameters } = countSql(tables, plan);
    return numberAt(this.#statements.get(sql).get(...parameters), 0);
  }

  leases(): readonly LeaseInfo[] {
    return this.#statements
      .get<readonly [name: string, owner: string, fence: number, expiresAt: number]>(
        'SELECT name, owner, fence, expires_at FROM leases ORDER BY name',
      )
      .all()
      .map(([name, owner, fence, expiresAt]) => ({ name, owner, fence, expiresAt }));
  }

  #toInfo(row: GenerationRow): GenerationInfo {
    const [number, readModel, generation, version, fingerprint, state, createdAt, parkedCount] =
      row;
    const checkpoints = this.checkpoints(number);
    return {
      readModel,
      generation,
      version,
      fingerprint,
      state,
      checkpoints,
      parkedCount,
      createdAt,
    };
  }
}

function toStoredRow([key, row, log, asOf, others]: RowRow): StoredRow {
  const otherLogs: Readonly<Record<string, number>> = others === null ? {} : JSON.parse(others);
  return { key, row: JSON.parse(row), asOf: { ...otherLogs, [log]: asOf } };
}

function toParkedKey([key, log, parkedAt, code, message, since]: ParkedRow): ParkedKey {
  return { key, log, parkedAt, error: { code, message }, since };
}
