import { expect, test } from 'vitest';

test('exports these names and no others', async () => {
  expect(Object.keys(await import('@daybook/client')).toSorted()).toEqual([
    'IN_FLIGHT_MAX',
    'OUTBOX_MAX',
    'OUTBOX_TTL_MS',
    'OUTBOX_TTL_MS_MAX',
    'ProblemError',
    'UnreachableError',
    'daybookClient',
    'defaultTimings',
  ]);
});
