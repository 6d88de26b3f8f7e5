import { expect, test } from 'vitest';

test('exports these names and no others', async () => {
  expect(Object.keys(await import('@daybook/cli')).toSorted()).toEqual([
    'exitCodes',
    'runCommandLine',
  ]);
  expect(Object.keys(await import('@daybook/cli/config'))).toEqual(['config']);
});
