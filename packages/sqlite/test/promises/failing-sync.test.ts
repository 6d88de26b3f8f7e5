/** L5, G1: a disk that fails in the middle of a COMMIT. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { AppendRequest } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { BrokenDisk, whyNoBrokenDisk } from './broken-disk.ts';
import { integrityOf, wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';
import type { Verdict } from './store-process.ts';

const why = whyNoBrokenDisk();
const ROUNDS = rounds(50);

test(
  'L5 G3: a sync that fails at COMMIT is answered by what the file holds, also after a kill; sent again, each append has one effect',
  { timeout: 20_000 + ROUNDS * 10_000 },
  async (context) => {
    if (why !== undefined) context.skip(why);
    const { path, disk } = brokenDisk();
    let writer = await startWriter(path, disk);
    const sent: AppendRequest[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await allWritten(writer, [appendOf(round)]);
      const group = Array.from({ length: 1 + (round % 8) }, () => appendOf(round));
      disk.failOnce();
      const verdicts = await writer.call<readonly Verdict[]>('appendAll', group);
      expect(disk.hasFailedOnce).toBe(true);
      if (round % 2 === 0) {
        // A recovery finds whatever the failed commit left in the WAL.
        await writer.kill();
        await expectAsAnswered(path, verdicts);
        writer = await startWriter(path, disk);
      }
      await allWritten(writer, group);
      sent.push(...group);
    }
    await allWritten(writer, sent);
    await writer.kill();
    await expectOneEffect(path, sent);
  },
);

test(
  'L5: while syncs fail the answer is outcome-unknown, with the id; when the disk is back the id settles it',
  { timeout: 60_000 },
  async (context) => {
    if (why !== undefined) context.skip(why);
    const { path, disk } = brokenDisk();
    const writer = await startWriter(path, disk);
    await allWritten(writer, [appendOf(0)]);
    const request = appendOf(1);
    disk.fail();
    const [verdict] = await writer.call<readonly Verdict[]>('appendAll', [request]);
    expect(verdict).toMatchObject({ id: request.id, error: { code: 'outcome-unknown' } });
    // Others that come meanwhile are told something as well, and nothing is written for those that were not accepted.
    const other = appendOf(2);
    const [next] = await writer.call<readonly Verdict[]>('appendAll', [other]);
    expect(next).toHaveProperty('error');
    disk.work();
    await allWritten(writer, [request, other]);
    await writer.kill();
    await expectOneEffect(path, [request, other]);
  },
);

test(
  'G1: no append is acknowledged before its own group was synced',
  { timeout: 60_000 },
  async (context) => {
    if (why !== undefined) context.skip(why);
    const { path, disk } = brokenDisk();
    const writer = await startWriter(path, disk);
    for (let turn = 0; turn < 50; turn += 1) {
      const before = disk.count;
      await allWritten(writer, [appendOf(turn)]);
      expect(disk.count).toBeGreaterThan(before);
    }
  },
);

function brokenDisk(): { readonly path: string; readonly disk: BrokenDisk } {
  const directory = temporaryDirectory();
  return { path: join(directory, 'log.db'), disk: new BrokenDisk(directory) };
}

async function startWriter(path: string, disk: BrokenDisk): Promise<Peer> {
  return Peer.start('store-process', { path }, { environment: disk.watching('log.db-wal') });
}

function appendOf(round: number): AppendRequest {
  const event = {
    id: randomUUID(),
    type: 'Noted',
    schemaVersion: 1,
    data: { round },
    metadata: {},
  };
  const stream = `note-${round % 3}`;
  return { id: randomUUID(), streams: [{ stream, expected: 'any', events: [event] }] };
}

async function allWritten(writer: Peer, requests: readonly AppendRequest[]): Promise<void> {
  const verdicts = await writer.call<readonly Verdict[]>('appendAll', requests);
  expect(verdicts.filter((verdict) => 'error' in verdict)).toEqual([]);
}

/** Accepted is there, refused is not, and nothing else was said. */
async function expectAsAnswered(path: string, verdicts: readonly Verdict[]): Promise<void> {
  const store = await sqliteEventStore(path);
  for (const verdict of verdicts) {
    const found = (await store.outcomeOf(verdict.id)) === undefined ? 'absent' : 'present';
    expect(answered(verdict, found)).toBe(found);
  }
  await store.close();
}

/** What a verdict promises of the log; one that promises nothing is as good as what was found. */
function answered(verdict: Verdict, found: string): string {
  if ('result' in verdict) return 'present';
  if (verdict.error.code === 'outcome-unknown') return found;
  return verdict.error.code === 'store-unavailable' ? 'absent' : verdict.error.code;
}

async function expectOneEffect(path: string, sent: readonly AppendRequest[]): Promise<void> {
  const store = await sqliteEventStore(path);
  const written = new Map<string, number>();
  for (const { id } of await wholeLog(store)) written.set(id, (written.get(id) ?? 0) + 1);
  const ids = sent.flatMap(({ streams }) => streams.flatMap(({ events }) => events.map(idOf)));
  expect(ids.filter((id) => written.get(id) !== 1)).toEqual([]);
  await store.close();
  expect(integrityOf(path)).toBe('ok');
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}
