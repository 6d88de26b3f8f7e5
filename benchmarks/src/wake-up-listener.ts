// A second process on the file: says when it sees each event. `wake-up-listener.ts <file>`
import { subscribe } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';

const events = await sqliteEventStore(process.argv[2] ?? '');
const over = new AbortController();
process.on('message', () => over.abort());
process.send?.({ isReady: true });
for await (const page of subscribe(events, { after: await events.head(), signal: over.signal })) {
  const seenAt = String(process.hrtime.bigint());
  process.send?.({ seenAt, position: page.scannedTo.position });
}
await events.close();
process.disconnect();
