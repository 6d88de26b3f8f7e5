import { runInNewContext } from 'node:vm';

import { canonicalJson, checkJson, isJson, isSameJson } from '@daybook/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

const bounds = { depthMax: 64, jsonBytesMax: 1_000 };

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

test.each<[string, unknown, string]>([
  ['a lone surrogate', { a: ['x', '\ud800'] }, '/a/1'],
  ['U+0000', { a: 'x\0' }, '/a'],
  ['a lone surrogate in a key', { '\udc00': 1 }, '/\ufffd'],
  ['U+0000 in a key', { 'a\0': 1 }, '/a\0'],
  ['Infinity, as 1e400 is read', JSON.parse('{"a/b~":1e400}'), '/a~1b~0'],
  ['NaN', [Number.NaN], '/0'],
  ['an unsafe integer', { n: -(2 ** 53) }, '/n'],
  ['a __proto__ key', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), '/a/__proto__'],
  ['undefined', undefined, ''],
  ['undefined in a list', [1, undefined], '/1'],
  ['a hole', Array(1), '/0'],
  ['a function', { f: () => 1 }, '/f'],
  ['a symbol', { s: Symbol.iterator }, '/s'],
  ['a bigint', 1n, ''],
  ['a Date', { at: new Date(0) }, '/at'],
  ['a Map', new Map(), ''],
  ['an instance of a class', new Error('x'), ''],
  ['an object made of another', Object.create({ inherited: 1 }), ''],
])('N3: refuses %s, and says where', (_, value, path) => {
  expect(isJson(value)).toBe(false);
  expect(() => checkJson(value)).toThrow(
    expect.objectContaining({
      code: 'invalid-message',
      issues: [{ path, message: expect.any(String) }],
    }),
  );
});

test('N3: lists every issue', () => {
  expect(() => checkJson({ a: Number.NaN, b: [1n, 'ok'], c: '\0' })).toThrow(
    expect.objectContaining({
      issues: ['/a', '/b/0', '/c'].map((path) => expect.objectContaining({ path })),
    }),
  );
});

test('N3: depth 64 is allowed and 65 is not, nor is 5,000', () => {
  expect(isJson(nested(64))).toBe(true);
  for (const depth of [65, 5_000]) {
    expect(() => checkJson(nested(depth))).toThrow('is nested too deeply');
  }
});

test('N3: the bytes are those of the JSON in UTF-8, to the byte', () => {
  // Two quotes and 499 characters of two bytes, or an escape of six.
  expect(() => checkJson('é'.repeat(499), bounds)).not.toThrow();
  expect(() => checkJson(`${'é'.repeat(499)}x`, bounds)).toThrow(
    expect.objectContaining({ code: 'limit-exceeded', limit: 'jsonBytesMax', max: 1_000 }),
  );
  expect(() => checkJson('\u0001'.repeat(167), bounds)).toThrow('jsonBytesMax');
  expect(() => checkJson('😀'.repeat(249), bounds)).not.toThrow();
  expect(() => checkJson('😀'.repeat(250), bounds)).toThrow('jsonBytesMax');
});

test('objects of another realm and without a prototype are plain', () => {
  expect(isJson(runInNewContext('({ a: [1, { b: null }] })'))).toBe(true);
  expect(isJson(Object.assign(Object.create(null), { a: 1 }))).toBe(true);
});

test('a property that is undefined counts as absent', () => {
  checkJson({ a: undefined, b: 1 });
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  expect(isSameJson({ a: undefined, b: 1 }, { b: 1 })).toBe(true);
});

test('N3: whatever JSON.parse gives is JSON, and its canonical text does not depend on the order of keys', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, (value) => {
      const parsed: unknown = JSON.parse(JSON.stringify(value));
      fc.pre(isJson(parsed));
      const reversed = reverseKeys(parsed);
      expect(canonicalJson(reversed)).toBe(canonicalJson(parsed));
      expect(JSON.parse(canonicalJson(parsed))).toEqual(parsed);
      expect(isSameJson(parsed, reversed)).toBe(true);
    }),
  );
});

test.each<[unknown, unknown]>([
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: undefined }, { b: 1 }],
  [[], {}],
  [[1], [1, 2]],
  [{ 0: 1 }, [1]],
  [null, {}],
  [0, false],
])('%j and %j are not the same JSON, in neither order', (left, right) => {
  expect(isSameJson(left, right)).toBe(false);
  expect(isSameJson(right, left)).toBe(false);
});

test('values are the same JSON exactly when their canonical texts are equal', () => {
  const small = fc.jsonValue({ maxDepth: 2 });
  fc.assert(
    fc.property(small, small, (left, right) => {
      expect(isSameJson(left, right)).toBe(canonicalJson(left) === canonicalJson(right));
    }),
  );
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, member]) => [key, reverseKeys(member)]));
}
