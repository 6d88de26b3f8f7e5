/** Commits of read models, in the writer's thread: all of a call in one transaction, checked inside it. */
import type { Lease, LogPlace, ReadModelCommit } from '@daybook/core';

import { fieldValue } from './index-value.ts';
import {
  fieldsSql,
  insertSql,
  removeSqls,
  rowTables,
  updateSql,
  type RowTables,
} from './row-tables.ts';
import type { SqlValue, Statement, StatementCache } from './statement.ts';

/** A commit on its way to the writer: rows and parked keys as flat arrays. */
export interface WireCommit {
  readonly number: number;
  readonly indexes: readonly (readonly string[])[];
  readonly readModel: string;
  readonly generation: number;
  readonly log: string;
  readonly lease: Lease;
  readonly from: LogPlace | null;
  readonly to: readonly [position: number, mark: string, epoch: string];
  /** For each row: key, row as JSON or null where it is gone, asOf, then the value of each indexed field. */
  readonly rows: readonly SqlValue[];
  /** For each key: key, log, position, code, message, since. */
  readonly parked: readonly SqlValue[];
  readonly freed: readonly string[];
}

/** Why nothing was written; made an error on the caller's side. */
export type CommitProblem =
  | readonly ['fenced', lease: string]
  | readonly ['missing', readModel: string, generation: number]
  | readonly ['moved', readModel: string, expected: number, actual: number];

/** Carries a problem out of the transaction, which is rolled back. */
export class CommitRefused extends Error {
  readonly problem: CommitProblem;
  constructor(problem: CommitProblem) {
    super(problem[0]);
    this.problem = problem;
  }
}

export function toWireCommit(commit: ReadModelCommit, tables: RowTables): WireCommit {
  const { readModel, generation, log, lease, from, to } = commit;
  const rows: SqlValue[] = [];
  for (const { key, row, asOf } of commit.rows) {
    rows.push(key, row === undefined ? null : JSON.stringify(row), asOf);
    for (const field of tables.fields) rows.push(row === undefined ? null : fieldValue(row, field));
  }
  const parked = commit.parked.flatMap(({ key, log: parkedIn, parkedAt, error, since }) => [
    key,
    parkedIn,
    parkedAt,
    error.code,
    error.message,
    since,
  ]);
  return {
    number: tables.number,
    indexes: tables.indexes,
    readModel,
    generation,
    log,
    lease: { name: lease.name, owner: lease.owner, fence: lease.fence },
    from: from === null ? null : { position: from.position, mark: from.mark },
    to: [to.position, to.mark, to.epoch],
    rows,
    parked,
    freed: [...commit.freed],
  };
}

/**
 * Writes commits in the transaction that the caller holds.
 *
 * @throws {@link CommitRefused}
 */
export function writeCommits(statements: StatementCache, commits: readonly WireCommit[]): void {
  for (const commit of commits) {
    checkLease(statements, commit.lease);
    checkExists(statements, commit);
    checkFrom(statements, commit);
    writeRows(statements, commit);
    writeParked(statements, commit);
    statements
      .get(
        'INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET position = excluded.position, mark = excluded.mark, epoch = excluded.epoch',
      )
      .run(commit.number, commit.log, ...commit.to);
  }
}

/** @throws {@link CommitRefused} when a later holder of the lease exists. */
export function checkLease(statements: StatementCache, { name, owner, fence }: Lease): void {
  const held = statements.get('SELECT owner, fence FROM leases WHERE name = ?').get(name);
  if (held?.[0] !== owner || held[1] !== fence) throw new CommitRefused(['fenced', name]);
}

function checkExists(
  statements: StatementCache,
  { number, readModel, generation }: WireCommit,
): void {
  const known = statements.get('SELECT 1 FROM generations WHERE number = ?').get(number);
  if (known === undefined) throw new CommitRefused(['missing', readModel, generation]);
}

function checkFrom(statements: StatementCache, { number, readModel, log, from }: WireCommit): void {
  const current = statements
    .get<readonly [position: number, mark: string]>(
      'SELECT position, mark FROM checkpoints WHERE number = ? AND log = ?',
    )
    .get(number, log);
  if (from?.position === current?.[0] && from?.mark === current?.[1]) return;
  throw new CommitRefused(['moved', readModel, from?.position ?? -1, current?.[0] ?? -1]);
}

function writeRows(statements: StatementCache, { number, indexes, log, rows }: WireCommit): void {
  const tables = rowTables(number, indexes);
  const width = 3 + tables.fields.length;
  const writer = new RowWriter(statements, tables, log);
  for (let at = 0; at < rows.length; at += width) {
    const parameters = rows.slice(at, at + width);
    parameters.push(log);
    if (parameters[1] === null) writer.remove(parameters);
    else writer.put(parameters);
  }
}

/**
 * Writes rows of one table. Of most read models the same indexed fields change with every event, and the others never:
 * so each row is first tried as the one before it was, which is one statement.
 */
class RowWriter {
  readonly #statements: StatementCache;
  readonly #tables: RowTables;
  readonly #log: string;
  #update: Statement;
  #removes: readonly Statement[] | undefined;

  constructor(statements: StatementCache, tables: RowTables, log: string) {
    this.#statements = statements;
    this.#tables = tables;
    this.#log = log;
    this.#update = statements.get(updateSql(tables, new Set()));
  }

  /** @param parameters as the statements take them: key, row, asOf, each field's value, log. */
  put(parameters: readonly SqlValue[]): void {
    if (this.#update.run(...parameters).changes !== 0) return;
    const [key = null, , , ...values] = parameters;
    const old = this.#statements.get(fieldsSql(this.#tables)).get(key);
    if (old === undefined) {
      this.#statements.get(insertSql(this.#tables)).run(...parameters);
      return;
    }
    const changed = new Set<number>();
    for (const place of this.#tables.fields.keys()) {
      if (old[place + 1] !== values[place]) changed.add(place);
    }
    this.#update = this.#statements.get(updateSql(this.#tables, changed));
    this.#update.run(...parameters);
  }

  remove([key = null, , asOf = null]: readonly SqlValue[]): void {
    this.#removes ??= removeSqls(this.#tables).map((sql) => this.#statements.get(sql));
    for (const remove of this.#removes) remove.run(key, this.#log, asOf);
  }
}

function writeParked(statements: StatementCache, { number, log, parked, freed }: WireCommit): void {
  const free = statements.get('DELETE FROM parked WHERE number = ? AND key = ? AND log = ?');
  for (const key of freed) free.run(number, key, log);
  const park = statements.get(
    'INSERT INTO parked VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  for (let at = 0; at < parked.length; at += PARKED_WIDTH) {
    park.run(number, ...parked.slice(at, at + PARKED_WIDTH));
  }
}

const PARKED_WIDTH = 6;
