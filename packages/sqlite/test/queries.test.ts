import { join } from 'node:path';

import { matches, type EventQuery, type EventStore, type RecordedEvent } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from './temporary-directory.ts';

/** `Common` fills half of the log, `Rare` one event in two hundred; both ways of scanning are met. */
const TYPES = ['Common', 'Common', 'Common', 'Usual', 'Usual', 'Scarce'];
const TAGS = ['course:a', 'course:b', 'student:x', 'student:y'];
const EVENTS = 1_500;

describe('reading by a query', () => {
  it('L10: pages give what a filter over the whole log gives, upwards and downwards', async () => {
    const store = await sqliteEventStore(join(temporaryDirectory(), 'log.db'));
    await fill(store);
    const all = await readUp(store, undefined, 1_000);
    expect(all).toHaveLength(EVENTS);
    await fc.assert(
      fc.asyncProperty(queries, fc.integer({ min: 1, max: 40 }), async (query, limit) => {
        const wanted = all.filter((event) => matches(query, event)).map(({ id }) => id);
        const up = await readUp(store, query, limit);
        expect(up.map(({ id }) => id)).toEqual(wanted);
        const down = await readDown(store, query, limit);
        expect(down.map(({ id }) => id)).toEqual(wanted.toReversed());
      }),
      { numRuns: 60 },
    );
    await store.close();
  }, 60_000);

  it('G9: a page looks at a bounded part of the log, and says how far', async () => {
    const store = await sqliteEventStore(join(temporaryDirectory(), 'log.db'));
    await fill(store);
    // One in two matches both tags of the item; the list of its first tag is cut off after ten.
    const query = { items: [{ tags: ['course:a', 'nobody:has-this'] }] };
    const page = await store.read({ query, limit: 10 });
    expect(page.events).toEqual([]);
    expect(page.scannedTo.position).toBeGreaterThan(-1);
    expect(page.scannedTo.position).toBeLessThan(page.head.position);
    expect(await readUp(store, query, 10)).toEqual([]);
    await store.close();
  });
});

const items = fc.record(
  {
    types: fc.uniqueArray(fc.constantFrom('Common', 'Usual', 'Scarce', 'Rare', 'Unknown'), {
      maxLength: 4,
    }),
    tags: fc.uniqueArray(fc.constantFrom(...TAGS, 'nobody:has-this'), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const queries: fc.Arbitrary<EventQuery> = fc.record({ items: fc.array(items, { maxLength: 3 }) });

/** Appends of one to four events, with types and tags in a fixed pattern that repeats nowhere soon. */
async function fill(store: EventStore): Promise<void> {
  const appends = [];
  for (let count = 0; count < EVENTS;) {
    const size = Math.min((count % 4) + 1, EVENTS - count);
    const events = Array.from({ length: size }, (_, index) => {
      const number = count + index;
      return {
        id: `e${number}`,
        type: number % 199 === 0 ? 'Rare' : (TYPES[(number * 7) % TYPES.length] ?? ''),
        schemaVersion: 1,
        data: {},
        metadata: {},
        tags: TAGS.filter((_tag, at) => (number * (at + 3)) % 7 < 3),
      };
    });
    const streams = [{ stream: 'account-1', expected: 'any' as const, events }];
    appends.push(store.append({ id: `a${count}`, streams }));
    count += size;
  }
  await Promise.all(appends);
}

async function readUp(
  store: EventStore,
  query: EventQuery | undefined,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after = { position: -1, mark: '' };
  for (;;) {
    const page = await store.read({ after, limit, ...(query === undefined ? {} : { query }) });
    events.push(...page.events);
    if (page.scannedTo.position >= page.head.position) return events;
    expect(page.scannedTo.position).toBeGreaterThan(after.position);
    expect((await store.placeAt(page.scannedTo.position))?.commit).toBe(page.scannedTo.position);
    after = page.scannedTo;
  }
}

async function readDown(
  store: EventStore,
  query: EventQuery,
  limit: number,
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after = EVENTS;
  for (;;) {
    const page = await store.read({ after, limit, query, backwards: true });
    events.push(...page.events);
    if (page.scannedTo.position <= 0) return events;
    expect(page.scannedTo.position).toBeLessThan(after);
    after = page.scannedTo.position;
  }
}
