import type { RecordedEvent } from '@daybook/core';
import type { CloudEvent } from '@daybook/protocol';

/** A recorded event in the form that other systems read (CloudEvents 1.0). */
export function cloudEventOf(event: RecordedEvent): CloudEvent {
  const { correlationId, causationId, traceparent } = event.metadata;
  return {
    specversion: '1.0',
    id: event.id,
    source: `/${encodeURIComponent(event.log)}`,
    subject: event.stream,
    type: event.type,
    time: new Date(event.recordedAt).toISOString(),
    datacontenttype: 'application/json',
    data: event.data,
    sequence: String(event.position).padStart(POSITION_DIGITS, '0'),
    partitionkey: event.stream,
    revision: event.revision,
    schemaversion: event.schemaVersion,
    ...(correlationId === undefined ? {} : { correlationid: correlationId }),
    ...(causationId === undefined ? {} : { causationid: causationId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** Of the largest safe integer. */
const POSITION_DIGITS = 16;
