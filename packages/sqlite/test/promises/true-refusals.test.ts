/** O3, G4: many transfers among few accounts, decided by several processes at once. */
import { join } from 'node:path';

import { sqlite, sqliteEventStore } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { bank } from './bank.ts';
import { openAccounts, sumOf, booksOf, wrongVerdicts } from './bank-check.ts';
import type { TransfersReport } from './bank-process.ts';
import { allOutcomes, wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';

const PROCESSES = 2;
const BATCHES = rounds(100);
/** Of one batch, in both processes; each batch has accounts of its own, for a long stream is slow to fold. */
const TRANSFERS = 1_000;
const ACCOUNTS = 8;

test(
  'O3 G4: nothing is refused, or accepted, on a state that never was: every verdict of 100,000 concurrent transfers is right at its head',
  { timeout: 30_000 + BATCHES * 20_000 },
  async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    const { face } = await bank.start({ store: sqlite(path), processing: false });
    const start = (): Promise<Peer> => Peer.start('bank-process', { path, processing: false });
    const peers = await Promise.all(Array.from({ length: PROCESSES }, start));
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const accounts = Array.from({ length: ACCOUNTS }, (_, n) => `acc-${batch}-${n}`);
      await openAccounts(face, accounts, { overdraftCents: 0, balanceCents: 1_000 });
      const count = TRANSFERS / PROCESSES;
      const request = { accounts, count, inFlight: 16, centsMax: 1_500 };
      const ended = peers.map((peer) => peer.call<TransfersReport>('transfers', request));
      for (const { contended } of await Promise.all(ended)) expect(contended).toBe(0);
    }
    await face.close();

    const store = await sqliteEventStore(path);
    const events = await wholeLog(store);
    const outcomes = await allOutcomes(store);
    await store.close();
    expect(wrongVerdicts(events, outcomes)).toEqual([]);
    expect(sumOf(booksOf(events).sorted)).toBe(BATCHES * ACCOUNTS * 1_000);
    const transfers = outcomes.filter(({ outcome }) => outcome?.command === 'PostEntry');
    const refused = transfers.filter(({ outcome }) => outcome?.refusal !== undefined).length;
    expect(transfers).toHaveLength(BATCHES * TRANSFERS);
    // Enough of both kinds, or nothing was tried.
    expect(refused).toBeGreaterThan((BATCHES * TRANSFERS) / 20);
    expect(transfers.length - refused).toBeGreaterThan((BATCHES * TRANSFERS) / 20);
  },
);
