/** Import of recorded events: one transaction, in which everything is checked against the log as it stands. */
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import {
  ImportRefusedError,
  isSameJson,
  markOf,
  type ImportBatch,
  type ImportResult,
  type LogPlace,
} from '@daybook/core';

import { LogTail } from './log-tail.ts';
import type { EventRow } from './recorded-event.ts';
import { StatementCache } from './statement.ts';
import { findOutcome, insertOutcome } from './stored-outcome.ts';

/** An import's batch on its way to the writer: rows, not objects. */
export interface WireBatch {
  readonly after: LogPlace;
  readonly events: readonly EventRow[];
  readonly outcomes: readonly WireOutcome[];
}

export type WireOutcome = readonly [
  id: string,
  contentHash: string | null,
  outcome: string | null,
  first: number | null,
  position: number | null,
  streams: string,
  head: number,
  recordedAt: number,
];

/** What {@link importBatch} is sent for a batch. */
export function toWireBatch({ after, events, outcomes }: ImportBatch): WireBatch {
  return {
    after: { position: after.position, mark: after.mark },
    events: events.map((event) => [
      event.position,
      event.stream,
      event.revision,
      event.type,
      event.schemaVersion,
      event.recordedAt,
      event.commit,
      event.id,
      event.tags.length === 0 ? null : JSON.stringify([...new Set(event.tags)]),
      JSON.stringify(event.data),
      JSON.stringify(event.metadata),
    ]),
    outcomes: outcomes.map((outcome) => [
      outcome.id,
      outcome.contentHash,
      outcome.outcome === null ? null : JSON.stringify(outcome.outcome),
      outcome.first,
      outcome.position,
      JSON.stringify(outcome.streams.map(({ stream, revision }) => [stream, revision])),
      outcome.head.position,
      outcome.recordedAt,
    ]),
  };
}

/** @throws {@link ImportRefusedError} nothing of the batch was written. */
export function importBatch(database: DatabaseSync, batch: WireBatch): ImportResult {
  checkShape(batch);
  database.exec('BEGIN IMMEDIATE');
  const result = new ImportTransaction(database).write(batch);
  database.exec('COMMIT');
  return result;
}

function checkShape({ after, events }: WireBatch): void {
  let expected = after.position + 1;
  let end = after.position;
  for (const [position, , , , , , commit] of events) {
    if (position !== expected)
      throw refuse(position, `came where position ${expected} was expected`);
    if (commit < position || (position <= end && commit !== end)) {
      throw refuse(position, 'does not belong to the append that it stands in');
    }
    end = commit;
    expected += 1;
  }
  if (end >= expected) {
    throw refuse(end, 'is missing: a batch ends with the last event of an append');
  }
}

class ImportTransaction {
  readonly #statements: StatementCache;
  readonly #tail: LogTail;
  readonly #oldHead: number;

  constructor(database: DatabaseSync) {
    this.#statements = new StatementCache(database);
    this.#tail = new LogTail(database);
    this.#tail.refresh();
    this.#oldHead = this.#tail.position;
  }

  write({ after, events, outcomes }: WireBatch): ImportResult {
    if (after.position >= 0 && this.#place(after.position)?.[0] !== after.mark) {
      throw refuse(after.position, 'is not the one that the import goes on from');
    }
    const end = after.position + events.length;
    const fresh = outcomes.filter((outcome) => !this.#isKnown(outcome, end));
    const skipped = events.filter((event) => this.#isThere(event)).length;
    if (events.length - skipped + fresh.length > 0 && !this.#tail.isImported) {
      throw refuse(
        after.position + skipped + 1,
        'cannot be imported: an import goes on only in a log that it began, and this one was appended to',
      );
    }
    for (const event of events.slice(skipped)) this.#insertEvent(event);
    for (const outcome of fresh.toSorted((left, right) => left[6] - right[6])) {
      const [id, contentHash, text, first, position, streams, head, recordedAt] = outcome;
      const row = [id, contentHash, text, first, position, head, '', recordedAt, streams] as const;
      insertOutcome(this.#statements, row);
    }
    const mark = this.#place(end)?.[0] ?? '';
    return { imported: events.length - skipped, skipped, place: { position: end, mark } };
  }

  #place(position: number): readonly [mark: string, commit: number] | undefined {
    return this.#statements
      .get<readonly [string, number]>('SELECT mark, commit_position FROM events WHERE position = ?')
      .get(position);
  }

  /** True when the log has the same event there; a different one is refused. */
  #isThere(event: EventRow): boolean {
    const [position, , , , , , commit] = event;
    if (position > this.#oldHead) return false;
    const [mark, knownCommit] = this.#place(position) ?? [];
    if (mark === markOfRow(event) && knownCommit === commit) return true;
    throw refuse(position, 'is another one in this log');
  }

  #isKnown(outcome: WireOutcome, end: number): boolean {
    const [id, contentHash, text, first, position, streams, head, recordedAt] = outcome;
    if (head > end || (position ?? -1) > end) {
      throw refuse(head, `is beyond the batch, but the outcome "${id}" names it`);
    }
    const known = findOutcome(this.#statements, id);
    if (known === undefined) return false;
    const [, knownHash, knownText, knownFirst, knownPosition, knownHead, , ...knownRest] = known;
    const isSame =
      isSameJson(parsed(knownText), parsed(text)) &&
      isSameJson(
        [knownHash, knownFirst, knownPosition, knownHead, ...knownRest],
        [contentHash, first, position, head, recordedAt, streams],
      );
    if (isSame) return true;
    throw refuse(head, `came with another outcome "${id}" than this log has`);
  }

  #insertEvent(event: EventRow): void {
    const [
      position,
      stream,
      revision,
      type,
      schemaVersion,
      recordedAt,
      commit,
      id,
      tags,
      data,
      metadata,
    ] = event;
    const tail = this.#tail;
    const expected = tail.revisionOf(stream) + 1;
    if (revision !== expected) {
      throw refuse(position, `has revision ${revision} where ${expected} was expected`);
    }
    if (recordedAt < tail.latest) {
      throw refuse(position, 'was recorded before the event that it follows');
    }
    const isNewId = this.#statements
      .get('INSERT INTO ids VALUES (?, 1, NULL) ON CONFLICT DO NOTHING')
      .run(id).changes;
    if (isNewId === 0) throw refuse(position, `has an id that an earlier event has: "${id}"`);
    this.#statements
      .get('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)')
      .run(
        position,
        stream,
        revision,
        type,
        schemaVersion,
        recordedAt,
        commit,
        markOfRow(event),
        id,
        tags,
        data,
        metadata,
      );
    const tagNames: readonly string[] = tags === null ? [] : JSON.parse(tags);
    for (const tag of tagNames) {
      this.#statements.get('INSERT INTO tags VALUES (?, ?)').run(tag, position);
    }
    tail.setRevision(stream, revision);
    tail.latest = recordedAt;
  }
}

function markOfRow(row: EventRow): string {
  const [, stream, revision, type, schemaVersion, recordedAt, , id, , data, metadata] = row;
  return markOf(sha256, { id, recordedAt, stream, revision, type, schemaVersion, data, metadata });
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

function parsed(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}

function refuse(position: number, why: string): ImportRefusedError {
  return new ImportRefusedError(
    `The event at position ${position} ${why}. Nothing of the batch was written.`,
    position,
  );
}
