import { expect, test } from 'vitest';

test('can be imported by its public name', async () => {
  expect(await import('@daybook/sqlite')).toBeDefined();
});
