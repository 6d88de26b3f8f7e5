/** From the text of a body to its value, without what `JSON.parse` lets through or dies of (rule N3). */
import type { Issue, Json } from '@daybook/core';

import { HttpProblem } from '../problem.ts';

/**
 * The value of a JSON text of at most `depthMax` levels in which no object has a name twice.
 *
 * What the value itself may hold (numbers, texts, names) is checked where it is used, with the same words as in process.
 *
 * @throws {@link HttpProblem} `invalid-message`
 */
export function parseJsonText(text: string, depthMax: number): unknown {
  const members = countNames(text, depthMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notJson(error instanceof Error ? error.message : 'is not JSON');
  }
  // `JSON.parse` keeps the last of equal names, so the value has fewer members than the text.
  if (countMembers(value) !== members) {
    throw new HttpProblem(
      'invalid-message',
      'The JSON has a name twice in one object.',
      repeatedNames(text),
    );
  }
  return value;
}

/** Where what came as JSON becomes it to the compiler; the application checks it before it uses it. */
export function asJson(value: unknown): Json {
  return value as Json;
}

/** The names of members in the text. The depth is looked at before parsing, for deep JSON overflows the stack later. */
function countNames(text: string, depthMax: number): number {
  let depth = 0;
  let names = 0;
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COLON:
        names += 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth > depthMax) throw notJson(`is nested more than ${depthMax} levels deep`);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        depth -= 1;
        break;
    }
  }
  return names;
}

/** The index of the quote that ends the string, or the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item);
    return count;
  }
  for (const member of Object.values(value)) count += 1 + countMembers(member);
  return count;
}

interface Level {
  readonly pointer: string;
  /** Undefined in a list. */
  readonly names: Set<string> | undefined;
  /** The name or index that the next value stands at. */
  at: string;
  index: number;
}

/** Where names are repeated, in a text that is JSON. */
function repeatedNames(text: string): readonly Issue[] {
  const issues: Issue[] = [];
  const levels: Level[] = [];
  let last = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const level = levels.at(-1);
    const pointer =
      level === undefined
        ? ''
        : `${level.pointer}/${level.names === undefined ? level.index : level.at}`;
    if (token === '{' || token === '[') {
      levels.push({ pointer, names: token === '{' ? new Set() : undefined, at: '', index: 0 });
    } else if (token === '}' || token === ']') {
      levels.pop();
    } else if (token === ',' && level !== undefined) {
      level.index += 1;
    } else if (token === ':' && level?.names !== undefined) {
      const name = String(JSON.parse(last));
      level.at = name.replaceAll('~', '~0').replaceAll('/', '~1');
      if (level.names.has(name))
        issues.push({ path: `${level.pointer}/${level.at}`, message: 'stands twice' });
      level.names.add(name);
    }
    last = token;
  }
  return issues;
}

function notJson(message: string): HttpProblem {
  return new HttpProblem('invalid-message', 'The body is not JSON that is taken here.', [
    { path: '', message },
  ]);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
