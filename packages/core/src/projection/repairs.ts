/**
 * Repairs of parked keys: events in a system stream of the log itself (RULES P3), so that they are recorded, ordered
 * against everything else, and obeyed by whichever process runs the read model, by rebuilds too.
 *
 * `$repairs-{readModel}` holds `$EventSkipped { version, key, position }`: the event at `position` is left out for the key,
 * for rows of that version; and `$KeyRetried { version, key }`: from here on the key is tried again.
 */
import type { RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import type { NewEvent } from '../store/event-store.ts';

export const EVENT_SKIPPED = '$EventSkipped';
export const KEY_RETRIED = '$KeyRetried';

export interface Repair {
  readonly kind: 'skip' | 'retry';
  readonly key: string;
  /** Of the event that is left out; -1 for a retry. */
  readonly position: number;
}

export function repairsStream(readModel: string): string {
  return `$repairs-${readModel}`;
}

/** The repair that an event is for rows of this version, or undefined. */
export function repairOf(
  event: RecordedEvent,
  readModel: string,
  version: number,
): Repair | undefined {
  if (event.stream !== repairsStream(readModel)) return undefined;
  const { key, version: ofVersion, position } = fieldsOf(event.data);
  if (ofVersion !== version || typeof key !== 'string') return undefined;
  if (event.type === KEY_RETRIED) return { kind: 'retry', key, position: -1 };
  if (event.type !== EVENT_SKIPPED || typeof position !== 'number') return undefined;
  return { kind: 'skip', key, position };
}

interface RepairData {
  readonly key?: unknown;
  readonly version?: unknown;
  readonly position?: unknown;
}

/** Anything but an object has none of the fields. */
function fieldsOf(data: Json): RepairData {
  return Object(data);
}

/** The events that record a repair; a skip is followed by the retry that it makes possible. */
export function repairEvents(
  repair: Repair,
  version: number,
  newId: () => string,
  metadata: NewEvent['metadata'],
): readonly NewEvent[] {
  const { key, position } = repair;
  const retried = {
    id: newId(),
    type: KEY_RETRIED,
    schemaVersion: 1,
    data: { version, key },
    metadata,
  };
  if (repair.kind === 'retry') return [retried];
  const data = { version, key, position };
  return [{ id: newId(), type: EVENT_SKIPPED, schemaVersion: 1, data, metadata }, retried];
}
