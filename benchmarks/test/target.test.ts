import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PERFORMANCE_PAGE, readAnswers, withAnswers } from '../src/performance-page.ts';
import { interleave, median, percentile, type Sample } from '../src/sample.ts';
import { resultOf, type Target } from '../src/target.ts';

const target: Target = {
  what: 'append',
  against: 'theirs',
  ours: 'ours',
  theirs: 'theirs',
  measure: 'rate',
  atLeast: 0.75,
  aim: 0.9,
};

function samples(...wallMs: readonly number[]): readonly Sample[] {
  return wallMs.map((wall) => ({ operations: 1_000, wallMs: wall, cpuMs: wall / 2 }));
}

describe('a result', () => {
  it('is the median of the ratios of each round, not the ratio of two medians', () => {
    // The machine was four times slower in the last two rounds, for both.
    const measured = new Map([
      ['ours', samples(10, 40, 40)],
      ['theirs', samples(8, 8, 32)],
    ]);
    const { value, low, high, verdict } = resultOf(target, measured);
    expect([value, low, high, verdict]).toEqual([0.8, 0.2, 0.8, 'at least']);
  });

  it('compares times so that less is better', () => {
    const measured = new Map([
      ['ours', samples(11)],
      ['theirs', samples(10)],
    ]);
    const verdictAt = (atLeast: number, aim: number): string =>
      resultOf({ ...target, measure: 'time', atLeast, aim }, measured).verdict;
    expect([verdictAt(1.4, 1.15), verdictAt(1.4, 1.05), verdictAt(1.05, 1)]).toEqual([
      'aim',
      'at least',
      'falls short',
    ]);
  });

  it('says skipped, and no number, where a contender could not run', () => {
    const { value, verdict } = resultOf(target, new Map([['ours', samples(10)]]));
    expect([value, verdict]).toEqual([null, 'skipped']);
  });

  it('compares by CPU time in the same direction', () => {
    const measured = new Map([
      ['ours', [{ operations: 100, wallMs: 10, cpuMs: 40 }]],
      ['theirs', [{ operations: 100, wallMs: 10, cpuMs: 20 }]],
    ]);
    expect(resultOf(target, measured).byCpu).toBe(0.5);
    expect(resultOf({ ...target, measure: 'time' }, measured).byCpu).toBe(2);
  });
});

describe('a measurement', () => {
  it('lets contenders take turns, and throws the first round away', async () => {
    const ran: string[] = [];
    const contender = (name: string): { name: string; run: () => Promise<Sample> } => ({
      name,
      run: () => {
        ran.push(name);
        return Promise.resolve({ operations: ran.length, wallMs: 1, cpuMs: 1 });
      },
    });
    const taken = await interleave([contender('a'), contender('b')], 2);
    expect(ran.join('')).toBe('ababab');
    expect(taken.get('a')?.map(({ operations }) => operations)).toEqual([3, 5]);
  });

  it('takes the middle, and the value that a share does not exceed', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([percentile([5, 1, 4, 2, 3], 0.5), percentile([1, 2], 0.99)]).toEqual([3, 2]);
  });
});

describe('the page of all answers', () => {
  it('keeps what people wrote around the table', () => {
    const page =
      'before\n<!-- answers: written by `npm run bench` -->\nold\n<!-- end of answers -->\nafter\n';
    const written = withAnswers(page, []);
    expect(written).toContain('before');
    expect(written).toContain('after');
    expect(written).not.toContain('old');
  });

  it('shows the answers that stand beside the benchmarks', () => {
    const page = readFileSync(PERFORMANCE_PAGE, 'utf8');
    expect(withAnswers(page, readAnswers())).toBe(page);
  });

  it('is refused when it has lost its marks', () => {
    expect(() => withAnswers('no marks', [])).toThrow(/lost the marks/);
  });
});
