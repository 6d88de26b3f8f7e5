/** Opens a store and says its epoch, or what is wrong. */
import { postgres } from '@daybook/postgres';

const [, , url = '', schema = ''] = process.argv;
try {
  const store = await postgres(url, { schema }).open();
  console.log(store.events.epoch);
  await store.events.close();
  await store.readModels.close();
} catch (error) {
  console.log(String(error));
}
