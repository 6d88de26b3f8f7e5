/** Appends `count` events to streams of its own and one that all share, 8 in flight, and says each id once it was acknowledged. */
import { writeSync } from 'node:fs';

import { postgresEventStore } from '@daybook/postgres';

const [, , url = '', schema = '', name = '', countText = '0'] = process.argv;
const count = Number(countText);
const store = await postgresEventStore(url, { schema });
let next = 0;
await Promise.all(
  Array.from({ length: 8 }, async (_, lane) => {
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
