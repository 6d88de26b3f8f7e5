export { POSTGRES_EVENT_CAPABILITIES, type PostgresEventStoreOptions } from './event-store.ts';
export {
  postgres,
  postgresEventStore,
  postgresReadModelStore,
  type PostgresOptions,
  type PostgresSource,
} from './postgres.ts';
export { POSTGRES_READ_MODEL_CAPABILITIES } from './read-model-store.ts';
export { postgresSchemaSql } from './schema.ts';
