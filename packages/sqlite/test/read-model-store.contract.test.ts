import { join } from 'node:path';

import {
  applicable,
  readModelStoreContract,
  type ReadModelStoreFixture,
} from '@daybook/core/testing';
import { SQLITE_READ_MODEL_CAPABILITIES, sqliteReadModelStore } from '@daybook/sqlite';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from './temporary-directory.ts';

const { runnable, notApplicable } = applicable(readModelStoreContract, {
  ...SQLITE_READ_MODEL_CAPABILITIES,
  clock: true,
});

describe('the SQLite read-model store', () => {
  it.each(runnable.map((rule) => [`${rule.rule}: ${rule.name}`, rule] as const))(
    '%s',
    async (_, rule) => {
      await expect(rule.run(fixture())).resolves.toBeUndefined();
    },
  );

  it('is held to every rule of the port', () => {
    expect(notApplicable.map(({ rule, name }) => `${rule}: ${name}`)).toEqual([]);
  });
});

function fixture(): ReadModelStoreFixture {
  const path = join(temporaryDirectory(), 'log.read.db');
  // The system's clock until a rule sets it.
  const clock = new Float64Array(new SharedArrayBuffer(8));
  return {
    open: () => sqliteReadModelStore(path, { clock: clock.buffer }),
    setNow: (ms) => void clock.fill(ms),
  };
}
