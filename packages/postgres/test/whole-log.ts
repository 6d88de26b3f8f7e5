/** A log read to its end, and what must be true of it. */
import { LOG_START, type EventStore, type LogPlace, type RecordedEvent } from '@daybook/core';
import { expect } from 'vitest';

export async function allEvents(
  store: EventStore,
  log?: string,
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after: LogPlace = LOG_START;
  for (;;) {
    const page = await store.read({ after, ...(log === undefined ? {} : { log }) });
    events.push(...page.events);
    after = page.scannedTo;
    if (after.position >= page.head.position) return events;
  }
}

/** Positions and revisions without gaps, instants that never go back, and every append whole. */
export function expectWhole(events: readonly RecordedEvent[]): void {
  expect(events.map(({ position }) => position)).toEqual(events.map((_, position) => position));
  const revisions = new Map<string, number>();
  let recordedAt = 0;
  for (const event of events) {
    expect(event.revision).toBe((revisions.get(event.stream) ?? -1) + 1);
    expect(event.recordedAt).toBeGreaterThanOrEqual(recordedAt);
    revisions.set(event.stream, event.revision);
    ({ recordedAt } = event);
  }
  for (const [at, { commit, position }] of events.entries()) {
    expect(commit).toBeGreaterThanOrEqual(position);
    expect(events[commit]?.commit).toBe(commit);
    const before = events[at - 1];
    if (before !== undefined && before.commit >= position) expect(before.commit).toBe(commit);
  }
}
