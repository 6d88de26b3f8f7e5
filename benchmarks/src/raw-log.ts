/**
 * A log as one would write it by hand on `node:sqlite`: what ours is measured against.
 *
 * Same pragmas and same durability as ours (WAL, FULL, pages of 8 KiB), same JSON, all on the calling thread. Rows are read as arrays,
 * which is the fastest way that this driver has.
 */
import { hash } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Json } from '@daybook/core';

export interface RawAppend {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Readonly<Record<string, Json>>;
  readonly metadata: Readonly<Record<string, Json>>;
}

/** position, stream, revision, type, data, metadata, time. */
export type RawRow = readonly [number, string, number, string, string, string, number];

export class RawLog {
  readonly database: DatabaseSync;
  readonly #insertEvent: StatementSync;
  readonly #insertBare: StatementSync;
  readonly #insertAppend: StatementSync;
  readonly #knownAppend: StatementSync;
  readonly #lastRevision: StatementSync;
  readonly #lastMarkedRevision: StatementSync;
  readonly #page: StatementSync;
  readonly #stream: StatementSync;
  #head = -1;

  constructor(path: string) {
    this.database = openRaw(path);
    this.database.exec(SCHEMA);
    const prepare = (sql: string): StatementSync => this.database.prepare(sql);
    const columns = '(position, stream, revision, type, data, metadata, time)';
    this.#insertBare = prepare(`INSERT INTO events ${columns} VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#insertEvent = prepare('INSERT INTO marked_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#insertAppend = prepare('INSERT INTO appends VALUES (?, ?, ?, ?, ?, ?)');
    this.#knownAppend = prepare('SELECT outcome FROM appends WHERE id = ?');
    this.#lastRevision = prepare('SELECT max(revision) FROM events WHERE stream = ?');
    this.#lastMarkedRevision = prepare('SELECT max(revision) FROM marked_events WHERE stream = ?');
    this.#page = prepare(
      'SELECT position, stream, revision, type, data, metadata, time FROM events WHERE position > ? ORDER BY position LIMIT ?',
    );
    this.#stream = prepare(
      'SELECT position, stream, revision, type, data, metadata, time FROM events WHERE stream = ? ORDER BY revision',
    );
    const reading = [this.#page, this.#stream, this.#lastRevision, this.#lastMarkedRevision];
    for (const statement of [...reading, this.#knownAppend]) statement.setReturnArrays(true);
    const last = prepare('SELECT max(position) AS position FROM events').get()?.['position'];
    this.#head = Number(last ?? -1);
  }

  /** One `INSERT`; outside of a transaction, a commit of its own. */
  insertBare({ stream, revision, type, data, metadata }: RawAppend): void {
    this.#head += 1;
    this.#insertBare.run(
      this.#head,
      stream,
      revision,
      type,
      JSON.stringify(data),
      JSON.stringify(metadata),
      Date.now(),
    );
  }

  /** One transaction that checks the stream's revision and inserts the event. */
  appendChecked(append: RawAppend): void {
    this.transaction(() => {
      checkRevision(this.#lastRevision, append);
      this.insertBare(append);
    });
  }

  /**
   * What a log with ids, outcomes and marks writes for one append, inside a transaction: is the id known, is the revision the
   * expected one, the event with its id and mark, the outcome.
   */
  insertWithOutcome(append: RawAppend): void {
    const { id, stream, revision, type } = append;
    if (this.#knownAppend.get(id) !== undefined) return;
    checkRevision(this.#lastMarkedRevision, append);
    const data = JSON.stringify(append.data);
    const metadata = JSON.stringify(append.metadata);
    const time = Date.now();
    this.#head += 1;
    const eventId = `${id}/0`;
    const text = `${eventId}\n${time}\n${stream}\n${revision}\n${type}\n1\n${data}\n${metadata}`;
    const mark = hash('sha256', text).slice(0, 16);
    const head = this.#head;
    this.#insertEvent.run(head, stream, revision, type, data, metadata, time, eventId, head, mark);
    const outcome = JSON.stringify({ command: stream, input: append.data['cents'] ?? null });
    this.#insertAppend.run(id, hash('sha256', outcome), head, head, outcome, time);
  }

  transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    work();
    this.database.exec('COMMIT');
  }

  /** A page after a position, in order. */
  page(after: number, limit: number): readonly RawRow[] {
    return rows(this.#page.all(after, limit));
  }

  stream(stream: string): readonly RawRow[] {
    return rows(this.#stream.all(stream));
  }

  close(): void {
    this.database.close();
  }
}

/** A database with the pragmas that all contenders share. */
export function openRaw(path: string, synchronous: 'FULL' | 'NORMAL' = 'FULL'): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous}; PRAGMA wal_autocheckpoint=2000;`,
  );
  return database;
}

function checkRevision(query: StatementSync, { stream, revision }: RawAppend): void {
  const [last] = row(query.get(stream));
  if ((last ?? -1) !== revision - 1) throw new Error(`${stream} is not at ${revision - 1}`);
}

/** The driver answers `unknown`; the statements above say what it is. */
function rows(result: unknown): readonly RawRow[] {
  return result as readonly RawRow[];
}

function row(result: unknown): readonly (number | null)[] {
  return result as readonly (number | null)[];
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS events (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, metadata TEXT NOT NULL, time INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_stream ON events (stream, revision);
CREATE TABLE IF NOT EXISTS marked_events (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, metadata TEXT NOT NULL, time INTEGER NOT NULL,
  event_id TEXT NOT NULL, commit_position INTEGER NOT NULL, mark TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS marked_events_stream ON marked_events (stream, revision);
CREATE TABLE IF NOT EXISTS appends (
  id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, first INTEGER, position INTEGER, outcome TEXT, time INTEGER NOT NULL
) WITHOUT ROWID;
`;
