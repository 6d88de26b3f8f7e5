import { MEMORY_EVENT_CAPABILITIES, memoryEventStore } from '@daybook/core';
import { applicable, eventStoreContract, type EventStoreFixture } from '@daybook/core/testing';
import { describe, expect, it } from 'vitest';

import { testPlatform } from './platform.ts';

const { runnable, notApplicable } = applicable(eventStoreContract, {
  ...MEMORY_EVENT_CAPABILITIES,
  clock: true,
});

describe('the memory event store', () => {
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

function fixture(): EventStoreFixture {
  const platform = testPlatform();
  const open = memoryEventStore(platform);
  return { open: async () => open(), sha256: platform.sha256, setNow: platform.setNow };
}
