/** Reads a log from its beginning as it grows, woken by it, until it has seen `count` events; says their positions. */
import { subscribe } from '@daybook/core';
import { postgresEventStore } from '@daybook/postgres';

const [, , url = '', schema = '', countText = '0'] = process.argv;
const count = Number(countText);
const store = await postgresEventStore(url, { schema });
const positions: number[] = [];
console.log('ready');
for await (const page of subscribe(store, { limit: 50 })) {
  for (const event of page.events) positions.push(event.position);
  if (positions.length >= count) break;
}
console.log(JSON.stringify(positions));
await store.close();
