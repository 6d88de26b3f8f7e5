import { MEMORY_READ_MODEL_CAPABILITIES, memoryReadModelStore } from '@daybook/core';
import {
  applicable,
  readModelStoreContract,
  type ReadModelStoreFixture,
} from '@daybook/core/testing';
import { describe, expect, it } from 'vitest';

import { testPlatform } from './platform.ts';

const { runnable, notApplicable } = applicable(readModelStoreContract, {
  ...MEMORY_READ_MODEL_CAPABILITIES,
  clock: true,
});

describe('the memory read-model store', () => {
  it.each(runnable.map((rule) => [`${rule.rule}: ${rule.name}`, rule] as const))(
    '%s',
    async (_, rule) => {
      await expect(rule.run(fixture(rule.needs.includes('clock')))).resolves.toBeUndefined();
    },
  );

  it('is held to every rule of the port', () => {
    expect(notApplicable.map(({ rule, name }) => `${rule}: ${name}`)).toEqual([]);
  });
});

/** A rule that does not set the clock waits for it, so it goes on by itself there. */
function fixture(isClockSet: boolean): ReadModelStoreFixture {
  const { now, setNow } = testPlatform();
  const open = memoryReadModelStore({ now: isClockSet ? now : Date.now });
  return { open: async () => open(), setNow };
}
