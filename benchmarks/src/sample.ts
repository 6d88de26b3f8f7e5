/** One timed piece of work: what was done, how long it took, and what it cost. */
export interface Sample {
  readonly operations: number;
  readonly wallMs: number;
  /** User and system time of the process that was measured, all of its threads. */
  readonly cpuMs: number;
  /** Of single operations, ms; where they were taken. */
  readonly latenciesMs?: readonly number[];
  /** How late the event loop was, 99th percentile, ms; where it was watched. */
  readonly loopDelayP99Ms?: number;
}

/** One way to do the work of a question. Everything it opens in a run is closed at its end. */
export interface Contender {
  readonly name: string;
  /** One round: makes what it needs, does the work inside `timed`, puts it away. */
  run(): Promise<Sample>;
}

/** Times `work`, which answers how many operations it did. */
export async function timed(work: () => Promise<number> | number): Promise<Sample> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const operations = await work();
  const wallMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  return { operations, wallMs, cpuMs: (user + system) / 1_000 };
}

/**
 * Runs the contenders in turn, A B C A B C, so that what else the machine does falls on all of them alike.
 *
 * A first round warms up and is thrown away.
 */
export async function interleave(
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, run } of contenders) {
      globalThis.gc?.();
      const sample = await run();
      if (round > 0) samples.get(name)?.push(sample);
    }
    process.stderr.write(round === 0 ? 'warm-up' : ` ${round}`);
  }
  process.stderr.write('\n');
  return samples;
}

/** The middle of the values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The smallest value that at least `share` (0 to 1) of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
