/** Names and ids (rules N1 and N2). */
import { DefinitionError, InvalidMessageError } from '../errors.ts';
import { utf8Length } from './json.ts';

/** Bytes of an id in UTF-8, at most. */
export const ID_BYTES_MAX = 256;
/** Bytes of a row key in UTF-8, at most. */
export const ROW_KEY_BYTES_MAX = 1_024;

/** What a definition's name is of: `lower` are deciders, read models and queries, `upper` decisions, commands, events, refusals. */
export type NameCase = 'lower' | 'upper';

/**
 * Returns when `name` may name a definition.
 *
 * @throws {@link DefinitionError} with a sentence that says what a name looks like.
 */
export function checkName(name: unknown, nameCase: NameCase, what: string): void {
  const grammar = nameCase === 'lower' ? lowerName : upperName;
  if (typeof name === 'string' && grammar.test(name)) return;
  throw new DefinitionError(
    nameCase === 'lower'
      ? `${what} cannot be named "${String(name)}": its name is 1 to 40 letters and digits and begins with a small letter.`
      : `${what} cannot be named "${String(name)}": its name is 1 to 60 letters and digits and begins with a capital.`,
  );
}

/**
 * Returns when `id` may be the id of a stream, command, append or event: 1 to 256 bytes of well-formed Unicode without control
 * characters, not `.` or `..`.
 *
 * @throws {@link InvalidMessageError}
 */
export function checkId(id: unknown, what = 'The id'): asserts id is string {
  check(id, ID_BYTES_MAX, what);
}

/**
 * Returns when `key` may be a row's key: as an id, but up to 1,024 bytes.
 *
 * @throws {@link InvalidMessageError}
 */
export function checkRowKey(key: unknown, what = 'The row key'): asserts key is string {
  check(key, ROW_KEY_BYTES_MAX, what);
}

/** The stream of a decider's instance. The first `-` ends the category, so the id may have more of them. */
export function streamName(category: string, id: string): string {
  return `${category}-${id}`;
}

/** The part of a stream's name after its first `-`; the whole name where there is none. */
export function streamIdOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}

/** The part of a stream's name before its first `-`; the whole name where there is none. */
export function categoryOf(stream: string): string {
  const end = stream.indexOf('-');
  return end < 0 ? stream : stream.slice(0, end);
}

function check(text: unknown, bytesMax: number, what: string): void {
  const problem = problemOf(text, bytesMax);
  if (problem === undefined) return;
  throw new InvalidMessageError(`${what} ${problem}.`);
}

function problemOf(text: unknown, bytesMax: number): string | undefined {
  if (typeof text !== 'string') return 'must be a string';
  if (text === '') return 'must not be empty';
  if (text === '.' || text === '..') return `must not be "${text}"`;
  if (text.length > bytesMax || utf8Length(text) > bytesMax) {
    return `must take at most ${bytesMax} bytes`;
  }
  if (!text.isWellFormed()) return 'has a lone surrogate';
  return controlCharacter.test(text) ? 'has a control character' : undefined;
}

const lowerName = /^[a-z][a-zA-Z0-9]{0,39}$/;
const upperName = /^[A-Z][a-zA-Z0-9]{0,59}$/;
// oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
