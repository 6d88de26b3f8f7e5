import { AHEAD_MAX_MS, type AppLimits } from '../handling/limits.ts';
import type { EventStore } from '../store/event-store.ts';
import type { Platform } from '../store/log-place.ts';

/** How often outcomes that are past their retention are forgotten, ms. */
export const PRUNE_EVERY_MS = 3_600_000;

/**
 * Forgets old outcomes now and then (RULES O4), but none whose id could still pass for a new one: a client's clock may be
 * ahead of ours by {@link AHEAD_MAX_MS}.
 *
 * @param onError must not throw.
 * @returns what ends it.
 */
export function startPruning(
  events: EventStore,
  platform: Platform,
  { outcomeRetentionMs }: AppLimits,
  onError: (error: unknown) => void,
): () => void {
  const prune = async (): Promise<void> => {
    for (const log of await events.logs())
      await events.pruneOutcomes(platform.now() - outcomeRetentionMs - AHEAD_MAX_MS, log);
  };
  const timer = setInterval(() => void prune().catch(onError), PRUNE_EVERY_MS);
  return () => clearInterval(timer);
}
