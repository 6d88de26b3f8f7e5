import { join } from 'node:path';

import type { RecordedEvent } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { describe, expect, it } from 'vitest';

import { run } from './program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('several processes on one file', () => {
  it('G4: appends with `any` from three processes never conflict', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const writers = ['a', 'b', 'c'].map((name) => run('append', [path, name, '150']));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    const events = await allEvents(path);
    expect(events).toHaveLength(900);
    expectWhole(events);
  }, 60_000);

  it('G5: a reader in another process sees each position once and in order while others write', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const reader = run('follow', [path, '600']);
    await reader.said(1);
    const writers = ['a', 'b', 'c'].map((name) => run('append', [path, name, '100']));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    expect(await reader.ended).toBe(0);
    const positions: unknown = JSON.parse(reader.lines[1] ?? '');
    expect(positions).toEqual(Array.from({ length: 600 }, (_, position) => position));
  }, 60_000);

  it('L10: an append of another process wakes whoever listens', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const store = await sqliteEventStore(path);
    const woken = new Promise<string>((resolve) => {
      store.onAppended(resolve);
    });
    const writer = run('append', [path, 'a', '1']);
    expect(await woken).toBe('main');
    expect((await store.head()).position).toBe(1);
    expect(await writer.ended).toBe(0);
    await store.close();
  }, 60_000);

  it('G1, G2: what was acknowledged survives kill -9, and appends are whole', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const acknowledged: string[] = [];
    for (const round of [0, 1, 2]) {
      const writer = run('append', [path, `round${round}`, '1000000']);
      await writer.said(50 + round * 37);
      writer.process.kill('SIGKILL');
      expect(await writer.ended).toBe('SIGKILL');
      acknowledged.push(...writer.lines);
    }
    const events = await allEvents(path);
    expectWhole(events);
    const found = new Set(events.map(({ id }) => id));
    expect(acknowledged.filter((id) => !found.has(`${id}.0`) || !found.has(`${id}.1`))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(50 + 87 + 124);
  }, 60_000);

  it('ten processes that open a new file at once make one log', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const programs = Array.from({ length: 10 }, () => run('open', [path]));
    await Promise.all(programs.map(({ ended }) => ended));
    const said = programs.map(({ lines }) => lines[0]);
    expect([...new Set(said)]).toHaveLength(1);
    expect(said[0]).toMatch(/^[0-9a-f-]{36}$/);
  }, 60_000);
});

async function allEvents(path: string): Promise<readonly RecordedEvent[]> {
  const store = await sqliteEventStore(path);
  const events: RecordedEvent[] = [];
  let after = { position: -1, mark: '' };
  for (;;) {
    const page = await store.read({ after });
    events.push(...page.events);
    after = page.scannedTo;
    if (after.position >= page.head.position) break;
  }
  await store.close();
  return events;
}

/** Positions and revisions without gaps, and every append of two events whole. */
function expectWhole(events: readonly RecordedEvent[]): void {
  expect(events.map(({ position }) => position)).toEqual(events.map((_, position) => position));
  const revisions = new Map<string, number>();
  for (const { stream, revision } of events) {
    expect(revision).toBe((revisions.get(stream) ?? -1) + 1);
    revisions.set(stream, revision);
  }
  for (const { position, commit } of events) expect(commit).toBe(position - (position % 2) + 1);
}
