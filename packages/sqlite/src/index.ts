export {
  SQLITE_EVENT_CAPABILITIES,
  sqliteEventStore,
  type SqliteEventStoreOptions,
} from './event-store.ts';
export {
  SQLITE_READ_MODEL_CAPABILITIES,
  sqliteReadModelStore,
  type SqliteReadModelStoreOptions,
} from './read-model-store.ts';
export { sqlite, type SqliteOptions } from './sqlite.ts';
