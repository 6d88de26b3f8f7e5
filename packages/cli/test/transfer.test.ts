/** Export and import between stores, with appends that went down in groups. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { exportLog, importLog, memory, type StoreAdapter } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, onTestFinished, test } from 'vitest';

import { account, bank, transfer } from './bank.ts';
import type { Bank } from './daybook.ts';

async function opened(store: StoreAdapter): Promise<Bank> {
  const app = await bank.start({ store, processing: false });
  onTestFinished(() => app.close());
  return app;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function linesOf(app: Bank): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of exportLog(app.face.events)) lines.push(line);
  return lines;
}

test('S5: a log of group commits goes to SQLite and to memory, and is exported from there as it was', async () => {
  const path = mkdtempSync(join(tmpdir(), 'daybook-transfer-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const from = await opened(sqlite(join(path, 'from.db')));
  const sends = Array.from({ length: 900 }, (_, index) => {
    const [one, other] = [`a${index % 20}`, `a${(index + 7) % 20}`];
    if (index < 20) return from.send(account.OpenAccount(one, { owner: 'Ada' }));
    if (index % 3 === 0) return from.send(transfer({ from: one, to: other, cents: 1 }));
    const cents = index % 3 === 1 ? 1_000_000 : 5;
    return from.send(
      index % 3 === 1
        ? account.WithdrawMoney(one, { cents })
        : account.DepositMoney(one, { cents }),
    );
  });
  await Promise.allSettled(sends);
  const lines = await linesOf(from);
  for (const store of [sqlite(join(path, 'to.db')), memory({ sha256 })]) {
    const to = await opened(store);
    expect(await importLog(to.face.events, lines)).toMatchObject({
      refused: undefined,
      skipped: 0,
    });
    expect((await linesOf(to)).slice(1)).toEqual(lines.slice(1));
    expect(await importLog(to.face.events, lines)).toMatchObject({
      refused: undefined,
      imported: 0,
    });
  }
});
