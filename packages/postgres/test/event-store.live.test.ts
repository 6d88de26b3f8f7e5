import { hash } from 'node:crypto';

import { applicable, eventStoreContract, type EventStoreFixture } from '@daybook/core/testing';
import { POSTGRES_EVENT_CAPABILITIES, postgresEventStore } from '@daybook/postgres';
import { expect, it } from 'vitest';

import { onEveryServer } from './live.ts';
import { temporarySchema } from './schema-name.ts';

const { runnable, notApplicable } = applicable(eventStoreContract, {
  ...POSTGRES_EVENT_CAPABILITIES,
  clock: true,
});

onEveryServer('the PostgreSQL event store', ({ url }) => {
  it.each(runnable.map((rule) => [`${rule.rule}: ${rule.name}`, rule] as const))(
    '%s',
    async (_, rule) => {
      await expect(rule.run(fixture(url))).resolves.toBeUndefined();
    },
  );

  it('is held to every rule of the port', () => {
    expect(notApplicable.map(({ rule, name }) => `${rule}: ${name}`)).toEqual([]);
  });
});

function fixture(url: string): EventStoreFixture {
  const schema = temporarySchema(url);
  let now: number | undefined = Date.UTC(2026, 10, 17);
  return {
    open: () => postgresEventStore(url, { schema, clock: () => now }),
    sha256: (text) => hash('sha256', text),
    setNow: (ms) => {
      now = ms;
    },
  };
}
