/** Commits of read models: all of a call in one transaction, in which everything is checked. */
import {
  CheckpointMovedError,
  FencedError,
  ReadModelNotFoundError,
  type Json,
  type ReadModelCommit,
  type RowChange,
} from '@daybook/core';

import { COMMIT_REFUSED } from './commit-functions.ts';
import { step, type Step } from './connection.ts';
import { removeSqls, upsertDocument, upsertSql, type RowTables } from './row-tables.ts';
import { sqlStateOf } from './sql-error.ts';

export interface PlacedCommit {
  readonly commit: ReadModelCommit;
  readonly tables: RowTables;
}

/** The steps of a transaction that writes these commits, or fails at the first that does not hold. */
export function commitSteps(
  s: string,
  channel: string,
  commits: readonly PlacedCommit[],
): readonly Step[] {
  // In one order everywhere, so that no two transactions wait for each other.
  const ordered = commits.toSorted((left, right) => left.tables.number - right.tables.number);
  const leases = new Map(ordered.map(({ commit }) => [JSON.stringify(commit.lease), commit.lease]));
  const names = new Set(ordered.map(({ commit }) => commit.readModel));
  return [
    ...[...leases.values()]
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map((lease) => checkLeaseStep(s, lease)),
    ...ordered.flatMap(({ commit, tables }) => [
      checkpointStep(s, commit, tables),
      ...rowSteps(commit, tables),
      ...parkSteps(s, commit, tables),
      step(
        `INSERT INTO ${s}.checkpoints (number, log, position, mark, epoch) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (number, log) DO UPDATE SET position = excluded.position, mark = excluded.mark, epoch = excluded.epoch`,
        [tables.number, commit.log, commit.to.position, commit.to.mark, commit.to.epoch],
      ),
    ]),
    ...[...names].map((name) => notifyStep(channel, name)),
  ];
}

export function checkLeaseStep(
  s: string,
  { name, owner, fence }: { readonly name: string; readonly owner: string; readonly fence: number },
): Step {
  return step(`SELECT ${s}.check_lease($1, $2, $3)::text`, [name, owner, fence]);
}

export function notifyStep(channel: string, readModel: string): Step {
  return step('SELECT pg_notify($1, $2)::text', [channel, `r${readModel}`]);
}

function checkpointStep(
  s: string,
  { readModel, generation, log, from }: ReadModelCommit,
  { number }: RowTables,
): Step {
  return step(`SELECT ${s}.check_checkpoint($1, $2, $3, $4, $5, $6)::text`, [
    number,
    readModel,
    generation,
    log,
    from?.position ?? null,
    from?.mark ?? null,
  ]);
}

function rowSteps({ log, rows }: ReadModelCommit, tables: RowTables): readonly Step[] {
  const held = rows.filter(isHeld);
  const gone = rows.filter((change) => !isHeld(change));
  return [
    ...(held.length === 0 ? [] : [step(upsertSql(tables), [log, upsertDocument(tables, held)])]),
    ...(gone.length === 0
      ? []
      : removeSqls(tables).map((text) => {
          const keys = gone.map(({ key, asOf }) => ({ k: key, a: asOf }));
          return step(text, [log, JSON.stringify(keys)]);
        })),
  ];
}

function isHeld(change: RowChange): change is RowChange & { readonly row: Json } {
  return change.row !== undefined;
}

function parkSteps(
  s: string,
  { log, parked, freed }: ReadModelCommit,
  { number }: RowTables,
): readonly Step[] {
  const free = step(`DELETE FROM ${s}.parked WHERE number = $1 AND log = $2 AND key = ANY ($3)`, [
    number,
    log,
    freed,
  ]);
  const park = step(
    `INSERT INTO ${s}.parked (number, key, log, position, code, message, since)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[])
     ON CONFLICT DO NOTHING`,
    [
      number,
      parked.map(({ key }) => key),
      parked.map(({ log: parkedIn }) => parkedIn),
      parked.map(({ parkedAt }) => parkedAt),
      parked.map(({ error }) => error.code),
      parked.map(({ error }) => storable(error.message)),
      parked.map(({ since }) => since),
    ],
  );
  return [...(freed.length === 0 ? [] : [free]), ...(parked.length === 0 ? [] : [park])];
}

/** An error's words may hold what a text of PostgreSQL cannot. */
function storable(message: string): string {
  return message.replaceAll('\u0000', '\\0').toWellFormed();
}

/** What a refused commit throws; undefined for any other error. */
export function refusalOf(error: unknown): Error | undefined {
  const state = sqlStateOf(error);
  if (!(error instanceof Error) || !Object.values<string>(COMMIT_REFUSED).includes(state ?? '')) {
    return undefined;
  }
  const facts: readonly unknown[] = JSON.parse(error.message);
  const [name, first, second] = facts;
  switch (state) {
    case COMMIT_REFUSED.fenced:
      return new FencedError(String(name));
    case COMMIT_REFUSED.missing:
      return new ReadModelNotFoundError(String(name), Number(first));
    case undefined:
    default:
      return new CheckpointMovedError(String(name), Number(first), Number(second));
  }
}
