/** Appends `count` events to streams of its own, 16 in flight, and says each id once its append was acknowledged. */
import { writeSync } from 'node:fs';

import { sqliteEventStore } from '@daybook/sqlite';

const [, , path = '', name = '', countText = '0'] = process.argv;
const count = Number(countText);
const store = await sqliteEventStore(path);
let next = 0;
await Promise.all(
  Array.from({ length: 16 }, async (_, lane) => {
    while (next < count) {
      const id = `${name}.${next}`;
      next += 1;
      // Two streams, so that a torn append would show.
      const streams = [`account-${name}-${lane}`, 'account-shared'].map((stream, index) => ({
        stream,
        expected: 'any' as const,
        events: [
          { id: `${id}.${index}`, type: 'Moved', schemaVersion: 1, data: { id }, metadata: {} },
        ],
      }));
      await store.append({ id, streams });
      writeSync(1, `${id}\n`);
    }
  }),
);
await store.close();
