/** What the tests read of a file to judge what was done to it. */
import { DatabaseSync } from 'node:sqlite';

import type { EventStore, RecordedEvent, StoredOutcome } from '@daybook/core';

export async function wholeLog(store: EventStore): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after = -1;
  for (;;) {
    const page = await store.read({ after });
    events.push(...page.events);
    after = page.scannedTo.position;
    if (after >= page.head.position) return events;
  }
}

/** In the order in which they were stored. */
export async function allOutcomes(store: EventStore): Promise<readonly StoredOutcome[]> {
  const outcomes: StoredOutcome[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await store.readOutcomes(cursor === undefined ? {} : { cursor });
    outcomes.push(...page.outcomes);
    cursor = page.next;
  }
  return outcomes;
}

/** What SQLite itself says of a file; `ok` when it is whole. */
export function integrityOf(path: string): unknown {
  const database = new DatabaseSync(path);
  try {
    return database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
  } finally {
    database.close();
  }
}
