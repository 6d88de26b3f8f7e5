/**
 * Opens SQLite files: which are ours, and with which settings they are used.
 *
 * Always true of a connection that is given out:
 * - the file is in WAL mode, and `synchronous` is what was asked for: both were read back, for a setting that is not
 *   taken is not an error in SQLite;
 * - the file has our `application_id` and a schema version that this code knows.
 *
 * Nothing is written to a file before it is known to be ours or empty.
 */
import type { DatabaseSync } from 'node:sqlite';

import { closeSync, existsSync, fsyncSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { IncompatibleStoreError } from '@daybook/core';

import { checkNode, checkSqlite } from './platform-check.ts';
import type { FileSchema } from './schema.ts';
import { isBusy, toStoreError } from './sqlite-error.ts';
import { firstValue, numberAt, prepare } from './statement.ts';

export interface WriterOptions {
  readonly path: string;
  readonly schema: FileSchema;
  /** How long a write waits for another process's transaction. */
  readonly busyTimeoutMs: number;
  /** Most bytes that the file may take; unbounded where it is absent. */
  readonly fileBytesMax?: number | undefined;
}

/**
 * Opens a file for writing, creating it or lifting its schema where needed; any number of processes may do so at once.
 *
 * Blocks for up to `busyTimeoutMs`, so it is called in workers.
 *
 * @throws {@link IncompatibleStoreError} {@link StoreUnavailableError}
 */
export function openForWriting(options: WriterOptions): DatabaseSync {
  const { path, busyTimeoutMs } = options;
  checkDirectory(path);
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return openOnce(options);
    } catch (error) {
      // Not every lock is waited for by SQLite itself: going over to WAL and coming back from it are not.
      if (!isBusy(error) || performance.now() > deadline) throw toStoreError(error, path);
      pause(RETRY_MS);
    }
  }
}

function openOnce({ path, schema, busyTimeoutMs, fileBytesMax }: WriterOptions): DatabaseSync {
  const isNew = !existsSync(path);
  return opened(path, { timeout: busyTimeoutMs }, (database) => {
    checkFile(database, path, schema);
    database.exec(`PRAGMA page_size = ${schema.pageBytes}`);
    enterWalMode(database, path);
    configure(database, path, schema);
    database.exec(`
      PRAGMA wal_autocheckpoint = ${Math.round(WAL_BYTES / schema.pageBytes)};
      PRAGMA journal_size_limit = ${WAL_BYTES_KEPT};
      PRAGMA cache_size = -${CACHE_KIB};
    `);
    liftSchema(database, path, schema);
    if (isNew) syncDirectory(path);
    if (fileBytesMax !== undefined) bound(database, fileBytesMax);
  });
}

/**
 * Opens a file that exists for reading only. It waits for nobody: what is locked is an error that {@link isBusy} knows.
 *
 * @throws {@link IncompatibleStoreError}
 */
export function openForReading(path: string, schema: FileSchema): DatabaseSync {
  return opened(path, { readOnly: true, timeout: 0 }, (database) => {
    checkFile(database, path, schema);
    const mode = firstValue(database, 'PRAGMA journal_mode');
    if (mode !== 'wal') throw notWal(path, mode);
    configure(database, path, schema);
  });
}

function opened(
  path: string,
  options: { readonly readOnly?: boolean; readonly timeout: number },
  prepareFile: (database: DatabaseSync) => void,
): DatabaseSync {
  checkNode(process.versions.node);
  let database: DatabaseSync | undefined;
  try {
    const sqlite = process.getBuiltinModule('node:sqlite');
    database = new sqlite.DatabaseSync(path, { ...options, enableForeignKeyConstraints: false });
    checkSqlite(String(firstValue(database, 'SELECT sqlite_version()')));
    prepareFile(database);
    return database;
  } catch (error) {
    database?.close();
    throw error;
  }
}

