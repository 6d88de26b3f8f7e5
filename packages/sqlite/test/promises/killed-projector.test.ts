/** G6, P7: projectors that die, and one that freezes and wakes, while the log grows. */
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { AppFace, Health } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { bank, postEntry, transfer } from './bank.ts';
import { allBalances, booksOf, openAccounts, rowsIn, sortedRows } from './bank-check.ts';
import { BrokenDisk, whyNoBrokenDisk } from './broken-disk.ts';
import { changed } from './changed.ts';
import { integrityOf, wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';

const KILLS = rounds(50);
const FREEZES = rounds(20);
const ACCOUNTS = Array.from({ length: 10 }, (_, n) => `acc-${n}`);
/** Short, so that the next one need not wait long for a dead one's lease. */
const LEASE_MS = 150;

test(
  'G6 P1: a projector that is killed at any point, again and again, ends with the rows of a straight fold',
  { timeout: 30_000 + KILLS * 15_000 },
  async () => {
    const { path, face, load } = await bankUnderLoad();
    for (let round = 0; round < KILLS; round += 1) {
      const projector = new Peer('bank-process', { path, leaseMs: LEASE_MS });
      await commits(face, 1 + (round % 5));
      // Somewhere in the next step.
      await new Promise((resolve) => setTimeout(resolve, (round * 7) % 11));
      await projector.kill();
    }
    await stop(load);
    await Peer.start('bank-process', { path, leaseMs: LEASE_MS });
    await expectRowsOfStraightFold(face);
    await face.close();
    expect(integrityOf(path.replace('.db', '.read.db'))).toBe('ok');
  },
);

const why = whyNoBrokenDisk();

test(
  'G6 P1: a projector that dies in the middle of any write to its file ends with the rows of a straight fold',
  { timeout: 30_000 + KILLS * 15_000 },
  async (context) => {
    if (why !== undefined) context.skip(why);
    const { path, directory, face, load } = await bankUnderLoad();
    const disk = new BrokenDisk(directory);
    for (let round = 0; round < KILLS; round += 1) {
      const environment = disk.dyingAt(1 + round * 2, 'bank.read.db');
      const projector = new Peer('bank-process', { path, leaseMs: LEASE_MS }, { environment });
      await projector.gone();
    }
    await stop(load);
    await Peer.start('bank-process', { path, leaseMs: LEASE_MS });
    await expectRowsOfStraightFold(face);
    await face.close();
    expect(integrityOf(path.replace('.db', '.read.db'))).toBe('ok');
  },
);

test('P1 G6: rows that are ahead of their checkpoint, as engines without transactions leave them, take no event twice', async () => {
  const path = join(temporaryDirectory(), 'bank.db');
  const { face } = await bank.start({ store: sqlite(path) });
  await openAccounts(face, ACCOUNTS, { overdraftCents: 1_000, balanceCents: 0 });
  for (let turn = 0; turn < 100; turn += 1) {
    await face.send(transfer('acc-0', `acc-${1 + (turn % 9)}`, 1));
  }
  await expectRowsOfStraightFold(face);
  const { scannedTo } = await face.events.read({ limit: 40 });
  await face.close();
  const rows = new DatabaseSync(path.replace('.db', '.read.db'));
  const back = rows.prepare('UPDATE checkpoints SET position = ?, mark = ?');
  expect(back.run(scannedTo.position, scannedTo.mark).changes).toBe(1);
  rows.close();

  const again = await bank.start({ store: sqlite(path) });
  await again.face.send(transfer('acc-1', 'acc-0', 1));
  await expectRowsOfStraightFold(again.face);
  await again.face.close();
});

test(
  'G6 P7: of two projectors on one file, one that freezes past its lease and wakes changes nothing: the rows are those of a straight fold',
  { timeout: 30_000 + FREEZES * 20_000 },
  async () => {
    const { path, face, load } = await bankUnderLoad();
    const start = (): Promise<Peer> => Peer.start('bank-process', { path, leaseMs: LEASE_MS });
    const projectors = [await start(), await start()] as const;
    for (let taken = 0; taken < FREEZES;) {
      await commits(face, 1 + (taken % 3));
      const [holder, other] = await byHolding(projectors);
      const fence = await fenceOf(face);
      holder.freeze();
      const isTaken = await takenOver(face, fence);
      holder.wake();
      // One that froze with the file's lock in its hand cannot be overtaken by anybody: once more.
      if (!isTaken) continue;
      taken += 1;
      // The one that woke learns that it is not the holder any more, and says so.
      await changed(face.readModels, async () => (await processorOf(holder)) === 'idle');
      expect(await processorOf(other)).toBe('running');
    }
    await stop(load);
    await expectRowsOfStraightFold(face);
    await face.close();
  },
);

interface BankUnderLoad {
  readonly path: string;
  readonly directory: string;
  /** Of this process, which neither transfers nor projects. */
  readonly face: AppFace;
  readonly load: Load;
}

interface Load {
  readonly writer: Peer;
  readonly transfers: Promise<unknown>;
}

async function bankUnderLoad(): Promise<BankUnderLoad> {
  const directory = temporaryDirectory();
  const path = join(directory, 'bank.db');
  const { face } = await bank.start({ store: sqlite(path), processing: false });
  await openAccounts(face, ACCOUNTS, { overdraftCents: 1_000_000, balanceCents: 0 });
  const writer = await Peer.start('bank-process', { path, processing: false });
  const request = { accounts: ACCOUNTS, count: 1_000_000, inFlight: 2, centsMax: 900 };
  return { path, directory, face, load: { writer, transfers: writer.call('transfers', request) } };
}

async function stop({ writer, transfers }: Load): Promise<void> {
  await writer.call('stopTransfers');
  await transfers;
  await writer.kill();
}

/** Waits for so many changes of the read models' file. */
async function commits({ readModels }: AppFace, count: number): Promise<void> {
  let seen = -1;
  await changed(readModels, () => {
    seen += 1;
    return seen >= count;
  });
}

async function byHolding(
  projectors: readonly [Peer, Peer],
): Promise<readonly [holder: Peer, other: Peer]> {
  const [first, second] = projectors;
  return (await processorOf(first)) === 'running' ? [first, second] : [second, first];
}

async function processorOf(peer: Peer): Promise<string | undefined> {
  const { readModels } = await peer.call<Health>('health');
  return readModels[0]?.processor;
}

async function fenceOf({ readModels }: AppFace): Promise<number> {
  const [lease] = await readModels.leases.list();
  return lease?.fence ?? 0;
}

/** False where nobody took over in many times the life of a lease. */
async function takenOver(face: AppFace, fence: number): Promise<boolean> {
  const giveUp = AbortSignal.timeout(LEASE_MS * 20);
  const end = changed(face.readModels, async () => giveUp.aborted || (await fenceOf(face)) > fence);
  await Promise.race([end, once(giveUp, 'abort')]);
  return (await fenceOf(face)) > fence;
}

async function expectRowsOfStraightFold(face: AppFace): Promise<void> {
  const events = await wholeLog(face.events);
  // An entry without postings changes nothing, and its token is the head.
  const { token } = await face.send(postEntry({ postings: [] }));
  const answer = await face.query(allBalances, { after: token, waitMs: 20_000 });
  expect(sortedRows(rowsIn(answer))).toEqual(booksOf(events).sorted);
  expect(events.length).toBeGreaterThan(100);
}
