import { decodeToken, encodeToken, LOG_START, mergeTokens, tokenOf } from '@daybook/core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

const place = (position: number): { position: number; mark: string } => ({
  position,
  mark: `${position}`.padStart(16, '0'),
});

test('T1: a token names an epoch and the places of logs, and comes back whole', () => {
  const content = fc.record({
    epoch: fc.string({ unit: 'binary' }),
    places: fc
      .array(
        fc.tuple(
          fc.string({ unit: 'binary' }),
          fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
        ),
        { maxLength: 4 },
      )
      .map((entries) => new Map(entries.map(([log, position]) => [log, place(position)]))),
  });
  fc.assert(
    fc.property(content, (given) => {
      const token = encodeToken(given);
      expect(token).toMatch(/^[\w.-]+$/);
      expect(decodeToken(token)).toEqual(given);
    }),
  );
});

test('T1: a token of an empty log is one too', () => {
  expect(decodeToken(tokenOf('epoch', 'main', LOG_START)).places.get('main')).toEqual(LOG_START);
});

test('T1: merging takes the later place of each log', () => {
  const one = encodeToken({
    epoch: 'e',
    places: new Map([
      ['a', place(3)],
      ['b', place(9)],
    ]),
  });
  const two = encodeToken({
    epoch: 'e',
    places: new Map([
      ['a', place(7)],
      ['b', place(2)],
      ['c', place(0)],
    ]),
  });
  const merged = new Map([
    ['a', place(7)],
    ['b', place(9)],
    ['c', place(0)],
  ]);
  expect(decodeToken(mergeTokens([one, two]))).toEqual({ epoch: 'e', places: merged });
  expect(decodeToken(mergeTokens([two, one])).places).toEqual(merged);
  expect(decodeToken(mergeTokens([one])).places.get('a')).toEqual(place(3));
});

test('T1: tokens of different epochs do not merge, and neither does nothing', () => {
  const error = expect.objectContaining({ code: 'token-of-another-store' });
  expect(() =>
    mergeTokens([tokenOf('e', 'main', place(1)), tokenOf('f', 'main', place(1))]),
  ).toThrow(error);
  expect(() => mergeTokens([])).toThrow(error);
});

test.each([
  ['nothing', ''],
  ['another version', '2.WyJlIixbXV0'],
  ['no base64', '1.!!!'],
  ['no UTF-8', `1.${btoa('\u00ff\u00fe')}`],
  ['no JSON', `1.${btoa('{')}`],
  ['an object', `1.${btoa('{"epoch":"e"}')}`],
  ['no places', `1.${btoa('["e"]')}`],
  ['a number as its epoch', `1.${btoa('[1,[]]')}`],
  ['a place that is no list', `1.${btoa('["e",[{"log":"main"}]]')}`],
  ['a position that is no integer', `1.${btoa('["e",[["main",1.5,""]]]')}`],
  ['a position below -1', `1.${btoa('["e",[["main",-2,""]]]')}`],
  ['a position beyond the safe ones', `1.${btoa('["e",[["main",9007199254740993,""]]]')}`],
  ['a mark that is no text', `1.${btoa('["e",[["main",1,2]]]')}`],
  ['a log that is no text', `1.${btoa('["e",[[null,1,""]]]')}`],
  ['more than its length', `1.${'A'.repeat(8_192)}`],
])('T1: a text with %s is no token of this store', (_, token) => {
  expect(() => decodeToken(token)).toThrow(
    expect.objectContaining({ code: 'token-of-another-store' }),
  );
});
