/** A running bank on the memory store, for tests of the application. */
import {
  daybook,
  memory,
  type App,
  type Daybook,
  type StartOptions,
  type StoreAdapter,
} from '@daybook/core';

import { account, balances, postEntry, statements } from '../bank.ts';
import { testPlatform, type TestPlatform } from '../platform.ts';

export const bank = daybook({
  deciders: [account],
  decisions: [postEntry],
  readModels: [balances, statements],
});

type BankTypes = typeof bank extends Daybook<infer Types> ? Types : never;

export interface RunningBank extends AsyncDisposable {
  readonly app: App<BankTypes>;
  readonly store: StoreAdapter;
  readonly platform: TestPlatform;
}

export async function runningBank(options: Partial<StartOptions> = {}): Promise<RunningBank> {
  const platform = testPlatform();
  const store = options.store ?? memory(platform);
  const app = await bank.start({ ...options, store });
  return { app, store, platform, [Symbol.asyncDispose]: () => app.close() };
}

/** The value of a field, where the types cannot know that the answer has it. */
export function fresh<Answer extends { readonly status: string }>(
  answer: Answer,
): Extract<Answer, { status: 'fresh' }> {
  if (answer.status !== 'fresh') throw new Error(`the answer is ${answer.status}`);
  return answer as Extract<Answer, { status: 'fresh' }>;
}
