/**
 * Runs an application whose read model counts movements and keeps the trail of their numbers, so that an event left out,
 * applied twice or out of order shows. Says `ready`, and goes on until its input ends.
 */
import { once } from 'node:events';

import { daybook, decider, readModel } from '@daybook/core';
import { postgres } from '@daybook/postgres';
import { z } from 'zod';

const [, , url = '', schema = '', leaseMs = '500'] = process.argv;

const account = decider('account', {
  events: { Moved: z.object({ number: z.int() }) },
  commands: { Move: z.object({ number: z.int() }) },
  initialState: {},
  evolve: { Moved: (state) => state },
  decide: { Move: (command, _, { emit }) => emit.Moved(command) },
});

const trails = readModel('trails', {
  from: [account],
  row: z.object({ count: z.int(), trail: z.string() }),
  initialRow: { count: 0, trail: '' },
  on: {
    Moved: (row, { number }) => ({
      count: row.count + 1,
      trail: `${row.trail} ${number}`.slice(-60),
    }),
  },
  queries: () => ({}),
});

const app = await daybook({ deciders: [account], readModels: [trails] }).start({
  store: postgres(url, { schema }),
  leaseMs: Number(leaseMs),
});
console.log('ready');
process.stdin.resume();
await once(process.stdin, 'end');
await app.close();
