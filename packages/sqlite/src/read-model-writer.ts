/** The worker that writes read models: one for each process and file, the only connection there that writes. */
import type { GenerationRef, Lease, ReadModelLayout } from '@daybook/core';

import { clockOf } from './clock.ts';
import { openForWriting } from './database.ts';
import {
  createGeneration,
  dropGeneration,
  markGenerationLost,
  switchGeneration,
} from './generation-table.ts';
import { acquireLease, releaseLease, renewLeases } from './lease.ts';
import { NotifyFile } from './notify-file.ts';
import {
  CommitRefused,
  writeCommits,
  type CommitProblem,
  type WireCommit,
} from './read-model-commit.ts';
import { changedSinceSql, type RowTables } from './row-tables.ts';
import { READ_MODEL_SCHEMA } from './schema.ts';
import { toStoreError } from './sqlite-error.ts';
import { StatementCache } from './statement.ts';
import { serveWorker } from './worker-loop.ts';
import { WriteLock } from './write-lock.ts';

export interface ReadModelWriterOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly fileBytesMax: number | undefined;
  readonly clock: SharedArrayBuffer | undefined;
}

/** What the read-model store calls. A type, not an interface: it must be a record of methods. */
export type ReadModelWriterMethods = {
  readonly create: (layout: ReadModelLayout) => number;
  readonly switchTo: (ref: GenerationRef, lease: Lease) => CommitProblem | null;
  readonly markLost: (ref: GenerationRef) => void;
  readonly drop: (ref: GenerationRef) => boolean;
  readonly commit: (commits: readonly WireCommit[]) => CommitProblem | null;
  /** Here, for without an index it looks at every row. */
  readonly changedSince: (
    tables: RowTables,
    log: string,
    position: number,
    limit: number,
  ) => readonly string[];
  readonly acquire: (name: string, owner: string, ttlMs: number) => Lease | undefined;
  readonly renew: (leases: readonly Lease[], ttlMs: number) => readonly Lease[];
  readonly release: (lease: Lease) => void;
};

serveWorker<ReadModelWriterMethods>((options: ReadModelWriterOptions) => {
  const { path } = options;
  const database = openForWriting({ ...options, schema: READ_MODEL_SCHEMA });
  const lock = new WriteLock(database, options.busyTimeoutMs);
  const statements = new StatementCache(database);
  const tables = { database, statements };
  const notify = new NotifyFile(path);
  const now = clockOf(options.clock);

  function write<Value>(work: () => Value): Value {
    try {
      lock.begin();
      const value = work();
      statements.get('COMMIT').run();
      notify.raise();
      return value;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw toStoreError(error, path);
    }
  }

  function tell(work: () => void): CommitProblem | null {
    try {
      write(work);
      return null;
    } catch (error) {
      if (error instanceof CommitRefused) return error.problem;
      throw error;
    }
  }

  return {
    methods: {
      create: (layout) => write(() => createGeneration(tables, layout, now())),
      switchTo: (ref, lease) => tell(() => switchGeneration(tables, ref, lease)),
      markLost: (ref) => write(() => markGenerationLost(tables, ref)),
      drop: (ref) => write(() => dropGeneration(tables, ref)),
      commit: (commits) => tell(() => writeCommits(statements, commits)),
      changedSince: (rows, log, position, limit) =>
        statements
          .get<readonly [string]>(changedSinceSql(rows))
          .all(log, position, limit)
          .map(([key]) => key),
      acquire: (name, owner, ttlMs) =>
        write(() => acquireLease(statements, { name, owner, ttlMs }, now())),
      renew: (leases, ttlMs) => write(() => renewLeases(statements, leases, now() + ttlMs)),
      release: (lease) => write(() => releaseLease(statements, lease)),
    },
    onAnswered: () => notify.touchIfLate(),
    onIdle: () => notify.touch(),
    close() {
      notify.close();
      try {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } catch {
        // The WAL stays and is read by whoever opens the file next.
      }
      database.close();
    },
  };
});
