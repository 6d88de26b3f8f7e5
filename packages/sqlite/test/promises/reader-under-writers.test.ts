/** G5: readers in processes of their own while others write. */
import { join } from 'node:path';

import { sqliteEventStore } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';
import type { Followed } from './store-process.ts';

const PROCESSES = 4;
const LANES = 2;
const APPENDS = rounds(4_000);

test(
  'G5 L3 L10: readers beside 8 writers in 4 processes are given each position once, in order, none late, and no page inside an append',
  { timeout: 20_000 + APPENDS * PROCESSES * LANES * 2 },
  async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const start = (): Promise<Peer> => Peer.start('store-process', { path });
    const writers = await Promise.all(Array.from({ length: PROCESSES }, start));
    const readers = await Promise.all([start(), start()]);
    // Each lane's turns give 1, 2, 3, 1, 2, … events.
    const head = PROCESSES * LANES * eventsOf(APPENDS) - 1;
    const followed = readers.map((reader, n) =>
      reader.call<Followed>('follow', head, n === 0 ? 7 : 500),
    );
    await Promise.all(writers.map((writer) => writer.call('load', LANES, APPENDS)));
    const expected = Array.from({ length: head + 1 }, (_, position) => position);
    for (const { positions, torn } of await Promise.all(followed)) {
      expect(positions).toEqual(expected);
      expect(torn).toBe(0);
    }
    const store = await sqliteEventStore(path);
    expect((await wholeLog(store)).map(({ position }) => position)).toEqual(expected);
    await store.close();
  },
);

function eventsOf(appends: number): number {
  let events = 0;
  for (let turn = 0; turn < appends; turn += 1) events += 1 + (turn % 3);
  return events;
}
