/** Reads a log from its beginning as it grows, woken by it, until it has seen `count` events; says their positions. */
import { sqliteEventStore } from '@daybook/sqlite';

const [, , path = '', countText = '0'] = process.argv;
const count = Number(countText);
const store = await sqliteEventStore(path);
const positions: number[] = [];
let after = { position: -1, mark: '' };
let wake: () => void = () => undefined;
let isRaised = false;
store.onAppended(() => {
  isRaised = true;
  wake();
});
console.log('ready');
while (positions.length < count) {
  isRaised = false;
  const page = await store.read({ after, limit: 50 });
  for (const event of page.events) positions.push(event.position);
  const isAtHead = page.scannedTo.position >= page.head.position;
  after = page.scannedTo;
  if (!isAtHead || isRaised || positions.length >= count) continue;
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}
console.log(JSON.stringify(positions));
await store.close();
