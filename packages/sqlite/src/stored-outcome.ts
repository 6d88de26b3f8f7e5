/** Rows of the table `ids` as stored outcomes. */
import { DEFAULT_LOG, LOG_START, type LogPlace, type StoredOutcome } from '@daybook/core';

/** The mark is that of the event at the head. */
export const OUTCOME_COLUMNS = `ids.id, content_hash, outcome, first, last, ids.head,
  coalesce((SELECT mark FROM events WHERE events.position = ids.head), ''), ids.recorded_at, streams`;

export type OutcomeRow = readonly [
  id: string,
  contentHash: string | null,
  outcome: string | null,
  first: number | null,
  last: number | null,
  head: number,
  headMark: string,
  recordedAt: number,
  streams: string,
];

export function toStoredOutcome(row: OutcomeRow): StoredOutcome {
  const [id, contentHash, outcome, first, position, head, mark, recordedAt, streams] = row;
  const revisions: readonly (readonly [stream: string, revision: number])[] = JSON.parse(streams);
  return {
    id,
    log: DEFAULT_LOG,
    contentHash,
    outcome: outcome === null ? null : JSON.parse(outcome),
    first,
    position,
    streams: revisions.map(([stream, revision]) => ({ stream, revision })),
    head: placeOf(head, mark),
    recordedAt,
  };
}

export function placeOf(position: number, mark: string): LogPlace {
  return position < 0 ? LOG_START : { position, mark };
}
