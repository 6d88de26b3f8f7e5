/** What a test expected and did not get, in a form that people and test runners can read. */
import { canonicalJson, isSameJson } from '../message/json.ts';

/** Recognised by test runners, which show `expected` and `actual` side by side. */
export class ExpectationError extends Error {
  readonly expected: unknown;
  readonly actual: unknown;
  readonly showDiff = true;
  constructor(expected: unknown, actual: unknown) {
    super(
      `What came is not what was expected (- expected, + came):\n${differenceOf(expected, actual)}`,
    );
    this.expected = expected;
    this.actual = actual;
  }
  override get name(): string {
    return 'AssertionError';
  }
}

/** @throws {@link ExpectationError} when the two are not the same JSON. */
export function expectSame(expected: unknown, actual: unknown): void {
  if (!isSameJson(expected, actual)) throw new ExpectationError(expected, actual);
}

/** The lines of both, those that differ marked; what they have in common at both ends stands once. */
function differenceOf(expected: unknown, actual: unknown): string {
  const left = linesOf(expected);
  const right = linesOf(actual);
  const begin = left.findIndex((line, index) => line !== right[index]);
  let end = 0;
  while (
    end < Math.min(left.length, right.length) - begin &&
    left.at(-1 - end) === right.at(-1 - end)
  ) {
    end += 1;
  }
  return [
    ...left.slice(0, begin).map((line) => `  ${line}`),
    ...left.slice(begin, left.length - end).map((line) => `- ${line}`),
    ...right.slice(begin, right.length - end).map((line) => `+ ${line}`),
    ...left.slice(left.length - end).map((line) => `  ${line}`),
  ].join('\n');
}

/** With sorted keys, so that only what differs is marked. */
function linesOf(value: unknown): readonly string[] {
  return JSON.stringify(JSON.parse(canonicalJson(value)), undefined, 2).split('\n');
}
