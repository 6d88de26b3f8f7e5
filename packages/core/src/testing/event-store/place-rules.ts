/** Rules about order, commits, marks and instants (L1, L3, L4, L9). */
import { LOG_START } from '../../store/log-place.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  eventStoreRule,
  fill,
  newEvent,
  ONE_LOG,
  positionsOf,
  readAll,
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
        assert(
          page.scannedTo.position > after.position,
          `A page after ${after.position} went no further`,
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
      // A reader that fails first leaves nobody waiting for the writer.
      writing.catch(() => undefined);
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
];
