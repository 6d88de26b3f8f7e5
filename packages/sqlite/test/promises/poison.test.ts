/** G8, P3: an event that the code of another process cannot apply. */
import { join } from 'node:path';

import type { AppFace, Health, QueryAnswer } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { temporaryDirectory } from '../temporary-directory.ts';
import { account, balances, bank, POISON_CENTS } from './bank.ts';
import { booksOf, openAccounts } from './bank-check.ts';
import { changed } from './changed.ts';
import { wholeLog } from './log-check.ts';
import { Peer } from './peer.ts';

/** Promised by G8. */
const HEALTH_MS_MAX = 2_000;

test(
  'G8 P3: a poison event parks its own key only, in every process’s health within 2 s, and retry from another process frees it in order',
  { timeout: 60_000 },
  async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    const { face } = await bank.start({ store: sqlite(path), processing: false });
    const opened = await openAccounts(face, ['bad', 'good'], {
      overdraftCents: 0,
      balanceCents: 100,
    });
    const projector = await Peer.start('bank-process', { path, isBroken: true });
    await face.query(balances.all(), { after: opened, waitMs: 20_000 });
    const operator = await Peer.start('bank-process', { path, processing: false });

    const poisoned = await face.send(account.MoveMoney('bad', { cents: POISON_CENTS }));
    const poisonedAt = performance.now();
    await changed(face.readModels, async () => (await face.health()).status === 'failing');
    expect(performance.now() - poisonedAt).toBeLessThan(HEALTH_MS_MAX);
    for (const health of [await face.health(), await operator.call<Health>('health')]) {
      expect(health).toMatchObject({
        status: 'failing',
        readModels: [{ parkedCount: 1, error: { message: 'poison' } }],
      });
    }

    for (const cents of [3, 5, 7]) await face.send(account.MoveMoney('bad', { cents }));
    const { token } = await face.send(account.MoveMoney('good', { cents: 9 }));
    const good = await balanceIn(face, 'good', token);
    expect(good).toMatchObject({ status: 'fresh', data: { balanceCents: 109 } });
    // Every process says that the key failed, and shows what it was before.
    const question = balances.balanceOf({ id: 'bad' });
    const after = { after: poisoned.token, waitMs: 20_000 };
    expect(await face.query(question, after)).toMatchObject({ status: 'failed' });
    expect(await operator.call('query', question, after)).toMatchObject({ status: 'failed' });
    expect(await face.query(question, { after: opened })).toMatchObject({
      status: 'fresh',
      data: { balanceCents: 100 },
    });
    expect(await operator.call('parked')).toMatchObject([{ key: 'bad', readModel: 'balances' }]);

    // Repaired code takes over from the broken one in the middle of it.
    await projector.kill();
    await Peer.start('bank-process', { path });
    await operator.call('retry', 'balances', 'bad');
    const last = await face.send(account.MoveMoney('bad', { cents: 11 }));
    const books = booksOf(await wholeLog(face.events));
    const freed = await balanceIn(face, 'bad', last.token);
    expect(freed).toMatchObject({ status: 'fresh', data: books.rows.get('bad') });
    expect((await face.health()).status).toBe('ok');
    await face.close();
  },
);

function balanceIn(face: AppFace, id: string, after: string): Promise<QueryAnswer> {
  return face.query(balances.balanceOf({ id }), { after, waitMs: 20_000 });
}
