/**
 * What the writer knows of the log's end: head, instants, revisions of streams.
 *
 * Always true between {@link LogTail.refresh} and the end of the same transaction: it is what the file holds. The file
 * changes under it by other processes, which `PRAGMA data_version` tells, and by transactions of its own that do not
 * commit, after which {@link LogTail.forget} is called.
 */
import type { DatabaseSync } from 'node:sqlite';

import { numberAt, prepare, type Statement } from './statement.ts';

export class LogTail {
  readonly #dataVersionQuery: Statement;
  readonly #headQuery: Statement<readonly [position: number, mark: string, recordedAt: number]>;
  readonly #factsQuery: Statement<readonly [clock: number, imported: number]>;
  readonly #revisionQuery: Statement<readonly [number]>;
  readonly #revisions = new Map<string, number>();
  #dataVersion = -1;
  position = -1;
  mark = '';
  /** No event is recorded at an earlier instant. */
  latest = 0;
  /** Nothing was appended here, so an import may go on. */
  isImported = false;

  constructor(database: DatabaseSync) {
    this.#dataVersionQuery = prepare(database, 'PRAGMA data_version');
    this.#headQuery = prepare(
      database,
      'SELECT position, mark, recorded_at FROM events ORDER BY position DESC LIMIT 1',
    );
    this.#factsQuery = prepare(
      database,
      "SELECT (SELECT value FROM facts WHERE name = 'clock'), (SELECT value FROM facts WHERE name = 'imported')",
    );
    this.#revisionQuery = prepare(
      database,
      'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
    );
  }

  /** Called inside a write transaction, before anything else is asked. */
  refresh(): void {
    const version = numberAt(this.#dataVersionQuery.get(), 0);
    if (version === this.#dataVersion) return;
    this.#revisions.clear();
    const [position, mark, recordedAt] = this.#headQuery.get() ?? [-1, '', 0];
    this.position = position;
    this.mark = mark;
    const [clock, imported] = this.#factsQuery.get() ?? [0, 0];
    this.latest = Math.max(recordedAt, clock);
    this.isImported = imported === 1;
    this.#dataVersion = version;
  }

  forget(): void {
    this.#dataVersion = -1;
  }

  /** A stream's last revision, -1 when there is none. */
  revisionOf(stream: string): number {
    const known = this.#revisions.get(stream);
    if (known !== undefined) return known;
    const revision = this.#revisionQuery.get(stream)?.[0] ?? -1;
    this.setRevision(stream, revision);
    return revision;
  }

  setRevision(stream: string, revision: number): void {
    // Simply begun anew when full: what is missing is one look into an index.
    if (this.#revisions.size >= STREAMS_KNOWN_MAX) this.#revisions.clear();
    this.#revisions.set(stream, revision);
  }
}

const STREAMS_KNOWN_MAX = 50_000;
