/** G2, L3: a reader in another process while money moves between accounts. */
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { sqlite } from '@daybook/sqlite';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { bank } from './bank.ts';
import { allBalances, openAccounts, rowsIn, sumOf } from './bank-check.ts';
import { Peer } from './peer.ts';

const TRANSFERS = rounds(4_000);
const ACCOUNTS = Array.from({ length: 10 }, (_, n) => `acc-${n}`);

test(
  'G2 L3: whoever reads the balances while transfers run, in whatever process, sees money neither made nor lost',
  { timeout: 30_000 + TRANSFERS * 40 },
  async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    // This process only reads; the transfers, and the filling of the read model, are the others'.
    const { face } = await bank.start({ store: sqlite(path), processing: false });
    const accounts = { overdraftCents: 1_000_000, balanceCents: 0 };
    const opened = await openAccounts(face, ACCOUNTS, accounts);
    const peers = await Promise.all([
      Peer.start('bank-process', { path }),
      Peer.start('bank-process', { path }),
    ]);
    expect(rowsIn(await face.query(allBalances, { after: opened }))).toHaveLength(10);

    let isOver = false;
    const request = { accounts: ACCOUNTS, count: TRANSFERS / 2, inFlight: 8, centsMax: 900 };
    const transfers = Promise.all(peers.map((peer) => peer.call('transfers', request)));
    const over = transfers.then(() => {
      isOver = true;
    });
    const positions = new Set<number>();
    const wrong: number[] = [];
    while (!isOver) {
      const answer = await face.query(allBalances);
      const sum = sumOf(rowsIn(answer));
      if (sum !== 0) wrong.push(sum);
      positions.add(answer.position);
    }
    await over;
    await face.close();
    expect(wrong).toEqual([]);
    // It was read while it moved.
    expect(positions.size).toBeGreaterThan(10);
  },
);
