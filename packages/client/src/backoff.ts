/** Delays between attempts: full jitter, so that clients that failed together do not come back together. */
import type { ClientTimings } from './options.ts';

/**
 * How long to wait before the attempt after `attempt` (from 0): random up to a bound that doubles, and never less than what
 * the server asked for.
 */
export function retryDelayMs(
  attempt: number,
  timings: Pick<ClientTimings, 'retryDelayMinMs' | 'retryDelayMaxMs'>,
  random: () => number,
  askedMs = 0,
): number {
  const bound = Math.min(
    timings.retryDelayMaxMs,
    timings.retryDelayMinMs * 2 ** Math.min(attempt, 30),
  );
  return Math.max(askedMs, random() * bound);
}

/** Resolves after the time; rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
