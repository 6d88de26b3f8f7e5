import { categoryOf, checkId, checkName, checkRowKey, streamIdOf, streamName } from '@daybook/core';
import { expect, test } from 'vitest';

test.each(['a', 'constructor', 'a%2Fb', 'Assets:US:BofA:Checking', 'é'.repeat(128), '...', ' '])(
  'N2: %j is an id like any other',
  (id) => expect(() => checkId(id)).not.toThrow(),
);

test.each([
  ['', 'must not be empty'],
  ['.', 'must not be "."'],
  ['..', 'must not be ".."'],
  ['é'.repeat(129), 'at most 256 bytes'],
  ['x'.repeat(10_240), 'at most 256 bytes'],
  ['a\ud800', 'lone surrogate'],
  ['a\0', 'control character'],
  ['a\u007f', 'control character'],
  ['a\u0085', 'control character'],
  ['a\n', 'control character'],
  [7, 'must be a string'],
])('N2: %j is no id', (id, why) => {
  expect(() => checkId(id)).toThrow(why);
  expect(() => checkId(id)).toThrow(expect.objectContaining({ code: 'invalid-message' }));
});

test('N2: a row key takes up to 1,024 bytes', () => {
  expect(() => checkRowKey('é'.repeat(512))).not.toThrow();
  expect(() => checkRowKey('é'.repeat(513))).toThrow('at most 1024 bytes');
});

test('N1: names are letters and digits, and short', () => {
  expect(() => checkName('a'.repeat(40), 'lower', 'A decider')).not.toThrow();
  expect(() => checkName(`A${'a'.repeat(59)}`, 'upper', 'An event')).not.toThrow();
  for (const name of ['a'.repeat(41), 'A', '_a', 'a_b', 'é', 'a\n', '']) {
    expect(() => checkName(name, 'lower', 'A decider')).toThrow('A decider cannot be named');
  }
  for (const name of ['A'.repeat(61), 'a', 'A-B', '']) {
    expect(() => checkName(name, 'upper', 'An event')).toThrow('An event cannot be named');
  }
});

test('N1: the first - of a stream name ends its category', () => {
  const stream = streamName('account', 'acc-1-b');
  expect(stream).toBe('account-acc-1-b');
  expect(categoryOf(stream)).toBe('account');
  expect(streamIdOf(stream)).toBe('acc-1-b');
});
