/** Opens a store for events, says its epoch, or what is wrong. */
import { sqliteEventStore } from '@daybook/sqlite';

const [, , path = ''] = process.argv;
try {
  const store = await sqliteEventStore(path);
  console.log(store.epoch);
  await store.close();
} catch (error) {
  console.log(
    error instanceof Error && 'code' in error
      ? `${String(error.code)}: ${error.message}`
      : String(error),
  );
}