function checkDirectory(path: string): void {
  const directory = dirname(path);
  if (!existsSync(directory)) {
    throw new IncompatibleStoreError(
      `The directory ${directory} does not exist. Create it, or give another path.`,
    );
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new IncompatibleStoreError(`${path} is a directory. Give the path of a file in it.`);
  }
  if (NETWORK_FILE_SYSTEMS.has(statfsSync(directory).type)) {
    throw new IncompatibleStoreError(
      `The directory ${directory} is on a network file system, where SQLite’s WAL cannot share memory. Use a local disk.`,
    );
  }
}

/** Refuses what is not ours, before anything is changed. */
function checkFile(database: DatabaseSync, path: string, schema: FileSchema): void {
  const applicationId = Number(firstValue(database, 'PRAGMA application_id'));
  const version = Number(firstValue(database, 'PRAGMA user_version'));
  const tables = Number(firstValue(database, 'SELECT count(*) FROM sqlite_master'));
  if (applicationId === 0 && version === 0 && tables === 0) return;
  if (applicationId !== schema.applicationId) {
    throw new IncompatibleStoreError(
      `The file ${path} is a database of something else, not Daybook’s ${schema.holds}. It was left as it is; give another path.`,
    );
  }
  if (version > schema.steps.length) {
    throw new IncompatibleStoreError(
      `The file ${path} has schema version ${version}; this Daybook knows versions up to ${schema.steps.length}. Use the newer Daybook that wrote it.`,
    );
  }
}

function enterWalMode(database: DatabaseSync, path: string): void {
  const mode = firstValue(database, 'PRAGMA journal_mode = WAL');
  if (mode !== 'wal') throw notWal(path, mode);
}

function configure(database: DatabaseSync, path: string, schema: FileSchema): void {
  // Without `fullfsync` a sync on macOS does not reach the medium; elsewhere it changes nothing.
  database.exec(`
    PRAGMA synchronous = ${schema.synchronous};
    PRAGMA fullfsync = 1;
    PRAGMA checkpoint_fullfsync = 1;
  `);
  const answered = firstValue(database, 'PRAGMA synchronous');
  if (answered === SYNCHRONOUS[schema.synchronous]) return;
  throw new IncompatibleStoreError(
    `SQLite answered synchronous = ${String(answered)} for ${path} where ${schema.synchronous} was set: what it writes might not survive a power loss. Use another build of Node.`,
  );
}

function liftSchema(database: DatabaseSync, path: string, schema: FileSchema): void {
  if (Number(firstValue(database, 'PRAGMA user_version')) === schema.steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Under the lock once more: another process may have been first.
    checkFile(database, path, schema);
    const version = Number(firstValue(database, 'PRAGMA user_version'));
    for (const step of schema.steps.slice(version)) database.exec(step());
    database.exec(`
      PRAGMA application_id = ${schema.applicationId};
      PRAGMA user_version = ${schema.steps.length};
    `);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function bound(database: DatabaseSync, bytesMax: number): void {
  const pageBytes = numberAt(prepare(database, 'PRAGMA page_size').get(), 0);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
}

/** A new file is durable only once its directory entry is. */
function syncDirectory(path: string): void {
  // Windows opens no directories.
  if (process.platform === 'win32') return;
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function notWal(path: string, mode: unknown): IncompatibleStoreError {
  return new IncompatibleStoreError(
    `The file ${path} is in journal mode "${String(mode)}" and SQLite would not change it to WAL. Use a local disk that this user can write to.`,
  );
}

/** Blocks the thread; only for workers. */
export function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const SYNCHRONOUS = { NORMAL: 1, FULL: 2 } as const;
/** What the WAL may hold before a commit copies it into the file. */
const WAL_BYTES = 16 * 1_048_576;
const WAL_BYTES_KEPT = 64 * 1_048_576;
/** Pages that a writer keeps in memory. With SQLite's own 2 MiB, rows spread over a large table cost twice as much. */
const CACHE_KIB = 32 * 1_024;
const RETRY_MS = 5;
/** Magic numbers of `statfs(2)`: NFS, SMB, CIFS, SMB2. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x51_7b, 0xff53_4d42, 0xfe53_4d42,
]);
