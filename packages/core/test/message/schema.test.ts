import { decider, face, type StandardSchemaV1 } from '@daybook/core';
import { type } from 'arktype';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';

interface Money {
  readonly cents: number;
  readonly note: string;
}

interface Sent {
  readonly cents: number;
  readonly note?: string | undefined;
}

const schemas: readonly (readonly [string, StandardSchemaV1<Sent, Money>])[] = [
  ['zod', z.object({ cents: z.int(), note: z.string().default('none') })],
  [
    'valibot',
    v.object({ cents: v.pipe(v.number(), v.integer()), note: v.optional(v.string(), 'none') }),
  ],
  ['arktype', type({ cents: 'number.integer', note: "string = 'none'" })],
];

test.each(schemas)('%s validates what comes in, and its defaults are stored', (_, schema) => {
  const { read, write } = commandOf(schema);
  expect(read({ cents: 5 })).toEqual({ cents: 5, note: 'none' });
  expect(write({ cents: 5 })).toEqual({ cents: 5, note: 'none' });
});

test.each(schemas)('%s tells every issue with its JSON pointer', (_, schema) => {
  expect(() => commandOf(schema).read({ cents: 1.5, note: 7 })).toThrow(
    expect.objectContaining({
      code: 'invalid-message',
      issues: expect.arrayContaining([
        { path: '/cents', message: expect.any(String) },
        { path: '/note', message: expect.any(String) },
      ]),
    }),
  );
});

function commandOf(schema: StandardSchemaV1): {
  read(data: unknown): unknown;
  write(data: unknown): unknown;
} {
  const thing = decider('thing', {
    events: {},
    commands: { Do: schema as StandardSchemaV1<string> },
    initialState: 0,
    evolve: {},
    decide: { Do: () => [] },
  });
  const found = thing[face].commands.get('Do');
  if (found === undefined) throw new Error('the decider lacks its command');
  return found;
}
