/** L9, T2: the log's file is replaced by an older copy, which knows nothing of it, and goes on from there. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { AppFace, QueryAnswer } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { temporaryDirectory } from '../temporary-directory.ts';
import { account, balances, bank, postEntry } from './bank.ts';
import { allBalances, booksOf, openAccounts, rowsIn, sortedRows } from './bank-check.ts';
import { changed } from './changed.ts';
import { wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';

const NAMES = ['a', 'b', 'c'];

/** How far the copy has grown when it is read: less far than the checkpoint, to its very position, beyond it. */
const GROWTHS = [
  ['is still shorter than the checkpoint', -2],
  ['ends at the checkpoint with another event', 0],
  ['has grown past the checkpoint', 3],
] as const;

test.each(GROWTHS)(
  'L9 G7: after the log was replaced by an older copy that %s, no row of the lost timeline is served by any process',
  { timeout: 120_000 },
  async (_, beyond) => {
    const { path, tokens, checkpoint } = await replacedLog();
    await withBank(path, false, async (app) => {
      while ((await app.events.head()).position < checkpoint + beyond) {
        await app.send(account.MoveMoney('a', { cents: 7 }));
      }
    });
    // First by processes that only read: whoever projects leaves word in the file of the read models.
    for (const processing of [false, true]) {
      const statuses = await withBank(path, processing, (app) => statusesOf(app, tokens));
      expect(statuses).toEqual(statuses.map(() => 'lost-timeline'));
    }
  },
);

test(
  'L9 P4: a lost read model says so in health, and is right again after a rebuild; tokens of the lost timeline stay refused',
  { timeout: 120_000 },
  async () => {
    const { path, tokens } = await replacedLog();
    const projector = await Peer.start('bank-process', { path });
    await withBank(path, false, async (app) => {
      for (let turn = 0; turn < 20; turn += 1) {
        await app.send(account.MoveMoney('b', { cents: 11 }));
      }
      await changed(app.readModels, async () => (await app.health()).status === 'failing');
      expect((await app.health()).readModels).toMatchObject([{ state: 'lost' }]);
      await projector.call('rebuild', 'balances');
      const { token } = await app.send(postEntry({ postings: [] }));
      await changed(
        app.readModels,
        async () => (await app.query(allBalances, { waitMs: 0 })).status === 'fresh',
      );
      const answer = await app.query(allBalances, { after: token, waitMs: 20_000 });
      expect(sortedRows(rowsIn(answer))).toEqual(booksOf(await wholeLog(app.events)).sorted);
      for (const after of tokens.lost) {
        const answers = [
          await app.query(allBalances, { after }),
          await projector.call<QueryAnswer>('query', allBalances, { after }),
        ];
        expect(answers).toMatchObject([{ status: 'lost-timeline' }, { status: 'lost-timeline' }]);
      }
      // What both timelines share is still what it was.
      const shared = await app.query(balances.balanceOf({ id: 'a' }), { after: tokens.shared });
      expect(shared.status).toBe('fresh');
    });
  },
);

interface ReplacedLog {
  readonly path: string;
  readonly tokens: { readonly shared: string; readonly lost: readonly string[] };
  /** Where the read model stood in the log that is gone. */
  readonly checkpoint: number;
}

/** A bank whose rows come from a log that is gone; in its place lies a copy from before its last movements. */
async function replacedLog(): Promise<ReplacedLog> {
  const directory = temporaryDirectory();
  const path = join(directory, 'bank.db');
  const copy = join(directory, 'copy.db');
  const shared = await withBank(path, true, async (app) => {
    const token = await openAccounts(app, NAMES, { overdraftCents: 0, balanceCents: 100 });
    await app.query(allBalances, { after: token });
    return token;
  });
  copyFileSync(path, copy);
  const lost = await withBank(path, true, async (app) => {
    const tokens: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      tokens.push((await app.send(account.MoveMoney('a', { cents: 1_000 }))).token);
    }
    await app.query(allBalances, { after: tokens });
    return tokens;
  });
  const checkpoint = await withBank(path, false, async (app) => {
    const [info] = await app.readModels.list('balances');
    return info?.checkpoints.get('main')?.position ?? -1;
  });
  copyFileSync(copy, path);
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
  expect(checkpoint).toBeGreaterThan(NAMES.length * 2);
  return { path, tokens: { shared, lost }, checkpoint };
}

/** Of queries with no token, with a token of what both timelines share, and with those of the lost one. */
async function statusesOf(
  app: AppFace,
  { shared, lost }: ReplacedLog['tokens'],
): Promise<readonly string[]> {
  const answers = [
    await app.query(allBalances),
    await app.query(balances.balanceOf({ id: 'a' })),
    await app.query(allBalances, { after: shared }),
  ];
  for (const after of lost) answers.push(await app.query(allBalances, { after, waitMs: 0 }));
  return answers.map(({ status }) => status);
}

async function withBank<Value>(
  path: string,
  processing: boolean,
  work: (app: AppFace) => Promise<Value>,
): Promise<Value> {
  const { face } = await bank.start({ store: sqlite(path), processing });
  try {
    return await work(face);
  } finally {
    await face.close();
  }
}
