/** G1, G2: a writer is killed in mid-load, again and again, on one file. */
import { join } from 'node:path';

import type { EventStore, RecordedEvent } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { BrokenDisk, whyNoBrokenDisk } from './broken-disk.ts';
import { integrityOf, wholeLog } from './log-check.ts';
import { Peer, PeerGoneError, signal } from './peer.ts';
import type { Acknowledged, LoadData } from './store-process.ts';

const KILLS = rounds(50);

test(
  'G1 G2 L1: of a writer killed in mid-load nothing acknowledged is lost, no append is there in part, positions are dense',
  { timeout: 20_000 + KILLS * 15_000 },
  async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      acknowledged.push(...(await loadUntilKilled(path, (round * 37) % 300)));
      await checkEnd(path, acknowledged);
    }
    await checkWhole(path, acknowledged);
    expect(integrityOf(path)).toBe('ok');
    expect(acknowledged.length).toBeGreaterThan(KILLS * 50);
  },
);

const why = whyNoBrokenDisk();

test(
  'G1 G2: of a writer that dies in the middle of any write to its file nothing acknowledged is lost, and no append is there in part',
  { timeout: 20_000 + KILLS * 15_000 },
  async (context) => {
    if (why !== undefined) context.skip(why);
    const directory = temporaryDirectory();
    const path = join(directory, 'log.db');
    const disk = new BrokenDisk(directory);
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      // From its first write on: the file's making, the first commits, one in the middle of many.
      const write = 1 + round * 3;
      const onSaid = (said: Acknowledged): void => void acknowledged.push(said);
      const environment = disk.dyingAt(write, 'log.db');
      const writer = new Peer('store-process', { path }, { onSaid, environment });
      await expect(writer.call('load', 4, 10_000)).rejects.toBeInstanceOf(PeerGoneError);
      await checkEnd(path, acknowledged);
    }
    await checkWhole(path, acknowledged);
    expect(integrityOf(path)).toBe('ok');
  },
);

/** What the writer acknowledged before its end, which comes some acknowledgements after `count`. */
async function loadUntilKilled(path: string, count: number): Promise<readonly Acknowledged[]> {
  const heard: Acknowledged[] = [];
  const enough = signal();
  const onSaid = (said: Acknowledged): void => {
    heard.push(said);
    if (heard.length > count) enough.resolve();
  };
  const writer = await Peer.start('store-process', { path }, { onSaid });
  const load = writer
    .call('load', 1 + (count % 64), Number.MAX_SAFE_INTEGER)
    .catch((error: unknown) => error);
  await Promise.race([enough.promise, load]);
  await writer.kill();
  expect(await load).toBeInstanceOf(PeerGoneError);
  return heard;
}

/** After each kill: the last acknowledged appends, for what a kill can take is at the end. */
async function checkEnd(path: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const store = await sqliteEventStore(path);
  for (const { id, first, position } of acknowledged.slice(-500)) {
    expect(await store.outcomeOf(id)).toMatchObject({ first, position });
    expect((await store.placeAt(position))?.first).toBe(first);
  }
  await store.close();
}

async function checkWhole(path: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const store = await sqliteEventStore(path);
  const events = await wholeLog(store);
  expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index));
  checkRevisions(events);
  await checkAppends(store, events, acknowledged);
  await store.close();
}

/** Each append whole, in one piece, with its outcome; none twice. */
async function checkAppends(
  store: EventStore,
  events: readonly RecordedEvent[],
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const byAppend = Map.groupBy(events, ({ data }) => loadDataOf(data).append);
  for (const [id, own] of byAppend) {
    const count = own.map(({ data }) => loadDataOf(data).count)[0] ?? 0;
    expect(own.map(({ data }) => loadDataOf(data).index)).toEqual([...Array(count).keys()]);
    const commit = own.at(-1)?.position ?? -1;
    expect(own.every((event) => event.commit === commit)).toBe(true);
    expect(await store.outcomeOf(id)).toMatchObject({
      first: commit - count + 1,
      position: commit,
    });
  }
  expect(acknowledged.filter(({ id }) => !byAppend.has(id))).toEqual([]);
}

function checkRevisions(events: readonly RecordedEvent[]): void {
  for (const own of Map.groupBy(events, ({ stream }) => stream).values()) {
    expect(own.map(({ revision }) => revision)).toEqual(own.map((_, index) => index));
  }
}

/** Every event of the file is of the load. */
function loadDataOf(data: unknown): LoadData {
  return data as LoadData;
}
