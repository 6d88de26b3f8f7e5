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
import { OUTCOME_COLUMNS, type OutcomeRow } from './stored-outcome.ts';

/** Thrown when a COMMIT failed: whether the group is in the file is not known until it has been looked up. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';
}

export class GroupWriter {
  readonly #path: string;
  readonly #now: () => number;
  readonly #tail: LogTail;
  readonly #statements: StatementCache;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  readonly #insertAppend: Statement;
  readonly #insertEventId: Statement;
  readonly #insertEvent: Statement;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync, path: string, now: () => number) {
    this.#database = database;
    this.#path = path;
    this.#now = now;
    this.#tail = new LogTail(database);
    this.#statements = new StatementCache(database);
    this.#begin = prepare(database, 'BEGIN IMMEDIATE');
    this.#commit = prepare(database, 'COMMIT');
    this.#rollback = prepare(database, 'ROLLBACK');
    this.#insertAppend = prepare(
      database,
      'INSERT INTO ids VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#insertEventId = prepare(
      database,
      'INSERT INTO ids (id, kind) VALUES (?, 1) ON CONFLICT DO NOTHING',
    );
    this.#insertEvent = prepare(
      database,
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
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
    this.#begin.run();
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
    const first = tail.position + 1;
    const count = append.streams.reduce((sum, { events }) => sum + events.length, 0);
    const last = tail.position + count;
    const revisions = append.streams.map(
      ({ stream, events }) => tail.revisionOf(stream) + events.length,
    );
    const { changes } = this.#insertAppend.run(
      append.id,
      count === 0 ? null : first,
      count === 0 ? null : last,
      last,
      recordedAt,
      append.contentHash,
      JSON.stringify(append.streams.map(({ stream }, index) => [stream, revisions[index]])),
      append.outcome,
    );
    if (changes === 0) return this.#known(append) ?? [ANSWER.idReused];
    if (tail.isImported) this.#endImports();
    if (count === 0) this.#insertVerdict(append.id, last, recordedAt);
    else this.#insertEvents(append, last, recordedAt);
    return [
      ANSWER.appended,
      count === 0 ? null : first,
      tail.position,
      tail.mark,
      recordedAt,
      ...revisions,
    ];
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

  #insertEvents(append: WireAppend, last: number, recordedAt: number): void {
    const tail = this.#tail;
    for (const { stream, events } of append.streams) {
      let revision = tail.revisionOf(stream);
      for (const event of events) {
        revision += 1;
        tail.position += 1;
        tail.mark = markOf(sha256, { ...event, stream, revision, recordedAt });
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
          tail.position === last ? append.id : null,
          event.tags,
          event.data,
          event.metadata,
        );
        this.#insertNames(event, tail.position);
      }
      tail.setRevision(stream, revision);
    }
    tail.latest = recordedAt;
  }

  #insertNames(event: WireEvent, position: number): void {
    if (this.#insertEventId.run(event.id).changes === 0) throw new DuplicateEventError(event.id);
    if (event.tags === null) return;
    const tags: readonly string[] = JSON.parse(event.tags);
    const insertTag = this.#statements.get('INSERT INTO tags VALUES (?, ?)');
    for (const tag of tags) insertTag.run(tag, position);
  }

  #insertVerdict(id: string, head: number, recordedAt: number): void {
    this.#statements
      .get('INSERT INTO verdicts (id, head, recorded_at) VALUES (?, ?, ?)')
      .run(id, head, recordedAt);
  }

  /** From now on the log holds what nobody imported, so no import may go on. */
  #endImports(): void {
    this.#statements.get("UPDATE facts SET value = 0 WHERE name = 'imported'").run();
    this.#tail.isImported = false;
  }

  /** The answer for an id that the log knows. */
  #known({ id, contentHash }: WireAppend): Answer | undefined {
    const row = this.#statements.get<OutcomeRow>(KNOWN).get(id);
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

const KNOWN = `SELECT ${OUTCOME_COLUMNS} FROM ids WHERE id = ? AND kind = 0`;

const ABSENT: Answer = [
  ANSWER.failed,
  'store-unavailable',
  'The disk failed at the commit, and the append was looked up afterwards: nothing was written. Retry later.',
];
