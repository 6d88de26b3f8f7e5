/** Rules about order, commits, marks and instants (L1, L3, L4, L9). */
import { LOG_START, markOf } from '../../store/log-place.ts';
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

/** Appends of 1, 3, 2, 4 and 1 events: commits at 0, 3, 5, 9 and 10. */
const MIXED: readonly Readonly<Record<string, number>>[] = [
  { 'account-a': 1 },
  { 'account-a': 1, 'account-b': 2 },
  { 'account-b': 2 },
  { 'account-c': 1, 'account-a': 2, 'account-b': 1 },
  { 'account-c': 1 },
];
const MIXED_COMMITS: readonly number[] = [0, 3, 3, 3, 5, 5, 9, 9, 9, 9, 10];

export const placeRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule('L1', 'an empty log has head -1, no events and no streams', [], async (store) => {
    assertEqual(await store.head(), LOG_START, 'The head of an empty log');
    const page = await store.read();
    assertEqual(
      page,
      { events: [], scannedTo: LOG_START, head: LOG_START },
      'The page of an empty log',
    );
    const stream = await store.readStream('account-a');
    assertEqual(
      stream,
      { events: [], revision: -1, next: null, head: LOG_START },
      'The page of an absent stream',
    );
    assertEqual(await store.placeAt(0), undefined, 'The place at 0 of an empty log');
    assertEqual(await store.outcomeOf('nobody'), undefined, 'The outcome of an unknown id');
  }),

  eventStoreRule(
    'L1',
    'a store with one log names it even when it is empty',
    ONE_LOG,
    async (store) => {
      const [log, ...others] = await store.logs();
      assertEqual(others, [], 'Logs besides the first');
      assertEqual(store.logOf(['account-a', 'account-b']), log, 'The log of two streams');
      assertEqual(await store.head(log), LOG_START, 'The head of the named log');
      assertEqual(await store.head('no-such-log'), LOG_START, 'The head of an unknown log');
    },
  ),

  eventStoreRule(
    'L1',
    'positions are dense from 0, and revisions within each stream',
    SEVERAL,
    async (store) => {
      await fill(store, MIXED);
      const events = await readAll(store);
      assertEqual(positionsOf(events), upTo(11), 'The positions');
      const next = new Map<string, number>();
      for (const { stream, streamId, revision, position } of events) {
        assertEqual(revision, next.get(stream) ?? 0, `The revision at position ${position}`);
        assertEqual(`account-${streamId}`, stream, `The stream’s id at position ${position}`);
        next.set(stream, revision + 1);
      }
    },
  ),

  eventStoreRule(
    'L1',
    'a read starts behind `after`, and at the head gives nothing',
    ONE_LOG,
    async (store) => {
      await fill(store, [{ 'account-a': 1 }, { 'account-a': 1 }, { 'account-a': 1 }]);
      const head = await store.head();
      for (const after of [-1, LOG_START]) {
        assertEqual(
          positionsOf((await store.read({ after })).events),
          [0, 1, 2],
          'Everything from the beginning',
        );
      }
      assertEqual(
        positionsOf((await store.read({ after: 0 })).events),
        [1, 2],
        'What lies behind 0',
      );
      const rest = await store.read({ after: head });
      assertEqual(rest, { events: [], scannedTo: head, head }, 'The page at the head');
    },
  ),

  eventStoreRule('L3', 'every event carries the commit of its append', SEVERAL, async (store) => {
    const results = await fill(store, MIXED);
    const events = await readAll(store);
    assertEqual(
      events.map(({ commit }) => commit),
      MIXED_COMMITS,
      'The commits',
    );
    assertEqual(
      results.map(({ position }) => position),
      [0, 3, 5, 9, 10],
      'The appends’ last positions',
    );
    const stream = await store.readStream('account-a');
    assertEqual(
      stream.events.map(({ commit }) => commit),
      [0, 3, 9, 9],
      'The commits as a stream shows them',
    );
  }),

  eventStoreRule('L3', 'pages end on a commit, whatever their limit', SEVERAL, async (store) => {
    await fill(store, MIXED);
    const commits = new Set(MIXED_COMMITS);
    for (const limit of [1, 2, 3, 4, 5, 7, 10, 11, 50]) {
      const seen: number[] = [];
      let after = LOG_START;
      while (after.position < 10) {
        const page = await store.read({ after, limit });
        const last = page.events.at(-1)?.position;
        assertEqual(page.scannedTo.position, last, `Where a page with limit ${limit} ended`);
        assert(
          commits.has(page.scannedTo.position),
          `A page with limit ${limit} ended inside an append, at ${last}`,
        );
        assert(
          page.events.length < limit + 4,
          `A page with limit ${limit} has ${page.events.length} events`,
        );
        assert(
          page.events.length >= Math.min(limit, 10 - after.position),
          `A page with limit ${limit} is short`,
        );
        assertEqual(
          page.scannedTo.mark,
          (await store.placeAt(page.scannedTo.position))?.mark,
          'The mark of the page',
        );
        seen.push(...positionsOf(page.events));
        after = page.scannedTo;
      }
      assertEqual(seen, upTo(11), `All pages with limit ${limit}`);
    }
  }),

  eventStoreRule('L3', 'a page goes no further than `upTo`', SEVERAL, async (store) => {
    await fill(store, MIXED);
    for (const end of [0, 3, 5, 9, 10]) {
      const page = await store.read({ upTo: end });
      assertEqual(positionsOf(page.events), upTo(end + 1), `The page up to ${end}`);
      assertEqual(page.scannedTo.position, end, 'Where it ended');
      assertEqual(page.head.position, 10, 'The head that it shows');
      assertEqual(
        (await store.read({ upTo: end, after: end })).events,
        [],
        `What lies behind ${end} and up to it`,
      );
    }
    assertEqual(
      positionsOf((await store.read({ after: 3, upTo: 9, limit: 2 })).events),
      [4, 5],
      'A page in between',
    );
  }),

  eventStoreRule('L3', 'pages backwards begin on an append too', SEVERAL, async (store) => {
    await fill(store, MIXED);
    const firsts = new Set([0, 1, 4, 6, 10]);
    for (const limit of [1, 2, 3, 5, 50]) {
      const seen: number[] = [];
      let after: number | undefined;
      do {
        const page = await store.read({
          backwards: true,
          limit,
          ...(after === undefined ? {} : { after }),
        });
        const last = assertDefined(page.events.at(-1), `An event below ${after}`).position;
        assert(
          firsts.has(last),
          `A page backwards with limit ${limit} ended inside an append, at ${last}`,
        );
        assertEqual(page.scannedTo.position, last, 'The last position looked at');
        seen.push(...positionsOf(page.events));
        after = page.scannedTo.position;
      } while (after > 0 && seen.length < 20);
      assertEqual(seen, upTo(11).toReversed(), `All pages backwards with limit ${limit}`);
    }
    assertEqual(
      positionsOf((await store.read({ backwards: true, after: 4 })).events),
      [3, 2, 1, 0],
      'What lies below 4',
    );
    assertEqual(
      positionsOf((await store.read({ backwards: true, upTo: 3 })).events),
      [3, 2, 1, 0],
      'Down from 3',
    );
  }),

  eventStoreRule('L3', 'a place names both ends of its append', SEVERAL, async (store) => {
    await fill(store, MIXED);
    const ends = new Map([
      [0, [0, 0]],
      [1, [1, 3]],
      [2, [1, 3]],
      [3, [1, 3]],
      [4, [4, 5]],
      [9, [6, 9]],
      [10, [10, 10]],
    ]);
    for (const [position, [first, commit]] of ends) {
      const place = assertDefined(await store.placeAt(position), `The place at ${position}`);
      assertEqual(
        [place.position, place.first, place.commit],
        [position, first, commit],
        'The place',
      );
    }
    assertEqual(await store.placeAt(-1), undefined, 'The place at -1');
    assertEqual(await store.placeAt(11), undefined, 'The place beyond the head');
  }),

  eventStoreRule(
    'L3',
    'no head and no page stands inside an append while appends run',
    SEVERAL,
    async (store, { open }) => {
      const other = await open();
      let isDone = false;
      const writing = (async () => {
        for (const at of upTo(10)) {
          const group = upTo(4).map((index) => {
            const id = `${at}-${index}`;
            const streams = ['a', 'b', 'c'].map((name) => ({
              stream: `account-${name}${index}`,
              expected: 'any' as const,
              events: [newEvent(`${id}.${name}`)],
            }));
            return store.append({ id, streams });
          });
          await Promise.all(group);
        }
      })().finally(() => {
        isDone = true;
      });
      let after = LOG_START;
      let seen = 0;
      for (;;) {
        const isLast = isDone;
        const page = await other.read({ after, limit: 7 });
        for (const end of [
          page.scannedTo.position,
          page.head.position,
          (await other.head()).position,
        ]) {
          assert(
            end % 3 === 2 || end === -1,
            `A reader stood at ${end}, inside an append of three events`,
          );
        }
        assertEqual(
          positionsOf(page.events),
          page.events.map((_, index) => seen + index),
          'Positions without a gap',
        );
        seen += page.events.length;
        after = page.scannedTo;
        if (isLast && page.events.length === 0) break;
      }
      await writing;
      assertEqual(seen, 120, 'The events that the reader saw');
    },
  ),

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
