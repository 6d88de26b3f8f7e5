/** G9: the named bounds of the SQLite stores, each hit. Those of the port are hit by its contract. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { subscribe, type AppendRequest, type EventStore } from '@daybook/core';
import { sqliteEventStore, sqliteReadModelStore } from '@daybook/sqlite';
import { expect, onTestFinished, test } from 'vitest';

import { StatementCache } from '../../src/statement.ts';
import { VIEWS_MAX, WAITING_VIEWS_MAX } from '../../src/view-pool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { signal } from './peer.ts';

test('G9: busyTimeoutMs: an append that another process keeps from the file is refused, retryable, and nothing was written', async () => {
  const path = join(temporaryDirectory(), 'log.db');
  const store = await open(path, { busyTimeoutMs: 50 });
  await store.append(appendOf('note-a'));
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const request = appendOf('note-a');
  await expect(store.append(request)).rejects.toMatchObject({
    code: 'store-unavailable',
    isRetryable: true,
  });
  // Readers wait for no writer.
  expect((await store.head()).position).toBe(0);
  other.exec('ROLLBACK');
  other.close();
  expect(await store.append(request)).toMatchObject({ status: 'appended', position: 1 });
});

test('G9: more appends at once, and longer ones, than one group holds are written by several groups, in order', async () => {
  const store = await open(join(temporaryDirectory(), 'log.db'));
  const small = Array.from({ length: 3_000 }, () => appendOf('note-a'));
  const long = Array.from({ length: 12 }, () => appendOf('note-a', 'x'.repeat(300_000)));
  const all = [...small, ...long];
  const results = await Promise.all(all.map((request) => store.append(request)));
  expect(results.map(({ position }) => position)).toEqual(all.map((_, index) => index));
});

test(
  'G9: a page that holds 16 MiB goes no further, and the next one goes on behind it',
  { timeout: 60_000 },
  async () => {
    const store = await open(join(temporaryDirectory(), 'log.db'));
    for (let turn = 0; turn < 300; turn += 1)
      await store.append(appendOf('note-a', 'x'.repeat(100_000)));
    const pages: number[] = [];
    const positions: number[] = [];
    for await (const { events, scannedTo, head } of subscribe(store)) {
      pages.push(events.length);
      positions.push(...events.map(({ position }) => position));
      if (scannedTo.position === head.position) break;
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(positions).toEqual(Array.from({ length: 300 }, (_, position) => position));
    const stream = await store.readStream('note-a');
    expect(stream.events.length).toBeLessThan(300);
    expect(stream.next).toBe(stream.events.length);
  },
);

test(
  'G9: expectations hold for more streams than the writer remembers',
  { timeout: 60_000 },
  async () => {
    const store = await open(join(temporaryDirectory(), 'log.db'));
    const streams = 50_000 + 400;
    const perAppend = 200;
    const appends: AppendRequest[] = [];
    for (let first = 0; first < streams; first += perAppend) {
      const names = Array.from({ length: perAppend }, (_, n) => `note-${first + n}`);
      appends.push({
        id: randomUUID(),
        streams: names.map((stream) => ({ stream, expected: 'no-stream', events: [eventOf('')] })),
      });
    }
    await Promise.all(appends.map((request) => store.append(request)));
    for (const stream of ['note-0', 'note-49999', `note-${streams - 1}`]) {
      const request = { ...appendOf(stream), streams: [streamOf(stream, 'no-stream')] };
      await expect(store.append(request)).rejects.toMatchObject({ actual: 0 });
      const next = { ...appendOf(stream), streams: [streamOf(stream, 0)] };
      expect(await store.append(next)).toMatchObject({ streams: [{ stream, revision: 1 }] });
    }
  },
);

test('G9: VIEWS_MAX views run at once, WAITING_VIEWS_MAX wait, one more is refused as overloaded', async () => {
  const store = await sqliteReadModelStore(join(temporaryDirectory(), 'rows.db'));
  onTestFinished(() => store.close());
  const layout = { readModel: 'notes', version: 1, fingerprint: 'f', indexes: [] };
  const ref = await store.create(layout);
  const end = signal();
  let running = 0;
  const view = () =>
    store.view(ref, async () => {
      running += 1;
      await end.promise;
      return running;
    });
  const views = Array.from({ length: VIEWS_MAX + WAITING_VIEWS_MAX + 1 }, view);
  await expect(Promise.race(views)).rejects.toMatchObject({
    code: 'overloaded',
    limit: 'waitingViewsMax',
  });
  expect(running).toBeLessThanOrEqual(VIEWS_MAX);
  end.resolve();
  const settled = await Promise.allSettled(views);
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(1);
});

test('G9: more different statements than are kept are all answered', () => {
  const database = new DatabaseSync(':memory:');
  const statements = new StatementCache(database);
  for (const turn of [0, 1]) {
    const answers = Array.from({ length: 1_200 }, (_, n) => statements.get(`SELECT ${n}`).get());
    expect(answers, `turn ${turn}`).toEqual(answers.map((__, n) => [n]));
  }
  database.close();
});

async function open(path: string, options = {}): Promise<EventStore> {
  const store = await sqliteEventStore(path, options);
  onTestFinished(() => store.close());
  return store;
}

function appendOf(stream: string, text = ''): AppendRequest {
  return { id: randomUUID(), streams: [streamOf(stream, 'any', text)] };
}

function streamOf(stream: string, expected: 'any' | 'no-stream' | number, text = '') {
  return { stream, expected, events: [eventOf(text)] };
}

function eventOf(text: string) {
  return { id: randomUUID(), type: 'Noted', schemaVersion: 1, data: { text }, metadata: {} };
}
