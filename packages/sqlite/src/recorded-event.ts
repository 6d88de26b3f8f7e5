/** Rows of the table `events` as recorded events. */
import { DEFAULT_LOG, streamIdOf, type RecordedEvent } from '@daybook/core';

export const EVENT_COLUMNS =
  'position, stream, revision, type, schema_version, recorded_at, commit_position, id, tags, data, metadata';

export type EventRow = readonly [
  position: number,
  stream: string,
  revision: number,
  type: string,
  schemaVersion: number,
  recordedAt: number,
  commit: number,
  id: string,
  tags: string | null,
  data: string,
  metadata: string,
];

/** What a fold needs of an event, and nothing else: each further column costs as much as the parsing of a number. */
export const FOLD_COLUMNS = 'position, revision, type, schema_version, commit_position, data';

export type FoldRow = readonly [
  position: number,
  revision: number,
  type: string,
  schemaVersion: number,
  commit: number,
  data: string,
];

export function foldSizeOf(row: FoldRow): number {
  return row[5].length + ROW_BYTES;
}

/** The events of a stream's page, as far as a fold needs them. */
export function toFoldEvents(stream: string, rows: readonly FoldRow[]): RecordedEvent[] {
  const streamId = streamIdOf(stream);
  return rows.map((row) => ({
    id: '',
    log: DEFAULT_LOG,
    position: row[0],
    commit: row[4],
    stream,
    streamId,
    revision: row[1],
    type: row[2],
    schemaVersion: row[3],
    data: JSON.parse(row[5]),
    metadata: NO_METADATA,
    tags: NO_TAGS,
    recordedAt: 0,
  }));
}

/** Bytes, roughly, that a row takes in memory: what pages are bounded by. */
export function sizeOf(row: EventRow): number {
  return row[9].length + row[10].length + ROW_BYTES;
}

/**
 * The events of a page. Texts that repeat (the metadata of one append's events) are parsed once and shared.
 *
 * Plain objects with everything parsed: a getter that parsed metadata when it is asked for would be lost by a spread.
 */
export function toRecordedEvents(rows: readonly EventRow[]): RecordedEvent[] {
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
      log: DEFAULT_LOG,
      position: row[0],
      commit: row[6],
      stream: row[1],
      streamId: streamIdOf(row[1]),
      revision: row[2],
      type: row[3],
      schemaVersion: row[4],
      data: JSON.parse(row[9]),
      metadata: lastMetadata,
      tags: row[8] === null ? NO_TAGS : JSON.parse(row[8]),
      recordedAt: row[5],
    };
  });
}

const NO_METADATA: RecordedEvent['metadata'] = Object.freeze({});
const NO_TAGS: readonly string[] = Object.freeze([]);
const ROW_BYTES = 200;
