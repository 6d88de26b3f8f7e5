/** A storage for the outbox in a browser: an entry of its own, so that who does not use it does not load it. */
export { indexedDb } from './outbox/indexed-db-storage.ts';
