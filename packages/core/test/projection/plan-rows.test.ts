import { cursorAfter, planFind, rowsOfPlan, type FindRequest } from '@daybook/core';
import { expect, test } from 'vitest';

const indexes = [['owner'], ['cents'], ['owner', 'cents']];
const rows = [
  { key: 'a', row: { owner: 'Anna', cents: 5 } },
  { key: 'b', row: { owner: 'Bert', cents: 9 } },
  { key: 'c', row: { owner: 'Anna', cents: 7 } },
  { key: 'd', row: { owner: 'Anna', cents: 5 } },
];

function keysOf(request: FindRequest, until?: (typeof rows)[number]): string {
  return rowsOfPlan(planFind(indexes, request), rows, until)
    .map(({ key }) => key)
    .join('');
}

test('gives the rows that a plan means, in its order', () => {
  expect(keysOf({})).toBe('abcd');
  expect(keysOf({ where: { owner: 'Anna' } })).toBe('acd');
  expect(keysOf({ where: { owner: 'Anna' }, orderBy: { cents: 'desc' } })).toBe('cda');
  expect(keysOf({ where: { cents: { gt: 5 } } })).toBe('cb');
});

test('goes on after the cursor, and stops at a row’s place', () => {
  const request = { orderBy: { cents: 'asc' } } as const;
  expect(keysOf(request)).toBe('adcb');
  const cursor = cursorAfter(planFind(indexes, request), { cents: 5 }, 'a');
  expect(keysOf({ ...request, cursor })).toBe('dcb');
  expect(keysOf(request, { key: 'd', row: { owner: 'Zoe', cents: 5 } })).toBe('ad');
  expect(keysOf({ orderBy: { cents: 'desc' } }, rows[2])).toBe('bc');
});
