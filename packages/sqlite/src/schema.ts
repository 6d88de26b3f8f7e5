/**
 * The tables of the two files.
 *
 * **Events** (`synchronous = FULL`: a commit is on the disk before it is answered):
 * - `events`: the log. `position` is given by the writer, dense from 0; the primary key is the compare-and-swap. The last
 *   event of an append carries what is stored of the append, so that no page but the log's own is written for it;
 *   `streams` is null where the append had that event's stream alone.
 * - `ids`: every id that was used. Of an append (kind 0) `place` is the position of its last event, or, below 0, the
 *   negative number of its row in `outcomes`; of an event (kind 1) it is null. One narrow tree for both: the ids of an
 *   append and of its events are made at one moment, so they fall on one page, and a commit writes one page less.
 * - `outcomes`: what is stored of appends without events (refusals, mostly), and of imported ones, in order of storing.
 * - `tags`: rows only for events that declare tags.
 * - `facts`: `epoch`; `clock`, below which no event is recorded; `imported`, 1 until something is appended;
 *   `pruned`, the position up to which outcomes were forgotten; `repairs`, of commits that failed.
 *
 * **Read models** (`synchronous = NORMAL`: a power loss takes rows back together with their checkpoints, and the
 * projector goes on from there):
 * - `generations`, `checkpoints`, `parked`, `leases`;
 * - for each generation a table of rows and one of removed keys; see `row-tables.ts`.
 */
import { randomUUID } from 'node:crypto';

export interface FileSchema {
  readonly holds: string;
  /** Four letters that `file(1)` and we recognise a file by. */
  readonly applicationId: number;
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Fixed when the file is made. */
  readonly pageBytes: number;
  /** SQL that lifts the file from each version to the next; the first makes the tables. */
  readonly steps: readonly (() => string)[];
}

export const EVENT_SCHEMA: FileSchema = {
  holds: 'events',
  applicationId: 0x44_42_4b_45, // "DBKE"
  synchronous: 'FULL',
  pageBytes: 4_096,
  steps: [
    () => `
      CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        revision INTEGER NOT NULL,
        type TEXT NOT NULL,
        schema_version INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        commit_position INTEGER NOT NULL,
        mark TEXT NOT NULL,
        id TEXT NOT NULL,
        tags TEXT,
        data TEXT NOT NULL,
        metadata TEXT NOT NULL,
        append_id TEXT,
        content_hash TEXT,
        streams TEXT,
        outcome TEXT
      );
      CREATE UNIQUE INDEX events_stream ON events (stream, revision);
      CREATE INDEX events_type ON events (type);
      CREATE TABLE ids (
        id TEXT NOT NULL,
        kind INTEGER NOT NULL,
        place INTEGER,
        PRIMARY KEY (id, kind)
      ) WITHOUT ROWID;
      CREATE TABLE outcomes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        content_hash TEXT,
        outcome TEXT,
        first INTEGER,
        last INTEGER,
        head INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        streams TEXT NOT NULL
      );
      CREATE TABLE tags (
        tag TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (tag, position)
      ) WITHOUT ROWID;
      CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) WITHOUT ROWID;
      INSERT INTO facts VALUES
        ('epoch', '${randomUUID()}'), ('clock', 0), ('imported', 1), ('pruned', -1), ('repairs', 0);
    `,
  ],
};

export const READ_MODEL_SCHEMA: FileSchema = {
  holds: 'read models',
  applicationId: 0x44_42_4b_52, // "DBKR"
  synchronous: 'NORMAL',
  pageBytes: 8_192,
  steps: [
    () => `
      CREATE TABLE read_models (read_model TEXT PRIMARY KEY, generations INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE generations (
        number INTEGER PRIMARY KEY,
        read_model TEXT NOT NULL,
        generation INTEGER NOT NULL,
        version INTEGER NOT NULL,
        fingerprint TEXT NOT NULL,
        state TEXT NOT NULL,
        indexes TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (read_model, generation)
      );
      CREATE TABLE checkpoints (
        number INTEGER NOT NULL,
        log TEXT NOT NULL,
        position INTEGER NOT NULL,
        mark TEXT NOT NULL,
        epoch TEXT NOT NULL,
        PRIMARY KEY (number, log)
      ) WITHOUT ROWID;
      CREATE TABLE parked (
        number INTEGER NOT NULL,
        key TEXT NOT NULL,
        log TEXT NOT NULL,
        position INTEGER NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (number, key, log)
      ) WITHOUT ROWID;
      CREATE TABLE leases (
        name TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        fence INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
      ) WITHOUT ROWID;
    `,
  ],
};
