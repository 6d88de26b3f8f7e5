import { isSameJson, type Json } from '@daybook/core';
import { expect, test } from 'vitest';

test('N3: values nested to the bound are compared in one walk', () => {
  expect(isSameJson(nested(1), nested(1))).toBe(true);
  expect(isSameJson(nested(1), nested(2))).toBe(false);
});

test('N3: a property that is undefined is absent, on either side', () => {
  expect(isSameJson({ a: undefined }, {})).toBe(true);
  expect(isSameJson({}, { a: undefined })).toBe(true);
  expect(isSameJson({ a: undefined }, { a: 1 })).toBe(false);
  expect(isSameJson({ a: 1 }, { a: undefined })).toBe(false);
  expect(isSameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
});

function nested(leaf: Json): Json {
  let value = leaf;
  for (let level = 0; level < 63; level += 1) value = { v: value };
  return value;
}
