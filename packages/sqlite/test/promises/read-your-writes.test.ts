/** G7: what one process wrote is read in another. */
import { join } from 'node:path';

import type { CommandOutcome, QueryAnswer } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { account, balances, bank } from './bank.ts';
import { openAccounts } from './bank-check.ts';
import { Peer } from './peer.ts';

const READS = rounds(10_000);
const LANES = 16;

test(
  'G7 T2: who reads with the token of a write, in the process that projects or in one that does not, never gets an older row',
  { timeout: 30_000 + READS * 20 },
  async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    const { face } = await bank.start({ store: sqlite(path), processing: false });
    const names = Array.from({ length: LANES }, (_, n) => `acc-${n}`);
    await openAccounts(face, names, { overdraftCents: 0, balanceCents: 0 });
    const projector = await Peer.start('bank-process', { path });
    const bystander = await Peer.start('bank-process', { path, processing: false });
    const stale: unknown[] = [];

    async function lane(name: string, at: number): Promise<void> {
      for (let turn = 1; turn <= READS / LANES; turn += 1) {
        const move = account.MoveMoney(name, { cents: turn });
        // Written here and read there, or written there and read here, in turns.
        const isWrittenHere = (turn + at) % 3 !== 0;
        const written = isWrittenHere
          ? await face.send(move)
          : await bystander.call<CommandOutcome>('send', move);
        const question = balances.balanceOf({ id: name });
        const options = { after: written.token, waitMs: 20_000 };
        const answer = isWrittenHere
          ? await (turn % 2 === 0 ? projector : bystander).call<QueryAnswer>(
              'query',
              question,
              options,
            )
          : await face.query(question, options);
        const balanceCents = (turn * (turn + 1)) / 2;
        if (!isBalance(answer, balanceCents)) stale.push({ name, balanceCents, answer });
      }
    }
    await Promise.all(names.map(lane));
    await face.close();
    expect(stale).toEqual([]);
  },
);

function isBalance(answer: QueryAnswer, balanceCents: number): boolean {
  if (answer.status !== 'fresh') return false;
  return (answer.data as { readonly balanceCents: number }).balanceCents === balanceCents;
}
