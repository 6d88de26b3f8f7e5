import type { ReadModelStore } from '../projection/read-model-store.ts';
import type { EventStore } from '../store/event-store.ts';
import type { Platform } from '../store/log-place.ts';

/** What `memory(…)`, `sqlite('bank.db')` and their like give: a store that `start` opens and closes. */
export interface StoreAdapter {
  /**
   * Opens the store, creating it where it does not exist.
   *
   * @throws {@link IncompatibleStoreError} with what is wrong and what to do.
   */
  open(): Promise<OpenedStore>;
}

export interface OpenedStore {
  readonly platform: Platform;
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
}
