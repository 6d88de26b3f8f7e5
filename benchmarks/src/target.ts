/** What a question asks to be reached, and how the samples answer it. */
import { median, percentile, type Sample } from './sample.ts';

/**
 * What two contenders are compared by.
 *
 * - `rate`: operations in a second of wall time; more is better.
 * - `time`: wall time of one operation; less is better.
 * - `cpu`: CPU time of one operation; less is better.
 * - `loop-delay`: how late the event loop was, p99; less is better.
 * - `latency`: of one operation, p50; less is better. Without `theirs` it is milliseconds, not a ratio.
 */
export type Measure = 'rate' | 'time' | 'cpu' | 'loop-delay' | 'latency';

export interface Target {
  readonly what: string;
  readonly against: string;
  readonly ours: string;
  /** Absent where a plain number is asked for. */
  readonly theirs?: string;
  readonly measure: Measure;
  /** Absent where nothing has to be reached: the row is there to be known. */
  readonly atLeast?: number;
  readonly aim?: number;
}

export type Verdict =
  | 'aim'
  | 'at least'
  | 'falls short'
  | 'short of the aim'
  | 'skipped'
  | 'for information';

export interface Result extends Target {
  /** Median over the rounds; null where a contender was skipped. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The same comparison by CPU time, which other load disturbs less: null where it says nothing. */
  readonly byCpu: number | null;
  readonly verdict: Verdict;
}

/** Compares round by round, for both of a round met the same machine, and takes the median. */
export function resultOf(target: Target, samples: ReadonlyMap<string, readonly Sample[]>): Result {
  const ours = samples.get(target.ours);
  const theirs = target.theirs === undefined ? undefined : samples.get(target.theirs);
  if (ours === undefined || (target.theirs !== undefined && theirs === undefined)) {
    return { ...target, value: null, low: null, high: null, byCpu: null, verdict: 'skipped' };
  }
  const compared = comparedBy(target.measure, ours, theirs);
  const value = median(compared);
  return {
    ...target,
    value,
    low: Math.min(...compared),
    high: Math.max(...compared),
    byCpu: byCpu(target, ours, theirs),
    verdict: verdictOf(target, value),
  };
}

/** True where a greater value is the better one. */
export function isMoreBetter(measure: Measure): boolean {
  return measure === 'rate';
}

/** One number of a sample. */
export function valueOf(measure: Measure, sample: Sample): number {
  return values[measure](sample);
}

function comparedBy(
  measure: Measure,
  ours: readonly Sample[],
  theirs: readonly Sample[] | undefined,
): readonly number[] {
  return ours.map((sample, round) => {
    const other = theirs?.[round];
    return other === undefined
      ? valueOf(measure, sample)
      : valueOf(measure, sample) / valueOf(measure, other);
  });
}

function byCpu(
  { measure }: Target,
  ours: readonly Sample[],
  theirs: readonly Sample[] | undefined,
): number | null {
  if (theirs === undefined || measure === 'loop-delay' || measure === 'latency') return null;
  const ratio = median(comparedBy('cpu', ours, theirs));
  return measure === 'rate' ? 1 / ratio : ratio;
}

function verdictOf({ measure, atLeast, aim }: Target, value: number): Verdict {
  const reaches = (bound: number): boolean =>
    isMoreBetter(measure) ? value >= bound : value <= bound;
  if (aim !== undefined && reaches(aim)) return 'aim';
  if (atLeast !== undefined && reaches(atLeast)) return 'at least';
  if (atLeast !== undefined) return 'falls short';
  return aim === undefined ? 'for information' : 'short of the aim';
}

const values: Readonly<Record<Measure, (sample: Sample) => number>> = {
  rate: ({ operations, wallMs }) => (operations * 1_000) / wallMs,
  time: ({ operations, wallMs }) => wallMs / operations,
  cpu: ({ operations, cpuMs }) => cpuMs / operations,
  'loop-delay': ({ loopDelayP99Ms }) => loopDelayP99Ms ?? Number.NaN,
  latency: ({ latenciesMs }) => percentile(latenciesMs ?? [], 0.5),
};
