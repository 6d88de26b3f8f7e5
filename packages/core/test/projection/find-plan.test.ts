import {
  compareIndexValues,
  compareText,
  cursorAfter,
  planFind,
  type FindRequest,
  type IndexValue,
} from '@daybook/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

const INDEXES = [['owner'], ['cents'], ['owner', 'cents'], ['owner', 'city', 'cents']];

const refused = (code: string): unknown => expect.objectContaining({ code });

/** A request as it may come from outside. */
const asked = (request: object): FindRequest => request;

test('S6: texts are compared as their UTF-8 bytes are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
      const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
      expect(Math.sign(compareText(left, right))).toBe(bytes);
    }),
  );
  expect(compareText('\uffff', '😀')).toBeLessThan(0);
  expect(compareText('😀', '\ue000')).toBeGreaterThan(0);
});

test('S6: null is before false, true, numbers and strings', () => {
  const ordered: readonly IndexValue[] = [
    null,
    false,
    true,
    -1e300,
    -1,
    0,
    0.5,
    2,
    10,
    '',
    '10',
    '2',
    'A',
    'a',
    '\uffff',
    '😀',
  ];
  for (const [left, value] of ordered.entries()) {
    for (const [right, other] of ordered.entries()) {
      expect(Math.sign(compareIndexValues(value, other))).toBe(Math.sign(left - right));
    }
  }
});

test('S6: nothing asked for goes in order of key, and needs no index', () => {
  expect(planFind([], {})).toEqual({
    index: [],
    equals: [],
    range: undefined,
    direction: 'asc',
    limit: 100,
    after: undefined,
  });
});

test.each<[FindRequest, object]>([
  [{ where: { owner: 'ann' } }, { index: ['owner'], equals: ['ann'], direction: 'asc' }],
  [{ where: { owner: null } }, { index: ['owner'], equals: [null] }],
  [
    { where: { cents: { gte: 1, lt: 5 } } },
    { index: ['cents'], equals: [], range: { gte: 1, lt: 5 } },
  ],
  [{ orderBy: { cents: 'desc' } }, { index: ['cents'], equals: [], direction: 'desc' }],
  [
    { where: { owner: 'ann' }, orderBy: { cents: 'desc' } },
    { index: ['owner', 'cents'], equals: ['ann'], direction: 'desc' },
  ],
  [
    { where: { owner: 'ann', cents: { gt: 0 } } },
    { index: ['owner', 'cents'], equals: ['ann'], range: { gt: 0 } },
  ],
  [{ where: { cents: 5, owner: 'ann' } }, { index: ['owner', 'cents'], equals: ['ann', 5] }],
  [
    { where: { city: 'x', owner: 'ann' }, orderBy: { cents: 'asc' } },
    { index: ['owner', 'city', 'cents'], equals: ['ann', 'x'] },
  ],
  [
    { where: { owner: 'ann' }, orderBy: { owner: 'desc' } },
    { index: ['owner'], equals: ['ann'], direction: 'desc' },
  ],
  [
    { where: { cents: { gt: 0 } }, orderBy: { cents: 'desc' } },
    { index: ['cents'], range: { gt: 0 }, direction: 'desc' },
  ],
])('S6: %j is served by an index', (request, plan) => {
  expect(planFind(INDEXES, request)).toMatchObject(plan);
});

test.each<[FindRequest, string]>([
  [{ where: { city: 'x' } }, "indexes: ['city']"],
  [{ orderBy: { city: 'asc' } }, "indexes: ['city']"],
  [{ where: { cents: 1 }, orderBy: { owner: 'asc' } }, '["cents","owner"]'],
  [{ where: { owner: { gt: 'a' }, cents: { gt: 0 } } }, 'Only one field'],
  [{ where: { owner: { gt: 'a' } }, orderBy: { cents: 'asc' } }, 'cannot be ordered'],
  [{ orderBy: { owner: 'asc', cents: 'asc' } }, 'one field'],
  [{ where: { constructor: 'x' } }, "indexes: ['constructor']"],
])('S6: %j would be a scan, and is refused with the index that it needs', (request, sentence) => {
  expect(() => planFind(INDEXES, request)).toThrow(refused('not-indexed'));
  expect(() => planFind(INDEXES, request)).toThrow(sentence);
});

test.each([
  { where: { owner: ['ann'] } },
  { where: { owner: { like: 'a%' } } },
  { where: { owner: { gt: { $ne: 1 } } } },
  { where: { cents: Number.NaN } },
  { where: { cents: { gt: Infinity } } },
  { orderBy: { cents: 'down' } },
  { limit: 0 },
  { limit: 1_001 },
  { limit: 1.5 },
  { limit: '10' },
  { cursor: 'no cursor' },
  { cursor: '%' },
  { cursor: btoa('{}') },
  { cursor: btoa('[[1],"key"]') },
  { cursor: btoa('[[],7]') },
  { orderBy: { cents: 'asc' }, cursor: btoa('[[{}],"key"]') },
])('S6: %j is no request', (request) => {
  expect(() => planFind(INDEXES, asked(request))).toThrow(refused('invalid-message'));
});

test('G9: a cursor comes back as the values and the key of its row', () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(value, fc.string({ unit: 'binary' }), (cents, key) => {
      const request: FindRequest = { where: { owner: 'ann' }, orderBy: { cents: 'desc' } };
      const plan = planFind(INDEXES, request);
      const cursor = cursorAfter(plan, { owner: 'ann', cents, more: 1 }, key);
      expect(planFind(INDEXES, { ...request, cursor }).after).toEqual({ values: [cents], key });
    }),
  );
});

test('G9: a row that lacks the field has a cursor too', () => {
  const plan = planFind([['constructor']], asked({ orderBy: { constructor: 'asc' } }));
  expect(cursorAfter(plan, {}, 'k')).toBe('W1tudWxsXSwiayJd');
});

test('a bound means values of its own kind only', () => {
  expect(rangeOf({ lt: 5 })).toEqual({ gt: true, lt: 5 });
  expect(rangeOf({ gt: 5 })).toEqual({ gt: 5, lt: '' });
  expect(rangeOf({ lte: 'b' })).toEqual({ gte: '', lte: 'b' });
  expect(rangeOf({ gte: 'b' })).toEqual({ gte: 'b' });
  expect(() => rangeOf({ gte: 'b', lt: 5 })).toThrow('cents');
  expect(() => rangeOf({})).toThrow('cents');
});

function rangeOf(cents: unknown): unknown {
  return planFind([['cents']], asked({ where: { cents } })).range;
}
