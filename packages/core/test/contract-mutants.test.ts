/** The proof that the contract suites can fail: every rule is broken by a store with one fault, and every fault is found. */
import {
  eventStoreContract,
  readModelStoreContract,
  type ContractRule,
} from '@daybook/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { rightEventStore } from './mutants/event-store-mutant.ts';
import { eventStoreMutants } from './mutants/event-store-mutants.ts';
import { rightReadModelStore } from './mutants/read-model-mutant.ts';
import { readModelMutants } from './mutants/read-model-mutants.ts';

interface Mutant<Fixture> {
  readonly fault: string;
  readonly breaks: readonly string[];
  readonly fixture: () => Fixture;
}

// A signal that never comes is waited for; here that takes no time.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the event-store contract', () => {
  it('holds for the store that the faulty ones are made of', async () => {
    expect(await broken(eventStoreContract, rightEventStore)).toEqual([]);
  });
  finds(eventStoreContract, eventStoreMutants);
});

describe('the read-model-store contract', () => {
  it('holds for the store that the faulty ones are made of', async () => {
    expect(await broken(readModelStoreContract, rightReadModelStore)).toEqual([]);
  });
  finds(readModelStoreContract, readModelMutants);
});

function finds<Fixture>(
  contract: readonly ContractRule<Fixture>[],
  mutants: readonly Mutant<Fixture>[],
): void {
  it.each(mutants.map((mutant) => [mutant.fault, mutant] as const))(
    'finds that %s',
    async (_, mutant) => {
      for (const start of mutant.breaks) {
        const rules = contract.filter((rule) => titleOf(rule).startsWith(start));
        expect(rules.map(titleOf), `rules that begin with "${start}"`).not.toEqual([]);
        expect(await broken(rules, mutant.fixture), `broken by: ${mutant.fault}`).not.toEqual([]);
      }
    },
  );

  it('has no rule that no fault breaks', () => {
    const starts = mutants.flatMap(({ breaks }) => breaks);
    const unbroken = contract
      .map(titleOf)
      .filter((title) => !starts.some((start) => title.startsWith(start)));
    expect(unbroken).toEqual([]);
  });
}

async function broken<Fixture>(
  rules: readonly ContractRule<Fixture>[],
  fixture: () => Fixture,
): Promise<readonly string[]> {
  const titles: string[] = [];
  for (const rule of rules) {
    let isDone = false;
    const running = rule
      .run(fixture())
      .catch(() => titles.push(titleOf(rule)))
      .finally(() => {
        isDone = true;
      });
    while (!isDone) await vi.advanceTimersByTimeAsync(TURN_MS);
    await running;
  }
  return titles;
}

const TURN_MS = 1_000;

function titleOf({ rule, name }: ContractRule<never>): string {
  return `${rule}: ${name}`;
}
