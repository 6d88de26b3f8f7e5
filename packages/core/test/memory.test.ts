import { hash } from 'node:crypto';

import { memory, uuidV7Time } from '@daybook/core';
import { expect, test } from 'vitest';

const sha256 = (text: string): string => hash('sha256', text);

test('a memory store lives as long as its adapter', async () => {
  const adapter = memory({ sha256 });
  const first = await adapter.open();
  await first.events.append({
    id: 'one',
    streams: [
      {
        stream: 'account-a',
        expected: 'no-stream',
        events: [{ id: 'e', type: 'MoneyDeposited', schemaVersion: 1, data: 1, metadata: {} }],
      },
    ],
  });
  await first.readModels.create({
    readModel: 'balances',
    version: 1,
    fingerprint: 'f',
    indexes: [],
  });
  await first.events.close();
  await first.readModels.close();

  const second = await adapter.open();
  expect((await second.events.readStream('account-a')).revision).toBe(0);
  expect((await second.readModels.list()).map(({ readModel }) => readModel)).toEqual(['balances']);
  expect(second.events.epoch).toBe(first.events.epoch);

  const other = await memory({ sha256 }).open();
  expect((await other.events.head()).position).toBe(-1);
  expect(other.events.epoch).not.toBe(first.events.epoch);
});

test('a memory store takes clock and ids from its options', async () => {
  const given = memory({ sha256, now: () => 1_700_000_000_000, newId: () => 'an-id' });
  const { platform, events } = await given.open();
  expect([platform.now(), platform.newId(), events.epoch]).toEqual([
    1_700_000_000_000,
    'an-id',
    'an-id',
  ]);
  const byDefault = (await memory({ sha256, now: () => 1_700_000_000_000 }).open()).platform;
  expect(uuidV7Time(byDefault.newId())).toBe(1_700_000_000_000);
});
