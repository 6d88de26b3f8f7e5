/** Rows of the table `appends` as stored outcomes. */
import { LOG_START, type LogPlace, type NewOutcome, type StoredOutcome } from '@daybook/core';

import type { Column } from './connection.ts';

/** An outcome as the server writes it into JSON. */
export type OutcomeJson = readonly [
  id: string,
  contentHash: string | null,
  outcome: NewOutcome | null,
  first: number | null,
  last: number | null,
  head: number,
  headMark: string,
  recordedAt: number,
  streams: readonly string[],
  revisions: readonly number[],
];

/** Columns of {@link OutcomeRow}, of the table `appends` under the name `a`. The mark is that of the event at the head. */
export function outcomeColumns(s: string): string {
  return `a.id, a.content_hash, a.outcome, a.first, a.last, a.head,
    coalesce((SELECT events.mark FROM ${s}.events WHERE events.log = a.log AND events.position = a.head), ''),
    a.recorded_at, a.streams, to_json(a.revisions)`;
}

export type OutcomeRow = readonly [
  id: string,
  contentHash: Column,
  outcome: Column,
  first: Column,
  last: Column,
  head: string,
  headMark: string,
  recordedAt: string,
  streams: string,
  revisions: string,
];

export function outcomeOfRow(row: OutcomeRow, log: string): StoredOutcome {
  const [id, contentHash, outcome, first, last, head, mark, recordedAt, streams, revisions] = row;
  const content: OutcomeJson = [
    id,
    contentHash,
    outcome === null ? null : JSON.parse(outcome),
    numberOrNull(first),
    numberOrNull(last),
    Number(head),
    mark,
    Number(recordedAt),
    JSON.parse(streams),
    JSON.parse(revisions),
  ];
  return toStoredOutcome(content, log);
}

export function toStoredOutcome(row: OutcomeJson, log: string): StoredOutcome {
  const [id, contentHash, outcome, first, position, head, mark, recordedAt, streams, revisions] =
    row;
  return {
    id,
    log,
    contentHash,
    outcome,
    first,
    position,
    streams: streams.map((stream, index) => ({ stream, revision: revisions[index] ?? -1 })),
    head: placeOf(head, mark),
    recordedAt,
  };
}

export function placeOf(position: number, mark: string): LogPlace {
  return position < 0 ? LOG_START : { position, mark };
}

function numberOrNull(column: Column): number | null {
  return column === null ? null : Number(column);
}
