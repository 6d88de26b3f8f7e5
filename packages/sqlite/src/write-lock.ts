/**
 * Waiting for the writers' lock of a file, so that every process gets its turn.
 *
 * Why not SQLite's own waiting: it sleeps longer and longer, up to 100 ms, while whoever has just written begins again
 * within one. Of four processes that appended one after another some waited for more than a second and wrote a tenth of
 * what others did. Short random pauses cost as little and leave nobody behind.
 */
import type { DatabaseSync } from 'node:sqlite';

import { pause } from './database.ts';
import { isBusy } from './sqlite-error.ts';
import { prepare, type Statement } from './statement.ts';

export class WriteLock {
  readonly #database: DatabaseSync;
  readonly #busyTimeoutMs: number;
  readonly #begin: Statement;

  /** The connection does not wait by itself any more. */
  constructor(database: DatabaseSync, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#begin = prepare(database, 'BEGIN IMMEDIATE');
    this.#waitBySqlite(0);
  }

  /** Begins a write transaction; blocks the thread for up to `busyTimeoutMs`. @throws what {@link isBusy} knows. */
  begin(): void {
    const deadline = performance.now() + this.#busyTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#begin.run();
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw error;
        pause(Math.random() * Math.min(attempt * PAUSE_STEP_MS, PAUSE_MS_MAX));
      }
    }
  }

  /** Runs what begins transactions of its own, now and then, and may wait as SQLite does. */
  patiently<Value>(work: (database: DatabaseSync) => Value): Value {
    this.#waitBySqlite(this.#busyTimeoutMs);
    try {
      return work(this.#database);
    } finally {
      this.#waitBySqlite(0);
    }
  }

  #waitBySqlite(ms: number): void {
    this.#database.exec(`PRAGMA busy_timeout = ${Math.round(ms)}`);
  }
}

const PAUSE_STEP_MS = 0.5;
const PAUSE_MS_MAX = 5;
