/** Uses both stores in full, closes them, and says what still keeps the process alive; then it should end by itself. */
import { sqlite } from '@daybook/sqlite';

const [, , path = ''] = process.argv;
const store = await sqlite(path).open();
store.events.onAppended(() => undefined);
store.readModels.onCommitted(() => undefined);
await store.events.append({
  id: 'a',
  streams: [
    {
      stream: 'account-1',
      expected: 'no-stream',
      events: [{ id: 'a.0', type: 'Moved', schemaVersion: 1, data: {}, metadata: {} }],
    },
  ],
});
const ref = await store.readModels.create({
  readModel: 'balances',
  version: 1,
  fingerprint: 'x',
  indexes: [],
});
await store.readModels.view(ref, (rows) => rows.get(['a']));
await Promise.all([store.events.close(), store.readModels.close(), store.events.close()]);
await store.readModels.close();
console.log(JSON.stringify(process.getActiveResourcesInfo()));
