import { uuidV7, uuidV7Time } from '@daybook/core';
import { expect, test } from 'vitest';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('O4: an id is a UUIDv7 that tells its time', () => {
  for (const now of [0, 1, 1_700_000_000_123, 2 ** 48 - 1]) {
    const id = uuidV7(() => now)();
    expect(id).toMatch(UUID_V7);
    expect(uuidV7Time(id)).toBe(now);
    expect(uuidV7Time(id.toUpperCase())).toBe(now);
  }
});

test('O4: ids of one maker grow, within a millisecond and when the clock goes back', () => {
  const clock = [5, 5, 5, 7, 6, 5, 7, 7, 8];
  let now = 0;
  const newId = uuidV7(() => now);
  const ids: string[] = [];
  for (const ms of clock) {
    now = 1_700_000_000_000 + ms;
    for (let count = 0; count < 2_000; count += 1) ids.push(newId());
  }
  const sorted = ids.toSorted();
  expect(ids.every((id, index) => id === sorted[index])).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.map(uuidV7Time)).toEqual(ids.map(() => expect.any(Number)));
});

test('O4: makers at one instant give different ids', () => {
  const ids = Array.from({ length: 1_000 }, () => uuidV7(() => 1_700_000_000_000)());
  expect(new Set(ids).size).toBe(ids.length);
});

test.each([
  '',
  'order-17',
  '00000000-0000-4000-8000-000000000000',
  '018bcfe5-687b-7000-7000-000000000000',
  '018bcfe5687b70008000000000000000',
])('O4: "%s" is no UUIDv7 and tells no time', (id) => {
  expect(uuidV7Time(id)).toBeUndefined();
});
