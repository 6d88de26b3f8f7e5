import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { compile } from './compiler.ts';

interface Case {
  readonly number: string;
  readonly name: string;
  /** What the compiler must say; undefined where it must say nothing. */
  readonly message: string | undefined;
  readonly line: number;
}

const source = await readFile(join(import.meta.dirname, 'cases.txt'), 'utf8');
const cases = source.split('\n').flatMap(readCase);
const refused = cases.filter(({ message }) => message !== undefined);
const accepted = cases.filter(({ message }) => message === undefined);

describe('the typed forms', () => {
  let errors: ReadonlyMap<number, string>;

  beforeAll(async () => {
    ({ errors } = await compile(source));
  }, 120_000);

  test.each(refused)('$number: $name', ({ line, message }) => {
    expect(errors.get(line)).toContain(message);
  });

  test.each(accepted)('$number: $name', ({ line }) => {
    expect(errors.get(line)).toBeUndefined();
  });

  test('nothing else is refused', () => {
    const numbered = new Set(cases.map(({ line }) => line));
    expect([...errors].filter(([line]) => !numbered.has(line))).toEqual([]);
  });

  test('the cases are all there', () => {
    const numbers = cases.map(({ number }) => Number(number));
    expect(numbers.slice(0, 37)).toEqual(Array.from({ length: 37 }, (_, index) => index + 1));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(accepted.map(({ number }) => number)).toContain('19');
  });
});

function readCase(text: string, index: number): readonly Case[] {
  const found = /\/\/ (?<number>\d\d) (?<name>.*?)(?: => (?<message>.+))?$/.exec(text)?.groups;
  if (found === undefined) return [];
  const { number = '', name = '', message } = found;
  if (name.startsWith('OK') === (message !== undefined))
    throw new Error(`case ${number} is unclear`);
  return [{ number, name, message, line: index + 1 }];
}
