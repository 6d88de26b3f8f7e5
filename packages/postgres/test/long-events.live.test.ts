/** G9: pages are bounded by the bytes of their events too. */
import { postgresEventStore } from '@daybook/postgres';
import type { EventStore, LogPlace } from '@daybook/core';
import { expect, it, onTestFinished } from 'vitest';

import { onEveryServer } from './live.ts';
import { temporarySchema } from './schema-name.ts';

const COUNT = 40;
const LENGTH = 1_000_000;
/** A page may hold 16 MiB, and the event that reaches it. */
const MOST = 18;

onEveryServer('long events', ({ url }) => {
  it('G9: end a page early, whichever way it is read, and none is left out', async () => {
    const store = await postgresEventStore(url, { schema: temporarySchema(url) });
    onTestFinished(() => store.close());
    for (let index = 0; index < COUNT; index += 1) await store.append(longAppend(index));
    const up = Array.from({ length: COUNT }, (_, position) => position);
    const query = { items: [{ tags: ['long'] }] };
    expect(await pagesOf(store, {})).toEqual(up);
    expect(await pagesOf(store, { query })).toEqual(up);
    expect(await pagesOf(store, { backwards: true })).toEqual(up.toReversed());
    expect(await pagesOf(store, { backwards: true, query })).toEqual(up.toReversed());
    expect(await streamOf(store, false)).toEqual(up);
    expect(await streamOf(store, true)).toEqual(up.toReversed());
  }, 60_000);
});

function longAppend(index: number) {
  // Nothing that compresses well.
  const text = Array.from({ length: LENGTH / 10 }, () => Math.random().toString(36).slice(2, 12));
  const event = {
    id: `e${index}`,
    type: 'Written',
    schemaVersion: 1,
    data: text.join('').padEnd(LENGTH, 'x'),
    metadata: {},
    tags: ['long'],
  };
  return {
    id: `a${index}`,
    streams: [{ stream: 'page-a', expected: 'any' as const, events: [event] }],
  };
}

async function pagesOf(
  store: EventStore,
  options: Parameters<EventStore['read']>[0],
): Promise<readonly number[]> {
  const positions: number[] = [];
  let after: LogPlace | undefined;
  const last = options?.backwards === true ? 0 : COUNT - 1;
  while (after?.position !== last) {
    const page = await store.read({ ...options, ...(after === undefined ? {} : { after }) });
    expect(page.events.length).toBeLessThanOrEqual(MOST);
    positions.push(...page.events.map(({ position }) => position));
    after = page.scannedTo;
  }
  return positions;
}

async function streamOf(store: EventStore, backwards: boolean): Promise<readonly number[]> {
  const revisions: number[] = [];
  let from: number | null | undefined;
  do {
    const page: Awaited<ReturnType<EventStore['readStream']>> = await store.readStream('page-a', {
      backwards,
      ...(typeof from === 'number' ? { from } : {}),
    });
    expect(page.events.length).toBeLessThanOrEqual(MOST);
    revisions.push(...page.events.map(({ revision }) => revision));
    from = page.next;
  } while (from !== null);
  return revisions;
}
