/** An answer: what was measured, on what, and what it means. */
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { median, percentile, type Sample } from './sample.ts';
import { valueOf, type Result } from './target.ts';

export interface ContenderSummary {
  readonly name: string;
  readonly perSecond: number;
  readonly cpuMicrosEach: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly loopDelayP99Ms: number | null;
}

export interface Answer {
  readonly name: string;
  readonly question: string;
  readonly method: readonly string[];
  readonly unit: string;
  readonly rounds: number;
  readonly machine: Machine;
  readonly isLoaded: boolean;
  readonly results: readonly Result[];
  readonly contenders: readonly ContenderSummary[];
  readonly skipped: Readonly<Record<string, string>>;
  readonly remarks: readonly string[];
}

/** Folder of the answers. */
export const RESULTS = join(import.meta.dirname, '..', 'results');

export function summaryOf(name: string, samples: readonly Sample[]): ContenderSummary {
  const latencies = samples.flatMap(({ latenciesMs }) => latenciesMs ?? []);
  const delays = samples.flatMap(({ loopDelayP99Ms: delay }) =>
    delay === undefined ? [] : [delay],
  );
  return {
    name,
    perSecond: median(samples.map((sample) => valueOf('rate', sample))),
    cpuMicrosEach: median(samples.map((sample) => valueOf('cpu', sample) * 1_000)),
    latencyP50Ms: latencies.length === 0 ? null : percentile(latencies, 0.5),
    latencyP99Ms: latencies.length === 0 ? null : percentile(latencies, 0.99),
    loopDelayP99Ms: delays.length === 0 ? null : median(delays),
  };
}
