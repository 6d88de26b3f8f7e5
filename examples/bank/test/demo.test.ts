import { createHash } from 'node:crypto';

import { importLog, memory } from '@daybook/core';
import { expect, test } from 'vitest';

import { account, bank } from '../bank.ts';
import { importLedger } from '../demo.ts';
import { ledgerLog, readLedger } from '../ledger.ts';

const store = () => memory({ sha256: (text) => createHash('sha256').update(text).digest('hex') });

test('an import of the ledger that was cut off is finished by the next start, and then left alone', async () => {
  const app = await bank.start({ store: store(), processing: false });
  const { events } = app.face;
  try {
    const cut = (await textOf(ledgerLog(readLedger()))).slice(0, 1_000_000);
    const { imported } = await importLog(events, [cut]);
    expect(imported).toBeGreaterThan(0);
    expect(await importLedger(app.face)).toBe(5_564 - imported);
    expect((await events.head()).position).toBe(5_563);
    expect(await importLedger(app.face)).toBe(0);
  } finally {
    await app.close();
  }
}, 60_000);

test('the ledger is not mixed with anything else', async () => {
  const app = await bank.start({ store: store(), processing: false });
  try {
    await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
    await expect(importLedger(app.face)).rejects.toThrow(/empty bank only/);
  } finally {
    await app.close();
  }
});

async function textOf(lines: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const line of lines) text += line;
  return text;
}
