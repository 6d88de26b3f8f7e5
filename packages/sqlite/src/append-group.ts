/**
 * The writer's transactions: groups of appends, each with an answer of its own.
 *
 * Why a loser costs nobody else: whatever may refuse an append (expectations, condition) is asked before its first
 * insert, so nothing has to be taken back. An error that was not foreseen rolls the whole group back, and then each of
 * its appends is tried alone.
 *
 * Why an id counts once: its row is the first write of its append, in the same transaction as its events; whoever finds
 * the row there already writes nothing.
 */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import { DaybookError, isExpected, markOf, type EventQuery } from '@daybook/core';

import { ANSWER, type Answer, type WireAppend, type WireEvent } from './append-message.ts';
import { LogTail } from './log-tail.ts';
import { findMatch } from './query-index.ts';
import { isAboutContent, isFull, toStoreError } from './sqlite-error.ts';
import { prepare, StatementCache, type Statement } from './statement.ts';
import type { WriteLock } from './write-lock.ts';
import { findOutcome, insertOutcome } from './stored-outcome.ts';

/** Thrown when a COMMIT failed: whether the group is in the file is not known until it has been looked up. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';
}

export class GroupWriter {
  readonly #path: string;
  readonly #now: () => number;
  readonly #tail: LogTail;
  readonly #statements: StatementCache;
  readonly #lock: WriteLock;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #insertId: Statement;
  readonly #insertEvent: Statement;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, path: string, now: () => number, lock: WriteLock) {
    this.#lock = lock;
    this.#database = database;
    this.#path = path;
    this.#now = now;
    this.#tail = new LogTail(database);
    this.#statements = new StatementCache(database);
    this.#commit = prepare(database, 'COMMIT');
    this.#rollback = prepare(database, 'ROLLBACK');
    this.#insertId = prepare(database, 'INSERT INTO ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#insertEvent = prepare(
      database,
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
  }

  /**
   * Writes a group in one transaction, or, where one of its members breaks it, each member in its own.
   *
   * @throws {@link CommitFailedError}
   */
  append(group: readonly WireAppend[]): readonly Answer[] {
    try {
      return this.#appendTogether(group);
    } catch (error) {
      if (error instanceof CommitFailedError) throw error;
      if (group.length > 1 && isAboutContent(error)) {
        return group.flatMap((append) => this.append([append]));
      }
      return group.map(() => failure(error, this.#path));
    }
  }

  /** Another transaction of this connection changed the file: what is known of it is read again. */
  forget(): void {
    this.#tail.forget();
  }

  /** What became of appends whose COMMIT failed, once the file has been put right. */
  lookUp(group: readonly WireAppend[]): readonly Answer[] {
    return group.map((append) => this.#known(append) ?? ABSENT);
  }

  #appendTogether(group: readonly WireAppend[]): readonly Answer[] {
    this.#lock.begin();
    const answers: Answer[] = [];
    let isWritten = false;
    try {
      this.#tail.refresh();
      const recordedAt = Math.max(this.#now(), this.#tail.latest);
      for (const append of group) {
        const answer = this.#append(append, recordedAt);
        answers.push(answer);
        if (answer[0] === ANSWER.appended) isWritten = true;
      }
    } catch (error) {
      this.#tail.forget();
      if (this.#database.isTransaction) this.#rollback.run();
      throw error;
    }
    if (isWritten) this.#finish();
    else this.#rollback.run();
    return answers;
  }

  #finish(): void {
    try {
      this.#commit.run();
    } catch (error) {
      this.#tail.forget();
      if (!isFull(error)) throw new CommitFailedError(String(error), { cause: error });
      // A disk that is full refuses a page, and so the commit's record, which is the last of them.
      if (this.#database.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  #append(append: WireAppend, recordedAt: number): Answer {
    const refused = this.#refusal(append);
    // The verdict on an id that is known stands before every expectation.
    if (refused !== undefined) return this.#known(append) ?? refused;
    const tail = this.#tail;
    let count = 0;
    for (const { events } of append.streams) count += events.length;
    if (count === 0) return this.#appendVerdict(append, recordedAt);
    const first = tail.position + 1;
    const last = tail.position + count;
    if (this.#insertId.run(append.id, APPEND, last).changes === 0) {
      return this.#known(append) ?? [ANSWER.idReused];
    }
    const revisions = this.#insertEvents(append, last, recordedAt);
    if (tail.isImported) this.#endImports();
    return [ANSWER.appended, first, last, tail.mark, recordedAt, ...revisions];
  }

  /** An append without events: only its outcome is stored. */
  #appendVerdict(append: WireAppend, recordedAt: number): Answer {
    const known = this.#known(append);
    if (known !== undefined) return known;
    const { position, mark } = this.#tail;
    const { id, contentHash, outcome } = append;
    const revisions = append.streams.map(({ stream }) => this.#tail.revisionOf(stream));
    const streams = streamsText(append, revisions);
    const row = [
      id,
      contentHash,
      outcome,
      null,
      null,
      position,
      mark,
      recordedAt,
      streams,
    ] as const;
    insertOutcome(this.#statements, row);
    if (this.#tail.isImported) this.#endImports();
    return [ANSWER.appended, null, position, mark, recordedAt, ...revisions];
  }

  #refusal({ streams, condition, after }: WireAppend): Answer | undefined {
    for (const [index, { stream, expected }] of streams.entries()) {
      const actual = this.#tail.revisionOf(stream);
      if (!isExpected(expected, actual)) return [ANSWER.wrongRevision, index, actual];
    }
    if (condition === null) return undefined;
    const query: EventQuery = JSON.parse(condition);
    for (const item of query.items) {
      const position = findMatch(this.#statements, item, after);
      if (position !== undefined) return [ANSWER.conditionFailed, position];
    }
    return undefined;
  }

  /** @returns the revision of each stream after it. */
  #insertEvents(append: WireAppend, last: number, recordedAt: number): readonly number[] {
    const tail = this.#tail;
    const { streams } = append;
    const revisions = streams.map(({ stream, events }) => tail.revisionOf(stream) + events.length);
    for (const [index, { stream, events }] of streams.entries()) {
      let revision = (revisions[index] ?? -1) - events.length;
      for (const event of events) {
        revision += 1;
        tail.position += 1;
        tail.mark = markOf(sha256, { ...event, stream, revision, recordedAt });
        const isLast = tail.position === last;
        this.#insertEvent.run(
          tail.position,
          stream,
          revision,
          event.type,
          event.schemaVersion,
          recordedAt,
          last,
          tail.mark,
          event.id,
          event.tags,
          event.data,
          event.metadata,
          isLast ? append.id : null,
          isLast ? append.contentHash : null,
          isLast && streams.length > 1 ? streamsText(append, revisions) : null,
          isLast ? append.outcome : null,
        );
        this.#insertNames(event, tail.position);
      }
      tail.setRevision(stream, revision);
    }
    tail.latest = recordedAt;
    return revisions;
  }

  #insertNames({ id, tags }: WireEvent, position: number): void {
    if (this.#insertId.run(id, EVENT, null).changes === 0) throw new DuplicateEventError(id);
    if (tags === null) return;
    const names: readonly string[] = JSON.parse(tags);
    const insertTag = this.#statements.get('INSERT INTO tags VALUES (?, ?)');
    for (const tag of names) insertTag.run(tag, position);
  }

  /** From now on the log holds what nobody imported, so no import may go on. */
  #endImports(): void {
    this.#statements.get("UPDATE facts SET value = 0 WHERE name = 'imported'").run();
    this.#tail.isImported = false;
  }

  /** The answer for an id that the log knows. */
  #known({ id, contentHash }: WireAppend): Answer | undefined {
    const row = findOutcome(this.#statements, id);
    if (row === undefined) return undefined;
    const [, knownHash] = row;
    if (contentHash !== null && knownHash !== null && contentHash !== knownHash) {
      return [ANSWER.idReused];
    }
    return [ANSWER.repeated, ...row];
  }
}

/** The answer of an append of which nothing was written. */
export function failure(error: unknown, path: string): Answer {
  if (error instanceof DuplicateEventError) return [ANSWER.duplicateEvent, error.message];
  const known = toStoreError(error, path);
  return [
    ANSWER.failed,
    known instanceof DaybookError ? known.code : '',
    known instanceof Error ? known.message : String(known),
  ];
}

/** Its message is the id. */
class DuplicateEventError extends Error {}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

function streamsText({ streams }: WireAppend, revisions: readonly number[]): string {
  return JSON.stringify(streams.map(({ stream }, index) => [stream, revisions[index]]));
}

/** Kinds of ids. */
const APPEND = 0;
const EVENT = 1;

const ABSENT: Answer = [
  ANSWER.failed,
  'store-unavailable',
  'The disk failed at the commit, and the append was looked up afterwards: nothing was written. Retry later.',
];
