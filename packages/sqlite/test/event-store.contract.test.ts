import { hash } from 'node:crypto';
import { join } from 'node:path';

import { applicable, eventStoreContract, type EventStoreFixture } from '@daybook/core/testing';
import { SQLITE_EVENT_CAPABILITIES, sqliteEventStore } from '@daybook/sqlite';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from './temporary-directory.ts';

const { runnable, notApplicable } = applicable(eventStoreContract, {
  ...SQLITE_EVENT_CAPABILITIES,
  clock: true,
});

describe('the SQLite event store', () => {
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
  const path = join(temporaryDirectory(), 'log.db');
  const clock = new Float64Array(new SharedArrayBuffer(8)).fill(Date.UTC(2026, 10, 17));
  return {
    open: () => sqliteEventStore(path, { clock: clock.buffer }),
    sha256: (text) => hash('sha256', text),
    setNow: (ms) => void clock.fill(ms),
  };
}
