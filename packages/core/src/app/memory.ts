/** A store in memory: for tests, for trying things out, and for data that may be lost. */
import { memoryReadModelStore } from '../projection/memory-read-model-store.ts';
import type { Platform } from '../store/log-place.ts';
import { memoryEventStore } from '../store/memory-event-store.ts';
import { uuidV7 } from '../store/uuid-v7.ts';
import type { StoreAdapter } from './store-adapter.ts';

/** What a memory store needs from its platform. */
export interface MemoryOptions {
  readonly sha256: Platform['sha256'];
  /** Default `Date.now`. */
  readonly now?: Platform['now'];
  /** Default UUIDv7 of `now`. */
  readonly newId?: Platform['newId'];
}

/**
 * One store in memory.
 *
 * It lives as long as the adapter that this gives: an application that is closed and started again with the same
 * adapter sees the same data, and two that are started with it share it.
 */
export function memory(options: MemoryOptions): StoreAdapter {
  const now = options.now ?? Date.now;
  const platform: Platform = { now, newId: options.newId ?? uuidV7(now), sha256: options.sha256 };
  const openEvents = memoryEventStore(platform);
  const openReadModels = memoryReadModelStore(platform);
  return {
    async open() {
      return { platform, events: openEvents(), readModels: openReadModels() };
    },
  };
}
