import { join } from 'node:path';

import type { FindPlan, FindRange, Json } from '@daybook/core';
import { sqliteReadModelStore } from '@daybook/sqlite';
import { expect, it } from 'vitest';

import { temporaryDirectory } from './temporary-directory.ts';

it('S6: a number that nothing can be equal to still parts the numbers from what stands before them', async () => {
  const store = await sqliteReadModelStore(join(temporaryDirectory(), 'read.db'));
  const layout = { readModel: 'values', version: 1, fingerprint: 'x', indexes: [['value']] };
  const ref = await store.create(layout);
  const lease = await store.leases.acquire('values', 'me', 60_000);
  if (lease === undefined) throw new Error('Somebody else has the lease');
  const values: readonly Json[] = [
    null,
    false,
    true,
    -Number.MAX_SAFE_INTEGER,
    0,
    Number.MAX_SAFE_INTEGER,
    'a',
  ];
  await store.commit([
    {
      ...ref,
      log: 'main',
      lease,
      from: null,
      to: { position: 0, mark: 'x', epoch: 'e' },
      rows: values.map((value, index) => ({ key: `k${index}`, row: { value }, asOf: 0 })),
      parked: [],
      freed: [],
    },
  ]);
  const find = async (range: FindRange): Promise<readonly unknown[]> => {
    const plan: FindPlan = {
      index: ['value'],
      equals: [],
      range,
      direction: 'asc',
      limit: 100,
      after: undefined,
    };
    const { value: rows } = await store.view(ref, (source) => source.find(plan));
    return rows.map(({ row }) => Reflect.get(Object(row), 'value'));
  };
  // Beyond the numbers that stand for null, false and true, and between them.
  for (const low of [-Number.MAX_VALUE, -3e300, -1.5e300, -1e299]) {
    expect(await find({ lt: low })).toEqual([null, false, true]);
    expect(await find({ gt: low })).toEqual(values.slice(3));
  }
  expect(await find({ gt: Number.MAX_VALUE })).toEqual(['a']);
  expect(await find({ lte: Number.MAX_VALUE })).toEqual(values.slice(0, 6));
  await store.close();
});
