/** Assertions of the contract suites: no test framework, so that a suite runs wherever its store does. */
import { isSameJson } from '../message/json.ts';

/** A rule that does not hold. */
export class ContractError extends Error {
  override get name(): string {
    return 'ContractError';
  }
}

/** Fails with a sentence unless `isTrue`. */
export function assert(isTrue: boolean, sentence: string): asserts isTrue {
  if (!isTrue) throw new ContractError(sentence);
}

/** Fails unless both are the same JSON; properties that are undefined count as absent. */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  if (isSameJson(actual, expected)) return;
  throw new ContractError(`${what} should be ${show(expected)} but is ${show(actual)}`);
}

/** The value, or a failure where there is none. */
export function assertDefined<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new ContractError(`${what} should exist`);
  return value;
}

/** Fails unless `work` throws an error with this code; gives the error. */
export async function assertRejects(
  code: string,
  work: () => unknown,
  what: string,
): Promise<object> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined)
    throw new ContractError(`${what} should be refused as ${code}, but it was accepted`);
  const actual = codeOf(error);
  if (typeof error === 'object' && error !== null && actual === code) return error;
  throw new ContractError(
    `${what} should be refused as ${code}, but was as ${actual ?? describe(error)}`,
    {
      cause: error,
    },
  );
}

/** The stable code of an error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A promise and what fulfils it. */
export interface Signal<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

/** A signal to wait for {@link within} a bound. */
export function signal<Value>(): Signal<Value> {
  let resolve: (value: Value) => void = nothing;
  const promise = new Promise<Value>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

/** Fails when a signal does not come within a bound; waits for it otherwise. */
export async function within<Value>(
  promise: Promise<Value>,
  what: string,
  timeoutMs: number = SIGNAL_MS_MAX,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ContractError(`${what} did not come within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Longest wait for a signal: far above what any store needs, below what a test runner allows. */
export const SIGNAL_MS_MAX = 5_000;

function nothing(): void {}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : show(error);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
}

const SHOWN_LENGTH_MAX = 600;
