/** Texts that have broken stores, and texts that no store may take (rules N2 and N3). */
import type { Json } from '../message/json.ts';

/** Ids that are legal and must come back as they went in, each distinct from all others. */
export const HOSTILE_IDS: readonly string[] = [
  'a%2Fb',
  'a/b',
  'a b',
  'a+b',
  'A',
  'a',
  '-',
  'a-b-c',
  '...',
  '%',
  '_',
  '*',
  '?x=1&y=2#z',
  'constructor',
  'prototype',
  '__proto__',
  'hasOwnProperty',
  'toString',
  'null',
  'undefined',
  '0',
  '00',
  '1e3',
  "'; DROP TABLE events; --",
  '"quoted"',
  '`tick`',
  '\\',
  '\\u0000',
  '{"json":1}',
  '[0]',
  '$where',
  '${x}',
  '<script>',
  'é',
  'e\u0301',
  'ß',
  'ﬀ',
  '日本語',
  '😀',
  '\u{10ffff}',
  '\uffff',
  '\u200f',
  'x'.repeat(256),
  '😀'.repeat(64),
];

/** Texts that are no id. */
export const REFUSED_IDS: ReadonlyMap<string, string> = new Map([
  ['an empty id', ''],
  ['one dot', '.'],
  ['two dots', '..'],
  ['a line feed', 'a\nb'],
  ['the character U+0000', 'a\u0000b'],
  ['a C1 control character', 'a\u0085b'],
  ['a delete character', 'a\u007fb'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
]);

/** JSON that must come back as it went in. */
export const HOSTILE_JSON: readonly Json[] = [
  null,
  true,
  0,
  -1.5,
  1e-7,
  1.7976931348623157e100 / 1e90,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  '',
  'text with "quotes", \\ backslashes, \n lines, \t tabs and \u2028 separators',
  '\u0001\u001f',
  '😀 \u{10ffff} é e\u0301',
  [],
  {},
  [[], [{}], null],
  { '': 1, ' ': 2, 'a.b': 3, 'a/b~c': 4, constructor: 5, toString: 6, '😀': 7, '10': 8, '9': 9 },
  { present: null, nested: { list: [1, 'two', false, null, { deep: [] }] } },
  // One level less than the deepest, for the rules wrap it once.
  nested(63),
];

/** Values that are no JSON that can be stored. */
export const REFUSED_JSON: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['NaN', Number.NaN],
  ['Infinity', { n: Infinity }],
  ['an integer beyond the safe ones', [2 ** 53]],
  ['the character U+0000', { text: 'a\u0000b' }],
  ['U+0000 in a key', { 'a\u0000': 1 }],
  ['a lone surrogate', ['\ud800']],
  ['a lone surrogate in a key', { '\udfff': 1 }],
  ['a key __proto__', JSON.parse('{"__proto__":{"isAdmin":true}}')],
  ['a nested key __proto__', JSON.parse('{"a":[{"__proto__":1}]}')],
  ['a Date', { at: new Date(0) }],
  ['a bigint', { n: 1n }],
  ['a function', { f: () => 1 }],
  ['a Map', new Map()],
  ['undefined in a list', [undefined]],
  ['65 levels', nested(65)],
]);

function nested(levels: number): Json {
  let value: Json = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { v: value };
  return value;
}
