/** Rules about instants, marks and epochs (L4, L9). */
import { markOf } from '../../store/log-place.ts';
import { assert, assertDefined, assertEqual, assertRejects } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  eventStoreRule,
  fill,
  newEvent,
  ONE_LOG,
  positionsOf,
  readAll,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';

const SEVERAL = [...ONE_LOG, 'severalStreams'];

export const instantRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L4',
    'recordedAt is whole milliseconds that never decrease',
    ONE_LOG,
    async (store) => {
      await fill(
        store,
        upTo(5).map(() => ({ 'account-a': 2 })),
      );
      const times = (await readAll(store)).map(({ recordedAt }) => recordedAt);
      for (const [index, time] of times.entries()) {
        assert(
          Number.isSafeInteger(time) && time > 0,
          `recordedAt ${time} is not whole milliseconds`,
        );
        assert(
          time >= (times[index - 1] ?? 0),
          `recordedAt went back from ${times[index - 1]} to ${time}`,
        );
      }
    },
  ),

  eventStoreRule(
    'L4',
    'recordedAt stays when the clock goes back',
    [...ONE_LOG, 'clock'],
    async (store, { setNow }) => {
      for (const [index, now] of [1_000, 5_000, 2_000, 4_999, 5_001].entries()) {
        setNow(now);
        await store.append(toStream(`t${index}`, 'account-a'));
      }
      const times = (await readAll(store)).map(({ recordedAt }) => recordedAt);
      assertEqual(times, [1_000, 5_000, 5_000, 5_000, 5_001], 'The instants');
    },
  ),

  eventStoreRule(
    'L4',
    'an instant names the last commit at or before it, ties included',
    [...SEVERAL, 'instants', 'clock'],
    async (store, { setNow }) => {
      for (const [index, now] of [1_000, 2_000, 2_000, 2_000, 3_000].entries()) {
        setNow(now);
        await fillOne(store, index);
      }
      setNow(4_000);
      const expected = new Map([
        [0, -1],
        [999, -1],
        [1_000, 1],
        [1_999, 1],
        [2_000, 7],
        [2_001, 7],
        [2_999, 7],
        [3_000, 9],
        [4_000, 9],
      ]);
      for (const [instant, position] of expected) {
        const place = await store.positionAt(instant);
        assertEqual(place.position, position, `The position at ${instant}`);
        assertEqual(
          place.mark,
          (await store.placeAt(position))?.mark ?? '',
          `The mark at ${instant}`,
        );
      }
    },
  ),

  eventStoreRule(
    'L4',
    'an instant is settled once a later event or the clock has passed it',
    [...ONE_LOG, 'instants', 'clock'],
    async (store, { setNow }) => {
      setNow(1_000);
      await store.append(toStream('one', 'account-a'));
      assertEqual(
        (await store.positionAt(1_000)).settled,
        false,
        'Settled, at the clock’s own instant',
      );
      assertEqual((await store.positionAt(999)).settled, true, 'Settled, before the clock');
      setNow(1_001);
      assertEqual(
        (await store.positionAt(1_000)).settled,
        true,
        'Settled, once the clock has passed',
      );
      await store.append(toStream('two', 'account-a'));
      setNow(500);
      assertEqual(
        (await store.positionAt(1_000)).settled,
        true,
        'Settled, for a later event exists',
      );
    },
  ),

  eventStoreRule(
    'L4',
    'an instant beyond the clock is refused',
    [...ONE_LOG, 'instants'],
    async (store) => {
      const { recordedAt } = await store.append(toStream('one', 'account-a'));
      await assertRejects(
        'invalid-instant',
        () => store.positionAt(recordedAt + 86_400_000),
        'Tomorrow',
      );
      assertEqual(
        (await store.positionAt(recordedAt)).position,
        0,
        'The position at the instant of the only event',
      );
      assertEqual(
        (await store.positionAt(recordedAt - 1)).position,
        -1,
        'The position just before it',
      );
    },
  ),

  eventStoreRule(
    'L9',
    'a mark is the hash of the stored event, the same on every store',
    ONE_LOG,
    async (store, { sha256, open }) => {
      const data = { text: 'ä"\n😀', list: [1, { b: 1, a: null }], absent: undefined };
      const metadata = { correlationId: 'c', extra: { deep: [true] } };
      await store.append(
        toStream('one', 'account-a', [newEvent('e0', { data, metadata }), newEvent('e1')]),
      );
      const other = await open();
      for (const event of await readAll(store)) {
        const wanted = markOf(sha256, {
          ...event,
          data: JSON.stringify(event.data),
          metadata: JSON.stringify(event.metadata),
        });
        assertEqual(
          (await store.placeAt(event.position))?.mark,
          wanted,
          `The mark at ${event.position}`,
        );
        assertEqual(
          (await other.placeAt(event.position))?.mark,
          wanted,
          'The mark in another opening',
        );
      }
      assertEqual(
        (await store.head()).mark,
        (await store.placeAt(1))?.mark,
        'The mark of the head',
      );
    },
  ),

  eventStoreRule(
    'L9',
    'a read from a place that is not this log’s is refused',
    ONE_LOG,
    async (store) => {
      await fill(store, [{ 'account-a': 1 }, { 'account-a': 1 }]);
      const place = assertDefined(await store.placeAt(0), 'The place at 0');
      assertEqual(
        positionsOf((await store.read({ after: place })).events),
        [1],
        'What lies behind the right place',
      );
      const wrong = { position: 0, mark: '0123456789abcdef' };
      await assertRejects(
        'store-went-back',
        () => store.read({ after: wrong }),
        'A read behind another event',
      );
      const gone = { position: 7, mark: place.mark };
      await assertRejects(
        'store-went-back',
        () => store.read({ after: gone }),
        'A read behind the end',
      );
    },
  ),

  eventStoreRule('L9', 'the epoch is the same in every opening', [], async (store, { open }) => {
    assert(store.epoch.length > 0, 'The epoch is empty');
    assertEqual((await open()).epoch, store.epoch, 'The epoch of another opening');
  }),
];

async function fillOne(store: Parameters<typeof fill>[0], index: number): Promise<void> {
  const streams = ['account-a', 'account-b'].map((stream) => ({
    stream,
    expected: 'any' as const,
    events: [newEvent(`t${index}.${stream}`)],
  }));
  await store.append({ id: `t${index}`, streams });
}
