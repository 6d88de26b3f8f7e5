import {
  applicable,
  readModelStoreContract,
  type ReadModelStoreFixture,
} from '@daybook/core/testing';
import { POSTGRES_READ_MODEL_CAPABILITIES, postgresReadModelStore } from '@daybook/postgres';
import { expect, it } from 'vitest';

import { onEveryServer } from './live.ts';
import { temporarySchema } from './schema-name.ts';

const { runnable, notApplicable } = applicable(readModelStoreContract, {
  ...POSTGRES_READ_MODEL_CAPABILITIES,
  clock: true,
});

onEveryServer('the PostgreSQL read-model store', ({ url }) => {
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

function fixture(url: string): ReadModelStoreFixture {
  const schema = temporarySchema(url);
  // The server's clock until a rule sets it.
  let now: number | undefined;
  return {
    open: () => postgresReadModelStore(url, { schema, clock: () => now }),
    setNow: (ms) => {
      now = ms;
    },
  };
}
