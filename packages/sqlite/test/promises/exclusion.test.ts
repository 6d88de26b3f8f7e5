/** G4: appends of several processes that exclude one another, and appends that do not. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { AppendRequest, NewEvent } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';
import type { Verdict } from './store-process.ts';

const PROCESSES = 4;
const APPENDS = 20;
const ROUNDS = rounds(100);

test(
  'G4: of 20 appends of 4 processes that exclude one another, by revision or by tags, exactly one wins',
  { timeout: 20_000 + ROUNDS * 500 },
  async () => {
    const { path, peers } = await startPeers();
    for (let round = 0; round < ROUNDS; round += 1) {
      await raceOnce(peers, () => byRevision(round), 'wrong-expected-revision');
      await raceOnce(peers, () => byFirstPlace(round), 'wrong-expected-revision');
      await raceOnce(peers, (n) => byTags(round, n), 'condition-failed');
    }
    const winners = await winnersOf(path);
    expect(winners).toHaveLength(ROUNDS * 3);
    expect(new Set(winners).size).toBe(ROUNDS * 3);
  },
);

test(
  'G4: appends of 4 processes that do not exclude one another never fail, on one stream or on many',
  { timeout: 20_000 + ROUNDS * 300 },
  async () => {
    const { path, peers } = await startPeers();
    for (let round = 0; round < ROUNDS; round += 1) {
      const verdicts = await together(peers, (n) =>
        appendOf(n % 2 === 0 ? 'any-shared' : `any-${n}`, 'any', `a-${round}`),
      );
      expect(verdicts.filter((verdict) => 'error' in verdict)).toEqual([]);
    }
    const store = await sqliteEventStore(path);
    expect((await store.head()).position).toBe(ROUNDS * APPENDS - 1);
    await store.close();
  },
);

async function startPeers(): Promise<{ readonly path: string; readonly peers: readonly Peer[] }> {
  const path = join(temporaryDirectory(), 'log.db');
  // All at once: they also meet in making the file.
  const starts = Array.from({ length: PROCESSES }, () => Peer.start('store-process', { path }));
  return { path, peers: await Promise.all(starts) };
}

async function raceOnce(
  peers: readonly Peer[],
  request: (n: number) => AppendRequest,
  code: string,
): Promise<void> {
  const verdicts = await together(peers, request);
  expect(verdicts.filter((verdict) => 'result' in verdict)).toHaveLength(1);
  const codes = verdicts.flatMap((verdict) => ('error' in verdict ? [verdict.error.code] : []));
  expect(codes).toEqual(Array(APPENDS - 1).fill(code));
}

/** Sends {@link APPENDS} appends to the processes, in groups of equal size, at one moment. */
async function together(
  peers: readonly Peer[],
  request: (n: number) => AppendRequest,
): Promise<readonly Verdict[]> {
  const share = APPENDS / PROCESSES;
  const calls = peers.map((peer, at) => {
    const requests = Array.from({ length: share }, (_, n) => request(at * share + n));
    return peer.call<readonly Verdict[]>('appendAll', requests);
  });
  return (await Promise.all(calls)).flat();
}

function byRevision(round: number): AppendRequest {
  return appendOf('contest-counted', round === 0 ? 'no-stream' : round - 1, `revision-${round}`);
}

function byFirstPlace(round: number): AppendRequest {
  return appendOf(`first-${round}`, 'no-stream', `first-${round}`);
}

/** Each to a stream of its own, and only as long as nobody used the tag. */
function byTags(round: number, n: number): AppendRequest {
  const tag = `seat:${round}`;
  return {
    ...appendOf(`seat-${round}-${n}`, 'any', tag, [tag]),
    condition: { query: { items: [{ tags: [tag] }] }, after: -1 },
  };
}

function appendOf(
  stream: string,
  expected: 'any' | 'no-stream' | number,
  contest: string,
  tags: readonly string[] = [],
): AppendRequest {
  const event: NewEvent = {
    id: randomUUID(),
    type: 'Won',
    schemaVersion: 1,
    data: { contest },
    metadata: {},
    ...(tags.length === 0 ? {} : { tags }),
  };
  return { id: randomUUID(), streams: [{ stream, expected, events: [event] }] };
}

/** What the answers said is what the log holds. */
async function winnersOf(path: string): Promise<readonly string[]> {
  const store = await sqliteEventStore(path);
  const won = (await wholeLog(store)).map(({ data }) => JSON.stringify(data));
  await store.close();
  return won;
}
