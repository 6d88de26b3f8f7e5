export { POSTGRES_EVENT_CAPABILITIES, type PostgresEventStoreOptions } from './event-store.ts';
export { postgresEventStore, type PostgresOptions, type PostgresSource } from './postgres.ts';
export { postgresSchemaSql } from './schema.ts';
