/** Messages as they are written on the command line. */
import { text } from 'node:stream/consumers';

import { UsageError } from './exit-code.ts';

export type Message =
  | {
      readonly kind: 'command';
      readonly decider: string;
      readonly id: string;
      readonly command: string;
      readonly data: unknown;
    }
  | { readonly kind: 'decision'; readonly decision: string; readonly data: unknown };

export interface Question {
  readonly kind: 'query';
  readonly readModel: string;
  readonly query: string;
  readonly params: unknown;
}

/** `account/acc-1/DepositMoney` or `PostEntry`. Names hold no slash, so everything between the first and the last is the id. */
export function messageOf(target: string, data: unknown): Message {
  const first = target.indexOf('/');
  const last = target.lastIndexOf('/');
  if (first < 0) return { kind: 'decision', decision: target, data };
  if (first === last) {
    throw new UsageError(
      `"${target}" names no command. Write decider/id/Command, such as account/acc-1/DepositMoney, or a decision.`,
    );
  }
  return {
    kind: 'command',
    decider: target.slice(0, first),
    id: target.slice(first + 1, last),
    command: target.slice(last + 1),
    data,
  };
}

/** `balances.balanceOf` or `balances/balanceOf`. */
export function questionOf(target: string, params: unknown): Question {
  const [, readModel, query] = /^([^./]+)[./]([^./]+)$/.exec(target) ?? [];
  if (readModel === undefined || query === undefined) {
    throw new UsageError(
      `"${target}" names no query. Write readModel.query, such as balances.balanceOf.`,
    );
  }
  return { kind: 'query', readModel, query, params };
}

/** The JSON of an argument; `-` reads it from standard input. */
export async function jsonArgument(argument: string | undefined): Promise<unknown> {
  if (argument === undefined) return {};
  const source = argument === '-' ? await text(process.stdin) : argument;
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${argument === '-' ? 'Standard input' : `'${argument}'`} is not JSON (${why}). Write it in quotes: '{"cents":500}'`,
    );
  }
}

/** A whole number from `min`. */
export function integerArgument(min: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^-?\d+$/.test(value) && Number.isSafeInteger(number) && number >= min) return number;
    throw new UsageError(`"${value}" is not a whole number from ${min}.`);
  };
}

/** Seconds, as milliseconds. */
export function secondsArgument(value: string): number {
  const seconds = Number(value);
  if (value.trim() !== '' && seconds >= 0 && seconds <= 86_400) return Math.round(seconds * 1_000);
  throw new UsageError(`"${value}" is not a number of seconds.`);
}

/** Names separated by commas. */
export function listArgument(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A revision, or `no-stream`. */
export function expectedArgument(value: string): number | 'no-stream' {
  return value === 'no-stream' ? value : integerArgument(0)(value);
}
