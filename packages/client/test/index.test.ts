import { expect, test } from 'vitest';

test('exports these names and no others', async () => {
  expect(Object.keys(await import('@daybook/client')).toSorted()).toEqual([
    'ProblemError',
    'UnreachableError',
    'daybookClient',
    'defaultTimings',
  ]);
});
