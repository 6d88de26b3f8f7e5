/** The worker that writes the log: one for each process and file, the only connection there that writes. */
import type { DatabaseSync } from 'node:sqlite';

import type { ImportResult } from '@daybook/core';

import { CommitFailedError, failure, GroupWriter } from './append-group.ts';
import {
  ANSWER,
  decodeAppends,
  type Answer,
  type Part,
  type WireAppend,
} from './append-message.ts';
import { clockOf } from './clock.ts';
import { openForWriting, pause } from './database.ts';
import { importBatch, type WireBatch } from './import-batch.ts';
import { NotifyFile } from './notify-file.ts';
import { pruneStep, type PruneStep } from './prune-outcomes.ts';
import { beginWalAnew } from './failed-commit.ts';
import { EVENT_SCHEMA } from './schema.ts';
import { settleInstant } from './settle-instant.ts';
import { toStoreError } from './sqlite-error.ts';
import { post, serveWorker } from './worker-loop.ts';
import { WriteLock } from './write-lock.ts';

export interface EventWriterOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly fileBytesMax: number | undefined;
  readonly clock: SharedArrayBuffer | undefined;
}

/** What the event store calls besides `append`. A type, not an interface: it must be a record of methods. */
export type EventWriterMethods = {
  readonly importEvents: (batch: WireBatch) => ImportResult;
  /** True once nothing more will be recorded at or before the instant. */
  readonly settleInstant: (instant: number) => boolean;
  readonly pruneStep: (before: number) => PruneStep;
};

class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #notify: NotifyFile;
  readonly #now: () => number;
  #database: DatabaseSync | undefined;
  #groups: GroupWriter | undefined;
  #lock: WriteLock | undefined;
  /** A COMMIT failed, and the WAL was not begun anew since. */
  #isSuspect = false;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#now = clockOf(options.clock);
    this.#open();
    this.#notify = new NotifyFile(options.path);
  }

  append(messages: readonly (readonly Part[])[]): void {
    const group: WireAppend[] = [];
    for (const message of messages) decodeAppends(message, group);
    const parts: Part[] = [messages.length];
    for (const answer of this.#answers(group)) parts.push(...answer);
    post(parts);
    this.#notify.raise();
  }

  call<Value>(work: (database: DatabaseSync) => Value): Value {
    const { database, groups, lock } = this.#open();
    try {
      const value = lock.patiently(work);
      this.#notify.raise();
      return value;
    } catch (error) {
      throw toStoreError(error, this.#options.path);
    } finally {
      groups.forget();
      if (database.isTransaction) database.exec('ROLLBACK');
    }
  }

  get now(): () => number {
    return this.#now;
  }

  get notify(): NotifyFile {
    return this.#notify;
  }

  close(): void {
    this.#notify.close();
    try {
      this.#database?.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The WAL stays and is read by whoever opens the file next.
    }
    this.#shut();
  }

  #answers(group: readonly WireAppend[]): readonly Answer[] {
    let groups: GroupWriter;
    try {
      ({ groups } = this.#open());
    } catch (error) {
      return group.map(() => failure(error, this.#options.path));
    }
    try {
      return groups.append(group);
    } catch (error) {
      if (!(error instanceof CommitFailedError)) throw error;
      return this.#repair(group);
    }
  }

  /** After a failed COMMIT nobody knows: close, open again, look the ids up, answer (RULES L5). */
  #repair(group: readonly WireAppend[]): readonly Answer[] {
    this.#isSuspect = true;
    for (const delayMs of REPAIR_DELAYS_MS) {
      this.#shut();
      pause(delayMs);
      try {
        return this.#open().groups.lookUp(group);
      } catch {
        // The next attempt opens it again; after the last one it is called what it is: unknown.
      }
    }
    this.#shut();
    return group.map(() => [ANSWER.unknown]);
  }

  #open(): Opened {
    const { path, busyTimeoutMs } = this.#options;
    this.#database ??= openForWriting({ ...this.#options, schema: EVENT_SCHEMA });
    if (this.#isSuspect) {
      beginWalAnew(this.#database);
      this.#isSuspect = false;
    }
    this.#lock ??= new WriteLock(this.#database, busyTimeoutMs);
    this.#groups ??= new GroupWriter(this.#database, path, this.#now, this.#lock);
    return { database: this.#database, groups: this.#groups, lock: this.#lock };
  }

  #shut(): void {
    const database = this.#database;
    this.#database = undefined;
    this.#groups = undefined;
    this.#lock = undefined;
    try {
      database?.close();
    } catch {
      // What cannot be closed after a failure is of no use either way.
    }
  }
}

interface Opened {
  readonly database: DatabaseSync;
  readonly groups: GroupWriter;
  readonly lock: WriteLock;
}

/** Waits before each attempt to repair: about two seconds in all, in which the disk may come back. */
const REPAIR_DELAYS_MS = [0, 10, 50, 200, 500, 1_000];

serveWorker<EventWriterMethods>((options: EventWriterOptions) => {
  const writer = new EventWriter(options);
  return {
    methods: {
      importEvents: (batch) => writer.call((database) => importBatch(database, batch)),
      settleInstant: (instant) =>
        writer.call((database) => settleInstant(database, instant, writer.now())),
      pruneStep: (before) => writer.call((database) => pruneStep(database, before)),
    },
    // Only the event store posts here, and only appends.
    onMessages: (messages) => writer.append(messages as readonly (readonly Part[])[]),
    onAnswered: () => writer.notify.touchIfLate(),
    onIdle: () => writer.notify.touch(),
    close: () => writer.close(),
  };
});
