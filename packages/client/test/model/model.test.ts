/** Random operations, refusals, losses, doubles, reorderings, restarts and rebuilds, against what must always hold. */
import {
  array,
  asyncProperty,
  check as checkProperty,
  constantFrom,
  nat,
  record,
  type Parameters,
  type RunDetails,
} from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { soundRules, type PredictionRules } from '../../src/prediction/rules.ts';
import { stepKinds, World, type Step, type WorldOptions } from './world.ts';

const steps = array(record({ kind: constantFrom(...stepKinds), pick: nat(99) }), {
  minLength: 20,
  maxLength: 150,
  size: 'max',
});

beforeEach(() => {
  totals.clear();
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    now: 1_800_000_000_000,
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What all runs together did. */
const totals = new Map<string, number>();

async function faultOf(taken: readonly Step[], options: WorldOptions): Promise<string | undefined> {
  const world = new World(options);
  try {
    await world.flush();
    for (const step of taken) {
      await world.step(step);
      if (world.fault !== undefined) return world.fault;
    }
    await world.settle();
    for (const [name, count] of Object.entries(world.counts))
      totals.set(name, (totals.get(name) ?? 0) + count);
    return world.fault;
  } finally {
    world.close();
  }
}

const sound: WorldOptions = { rules: soundRules, isExact: true, refetches: false };

function check(
  options: WorldOptions,
  numRuns: number,
  more: Parameters<[Step[]]> = {},
): Promise<RunDetails<[Step[]]>> {
  const property = asyncProperty(steps, async (taken) => {
    const fault = await faultOf(taken, options);
    if (fault !== undefined) throw new Error(fault);
  });
  return Promise.resolve(checkProperty(property, { numRuns, ...more }));
}

/** What went wrong, by which steps, and how to see it again; empty when nothing did. */
function reportOf({
  failed,
  errorInstance,
  counterexample,
  seed,
  counterexamplePath,
}: RunDetails<[Step[]]>): string {
  if (!failed) return '';
  const taken = (counterexample?.[0] ?? []).map(({ kind, pick }) => `${kind} ${pick}`);
  return `${String(errorInstance)} | seed ${seed}, path ${counterexamplePath} | ${taken.join(', ')}`;
}

describe('no effect that was seen disappears unless refused or conflicted, none stands twice, all ends as on the server', () => {
  test.each([
    ['answers are exact', sound],
    ['rows are ahead of their position', { ...sound, isExact: false }],
  ])(
    'G3 G7 T3: where %s',
    async (_, options) => {
      const found = await check(options, rounds(2_500));
      expect(reportOf(found)).toBe('');
      // A run in which nothing is predicted tells nothing.
      for (const name of ['predicted', 'conflicted', 'refused', 'settled'])
        expect(totals.get(name)).toBeGreaterThan(found.numRuns);
    },
    600_000,
  );
});

describe('the same test finds the naive ways out', () => {
  const dropAtOnce: PredictionRules = {
    ...soundRules,
    isIncluded: (operation, base) =>
      operation.phase === 'accepted' || soundRules.isIncluded(operation, base),
  };
  test.each([
    ['dropping the effect when the command is answered', { ...sound, rules: dropAtOnce }],
    ['asking again when the command is answered', { ...sound, rules: dropAtOnce, refetches: true }],
    [
      'laying effects over rows that have them',
      { ...sound, isExact: false, rules: { ...soundRules, isSeen: () => false } },
    ],
    [
      'showing answers before it is known what they contain',
      { ...sound, rules: { ...soundRules, asksFirst: false } },
    ],
  ])(
    '%s',
    async (_, options) => {
      expect((await check(options, 1_000, { endOnFailure: true })).failed).toBe(true);
    },
    600_000,
  );
});
