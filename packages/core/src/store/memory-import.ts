/** Import into a memory log: everything is checked first, then stored, so a batch is whole or absent. */
import { ImportRefusedError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import { isSameJson } from '../message/json.ts';
import type { ImportBatch, ImportResult, StoredOutcome } from './event-store.ts';
import { DEFAULT_LOG, type Sha256 } from './log-place.ts';
import { MemoryEvent, type MemoryLog } from './memory-log.ts';

/** @throws {@link ImportRefusedError} */
export function importIntoMemory(log: MemoryLog, sha256: Sha256, batch: ImportBatch): ImportResult {
  const { position: after, mark } = batch.after;
  if (after > log.headPosition || (after >= 0 && log.placeOf(after).mark !== mark)) {
    throw refuse(after, 'is not the one that the import goes on from');
  }
  checkShape(batch);
  const events = batch.events.map(toMemoryEvent);
  const skipped = countSame(log, sha256, events);
  const fresh = events.slice(skipped);
  const outcomes = freshOutcomes(log, batch);
  if (fresh.length + outcomes.length > 0) checkBegunByImport(log, after + skipped + 1);
  checkFresh(log, fresh);
  for (const event of fresh) log.store(event);
  for (const outcome of outcomes) log.storeOutcome(outcome);
  return { imported: fresh.length, skipped, place: log.placeOf(after + events.length) };
}

function checkShape({ after, events }: ImportBatch): void {
  let expected = after.position + 1;
  let commit = after.position;
  for (const event of events) {
    if (event.position !== expected)
      throw refuse(event.position, `came where position ${expected} was expected`);
    if (event.commit < event.position || (event.position <= commit && event.commit !== commit)) {
      throw refuse(event.position, 'does not belong to the append that it stands in');
    }
    commit = event.commit;
    expected += 1;
  }
  if (commit >= expected)
    throw refuse(commit, 'is missing: a batch ends with the last event of an append');
}

function toMemoryEvent(event: RecordedEvent): MemoryEvent {
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  return new MemoryEvent({ ...event, data, metadata, tags: Object.freeze([...event.tags]) }, event);
}

/** How many events of the beginning are there already; a different one there is refused. */
function countSame(log: MemoryLog, sha256: Sha256, events: readonly MemoryEvent[]): number {
  let count = 0;
  for (const event of events) {
    const known = log.events[event.position];
    if (known === undefined) break;
    if (known.mark(sha256) !== event.mark(sha256) || known.commit !== event.commit) {
      throw refuse(event.position, 'is another one in this log');
    }
    count += 1;
  }
  return count;
}

function checkBegunByImport(log: MemoryLog, position: number): void {
  if (log.isImported) return;
  throw refuse(
    position,
    'cannot be imported: an import goes on only in a log that it began, and this one was appended to',
  );
}

function checkFresh(log: MemoryLog, fresh: readonly MemoryEvent[]): void {
  let recordedAt = log.events.at(-1)?.recordedAt ?? 0;
  const revisions = new Map<string, number>();
  const ids = new Set<string>();
  for (const event of fresh) {
    const { id, position, stream, revision } = event;
    const expected = (revisions.get(stream) ?? log.revisionOf(stream)) + 1;
    if (revision !== expected)
      throw refuse(position, `has revision ${revision} where ${expected} was expected`);
    if (event.recordedAt < recordedAt)
      throw refuse(position, 'was recorded before the event that it follows');
    if (log.eventIds.has(id) || ids.has(id))
      throw refuse(position, `has an id that an earlier event has: "${id}"`);
    revisions.set(stream, revision);
    recordedAt = event.recordedAt;
    ids.add(id);
  }
}

function freshOutcomes(
  log: MemoryLog,
  { after, events, outcomes }: ImportBatch,
): readonly StoredOutcome[] {
  const end = after.position + events.length;
  const fresh: StoredOutcome[] = [];
  for (const outcome of outcomes) {
    if (outcome.head.position > end || (outcome.position ?? -1) > end) {
      throw refuse(
        outcome.head.position,
        `is beyond the batch, but the outcome "${outcome.id}" names it`,
      );
    }
    const own: StoredOutcome = { ...structuredClone(outcome), log: DEFAULT_LOG };
    const known = log.outcomeOf(outcome.id);
    if (known === undefined) fresh.push(Object.freeze(own));
    else if (!isSameJson(known, own)) {
      throw refuse(
        outcome.head.position,
        `came with another outcome "${outcome.id}" than this log has`,
      );
    }
  }
  return fresh;
}

function refuse(position: number, why: string): ImportRefusedError {
  return new ImportRefusedError(
    `The event at position ${position} ${why}. Nothing of the batch was written.`,
    position,
  );
}
