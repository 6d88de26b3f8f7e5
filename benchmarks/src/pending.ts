/** Callers that always wait for one append each: the load of all append questions. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { timed, type Sample } from './sample.ts';

export interface PendingLoad {
  /** Callers; each sends its next append when the one before is answered. */
  readonly pending: number;
  readonly forMs: number;
  /** The `turn`th append of a caller. */
  append(caller: number, turn: number): Promise<void>;
}

/** Runs the load; the sample holds latencies and how late the event loop was. */
export async function underLoad({ pending, forMs, append }: PendingLoad): Promise<Sample> {
  const latenciesMs: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  const sample = await timed(async () => {
    const end = performance.now() + forMs;
    const counts = await Promise.all(
      Array.from({ length: pending }, async (_, caller) => {
        let turn = 0;
        for (let startedAt = performance.now(); startedAt < end; turn += 1) {
          await append(caller, turn);
          const endedAt = performance.now();
          latenciesMs.push(endedAt - startedAt);
          startedAt = endedAt;
        }
        return turn;
      }),
    );
    return counts.reduce((total, count) => total + count, 0);
  });
  delay.disable();
  // The watcher's own interval is part of what it reports.
  const loopDelayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
  return { ...sample, latenciesMs: thinned(latenciesMs), loopDelayP99Ms };
}

/** The same distribution in few numbers, for all rounds of an answer are kept. */
function thinned(values: readonly number[]): readonly number[] {
  if (values.length <= KEPT) return values;
  const sorted = values.toSorted((a, b) => a - b);
  const step = sorted.length / KEPT;
  return Array.from({ length: KEPT }, (_, index) => sorted[Math.floor((index + 0.5) * step)] ?? 0);
}

const LOOP_RESOLUTION_MS = 1;
const KEPT = 1_000;
