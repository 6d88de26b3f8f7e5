/** Rows of the table `events` as recorded events. */
import { streamIdOf, type RecordedEvent } from '@daybook/core';

import type { Column } from './connection.ts';

export const EVENT_COLUMNS =
  'position, stream, revision, type, schema_version, recorded_at, commit_position, id, tags, data, metadata';

export type EventRow = readonly [
  position: string,
  stream: string,
  revision: string,
  type: string,
  schemaVersion: string,
  recordedAt: string,
  commit: string,
  id: string,
  tags: Column,
  data: string,
  metadata: string,
];

/** The events of a page. Texts that repeat (the metadata of one append's events) are parsed once and shared. */
export function toRecordedEvents(rows: readonly EventRow[], log: string): RecordedEvent[] {
  let lastText = '{}';
  let lastMetadata: RecordedEvent['metadata'] = {};
  return rows.map((row) => {
    const metadataText = row[10];
    if (metadataText !== lastText) {
      lastText = metadataText;
      lastMetadata = JSON.parse(metadataText);
    }
    return {
      id: row[7],
      log,
      position: Number(row[0]),
      commit: Number(row[6]),
      stream: row[1],
      streamId: streamIdOf(row[1]),
      revision: Number(row[2]),
      type: row[3],
      schemaVersion: Number(row[4]),
      data: JSON.parse(row[9]),
      metadata: lastMetadata,
      tags: row[8] === null ? NO_TAGS : JSON.parse(row[8]),
      recordedAt: Number(row[5]),
    };
  });
}

const NO_TAGS: readonly string[] = Object.freeze([]);
