/** States that are kept between commands must change nothing but the work. */
import { daybook, decider, memory } from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { testPlatform } from '../platform.ts';

const item = z.object({ name: z.string() });

/** Its `evolve` changes the state in place, which it should not. */
const basket = decider('basket', {
  events: { ItemAdded: item },
  commands: { AddItem: item },
  refusals: { TooMany: z.object({ count: z.int() }) },
  initialState: (): { names: string[] } => ({ names: [] }),
  evolve: {
    ItemAdded: (state, { name }) => {
      state.names.push(name);
      return state;
    },
  },
  decide: {
    AddItem: (command, { names }, { emit, refuse }) =>
      names.length < 3 ? emit.ItemAdded(command) : refuse.TooMany({ count: names.length }),
  },
});

test('an evolve that changes its state in place still decides on the right state', async () => {
  const app = await daybook({ deciders: [basket] }).start({ store: memory(testPlatform()) });
  const statuses: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    statuses.push((await app.send(basket.AddItem('1', { name }))).status);
  }
  expect(statuses).toEqual(['accepted', 'accepted', 'accepted', 'refused']);
  await app.close();
});

test('what other processes append in between is seen, also by a cache of one stream', async () => {
  const store = memory(testPlatform());
  const book = daybook({ deciders: [basket] });
  const one = await book.start({ store, limits: { cachedStreamsMax: 1 } });
  const two = await book.start({ store });
  await one.send(basket.AddItem('1', { name: 'a' }));
  await one.send(basket.AddItem('2', { name: 'x' }));
  await two.send(basket.AddItem('1', { name: 'b' }));
  await two.send(basket.AddItem('1', { name: 'c' }));
  expect(await one.send(basket.AddItem('1', { name: 'd' }))).toMatchObject({
    status: 'refused',
    refusal: { type: 'TooMany', data: { count: 3 } },
  });
  await one.close();
  await two.close();
});
