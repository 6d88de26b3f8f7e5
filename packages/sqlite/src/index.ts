export {
  SQLITE_EVENT_CAPABILITIES,
  sqliteEventStore,
  type SqliteEventStoreOptions,
} from './event-store.ts';
