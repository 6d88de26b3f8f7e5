/** Rules about reading a log and its streams (L7, L10, G9). */
import type { RecordedEvent } from '../../message/event.ts';
import type { ReadStreamOptions } from '../../store/event-store.ts';
import { LOG_START } from '../../store/log-place.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  eventStoreRule,
  fill,
  idsOf,
  newEvent,
  newEvents,
  ONE_LOG,
  positionsOf,
  readAll,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';
import { fillTagged, QUERIES } from './tagged.ts';

const CONDITIONS = [...ONE_LOG, 'conditions'];

export const readRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule('L10', 'a read for a fold has what folding needs', [], async (store) => {
    await fill(store, [{ 'a-1': 2, 'b-1': 1 }, { 'a-1': 2 }, { 'b-1': 1 }, { 'a-1': 1 }]);
    const stream = 'a-1';
    for (const options of [{}, { from: 1 }, { to: 1 }, { from: 1, limit: 2 }, { upTo: 2 }]) {
      const all = await store.readStream(stream, options);
      const fold = await store.readStream(stream, { ...options, want: 'fold' });
      assertEqual(fold.events.map(foldPart), all.events.map(foldPart), 'What is folded');
      assertEqual(
        [fold.revision, fold.next, fold.head],
        [all.revision, all.next, all.head],
        'Where the page ends',
      );
    }
  }),
  eventStoreRule(
    'L10',
    'a query means types and tags of one item, and either of several',
    CONDITIONS,
    async (store) => {
      const count = await fillTagged(store);
      const head = await store.head();
      for (const { what, query, positions } of QUERIES) {
        const page = await store.read({ query });
        assertEqual(positionsOf(page.events), positions, `What ${what} means`);
        assertEqual([page.scannedTo, page.head], [head, head], `How far ${what} was looked for`);
        const down = await store.read({ query, backwards: true });
        assertEqual(
          positionsOf(down.events),
          positions.toReversed(),
          `What ${what} means backwards`,
        );
        for (const after of upTo(count)) {
          const later = await store.read({ query, after });
          assertEqual(
            positionsOf(later.events),
            positions.filter((position) => position > after),
            `${what} after ${after}`,
          );
          const earlier = await store.read({ query, after, backwards: true });
          const below = positions.filter((position) => position < after).toReversed();
          assertEqual(positionsOf(earlier.events), below, `${what} below ${after}`);
        }
        for (const end of [0, 2, 3, 6, 7]) {
          const upToEnd = await store.read({ query, upTo: end });
          assertEqual(
            positionsOf(upToEnd.events),
            positions.filter((position) => position <= end),
            `${what} up to ${end}`,
          );
          assertEqual(
            upToEnd.scannedTo.position,
            end,
            `How far ${what} up to ${end} was looked for`,
          );
        }
      }
    },
  ),

  eventStoreRule(
    'L10',
    'pages of a query end on a commit and say how far was looked',
    CONDITIONS,
    async (store) => {
      await fillTagged(store);
      const commits = new Set([0, 2, 3, 6, 7]);
      for (const { what, query, positions } of QUERIES) {
        for (const limit of [1, 2, 3, 50]) {
          const seen: number[] = [];
          let after = LOG_START;
          while (after.position < 7) {
            const page = await store.read({ query, limit, after });
            assert(
              page.scannedTo.position > after.position,
              `A page of ${what} after ${after.position} went no further`,
            );
            assert(
              commits.has(page.scannedTo.position),
              `A page of ${what} ended inside an append, at ${page.scannedTo.position}`,
            );
            assertEqual(
              page.scannedTo.mark,
              (await store.placeAt(page.scannedTo.position))?.mark,
              'The mark',
            );
            assert(
              page.events.length <= limit + 2,
              `A page of ${what} with limit ${limit} has ${page.events.length} events`,
            );
            seen.push(...positionsOf(page.events));
            after = page.scannedTo;
          }
          assertEqual(seen, positions, `All pages of ${what} with limit ${limit}`);
        }
      }
    },
  ),

  eventStoreRule(
    'L10',
    'pages of a query backwards meet every event once',
    CONDITIONS,
    async (store) => {
      await fillTagged(store);
      for (const { what, query, positions } of QUERIES) {
        for (const limit of [1, 2, 50]) {
          const seen: number[] = [];
          let after: number | undefined;
          for (let pages = 0; pages < 20 && (after === undefined || after > 0); pages += 1) {
            const page = await store.read({
              query,
              limit,
              backwards: true,
              ...(after === undefined ? {} : { after }),
            });
            assert(
              after === undefined || page.scannedTo.position < after,
              `A page of ${what} went no further down`,
            );
            seen.push(...positionsOf(page.events));
            after = page.scannedTo.position;
          }
          assertEqual(
            seen,
            positions.toReversed(),
            `All pages of ${what} backwards with limit ${limit}`,
          );
        }
      }
    },
  ),

  eventStoreRule(
    'L10',
    'tags are compared whole, whatever they hold',
    CONDITIONS,
    async (store) => {
      const sets = [
        ['a,b'],
        ['a', 'b'],
        ['a'],
        ['ab'],
        ['A'],
        ['a%'],
        ['a_'],
        ['["a"]'],
        ['a"b'],
        ['a b'],
        ['b', 'a'],
      ];
      for (const [index, tags] of sets.entries()) {
        await store.append(toStream(`a${index}`, 'account-a', [newEvent(`e${index}`, { tags })]));
      }
      for (const [index, tags] of sets.entries()) {
        const wanted = sets.flatMap((other, at) =>
          tags.every((tag) => other.includes(tag)) ? [at] : [],
        );
        const { events } = await store.read({ query: { items: [{ tags }] } });
        assertEqual(positionsOf(events), wanted, `What is tagged ${JSON.stringify(tags)}`);
        assertEqual(
          assertDefined((await readAll(store))[index], 'The event').tags.toSorted(),
          tags.toSorted(),
          'The tags',
        );
      }
    },
  ),

  eventStoreRule(
    'L10',
    'a stream is read from, to, backwards and page by page',
    ONE_LOG,
    async (store) => {
      await fill(store, [
        { 'account-a': 3 },
        { 'account-b': 2 },
        { 'account-a': 4 },
        { 'account-ab': 1 },
      ]);
      const cases: readonly (readonly [ReadStreamOptions, readonly number[], number | null])[] = [
        [{}, [0, 1, 2, 3, 4, 5, 6], null],
        [{ from: 0 }, [0, 1, 2, 3, 4, 5, 6], null],
        [{ from: 5 }, [5, 6], null],
        [{ from: 7 }, [], null],
        [{ from: 2, to: 4 }, [2, 3, 4], null],
        [{ to: 0 }, [0], null],
        [{ to: 99 }, [0, 1, 2, 3, 4, 5, 6], null],
        [{ limit: 3 }, [0, 1, 2], 3],
        [{ from: 4, limit: 3 }, [4, 5, 6], null],
        [{ from: 1, to: 4, limit: 2 }, [1, 2], 3],
        [{ from: 3, to: 4, limit: 2 }, [3, 4], null],
        [{ backwards: true }, [6, 5, 4, 3, 2, 1, 0], null],
        [{ backwards: true, from: 2 }, [2, 1, 0], null],
        [{ backwards: true, from: 99 }, [6, 5, 4, 3, 2, 1, 0], null],
        [{ backwards: true, limit: 1 }, [6], 5],
        [{ backwards: true, limit: 3 }, [6, 5, 4], 3],
        [{ backwards: true, from: 3, to: 2 }, [3, 2], null],
        [{ backwards: true, from: 5, to: 1, limit: 2 }, [5, 4], 3],
        [{ backwards: true, from: 1, limit: 2 }, [1, 0], null],
      ];
      for (const [options, revisions, next] of cases) {
        const page = await store.readStream('account-a', options);
        const what = `account-a with ${JSON.stringify(options)}`;
        assertEqual(
          page.events.map(({ revision }) => revision),
          revisions,
          what,
        );
        assertEqual(
          [page.next, page.revision, page.head.position],
          [next, 6, 9],
          `next, revision and head of ${what}`,
        );
        assert(
          page.events.every(({ stream }) => stream === 'account-a'),
          'A page has another stream’s event',
        );
      }
    },
  ),

  eventStoreRule('L7', 'a stream read up to a head shows nothing later', ONE_LOG, async (store) => {
    await fill(store, [
      { 'account-a': 2 },
      { 'account-b': 1 },
      { 'account-a': 3 },
      { 'account-c': 1 },
    ]);
    const cases = new Map([
      [-1, -1],
      [1, 1],
      [2, 1],
      [5, 4],
      [6, 4],
    ]);
    for (const [end, revision] of cases) {
      const page = await store.readStream('account-a', { upTo: end });
      assertEqual(
        [page.revision, page.next, page.events.length],
        [revision, null, revision + 1],
        `Up to ${end}`,
      );
      const newest = await store.readStream('account-a', { upTo: end, backwards: true, limit: 1 });
      assertEqual(
        [newest.events[0]?.revision ?? -1, newest.revision],
        [revision, revision],
        `The newest up to ${end}`,
      );
    }
    assertEqual(
      (await store.readStream('account-c', { upTo: 5 })).revision,
      -1,
      'A stream that begins later',
    );
  }),

  eventStoreRule(
    'L10',
    'streams whose names are alike are not mixed up',
    ONE_LOG,
    async (store) => {
      const streams = [
        'a-b',
        'a-bb',
        'a-B',
        'a-b-c',
        'ab-c',
        'a-_',
        'a-%',
        'a-b ',
        'a- b',
        'a-é',
        'a-e\u0301',
      ];
      for (const stream of streams) await store.append(toStream(stream, stream));
      for (const stream of streams) {
        assertEqual(
          idsOf((await store.readStream(stream)).events),
          [`${stream}.0`],
          `The stream "${stream}"`,
        );
      }
    },
  ),

  eventStoreRule('G9', 'a page is bounded, whatever was asked for', ONE_LOG, async (store) => {
    const { pageSizeMax } = store.limits;
    const size = Math.min(store.limits.eventsPerAppendMax, 500);
    for (let count = 0, at = 0; count < pageSizeMax + 2 * size; count += size, at += 1) {
      await store.append(toStream(`a${at}`, 'account-a', newEvents(`a${at}`, size)));
    }
    for (const limit of [undefined, pageSizeMax, 1_000_000]) {
      const options = limit === undefined ? {} : { limit };
      const { events } = await store.read(options);
      assert(
        events.length >= pageSizeMax && events.length < pageSizeMax + size,
        `A page has ${events.length} events`,
      );
      const stream = await store.readStream('account-a', options);
      assertEqual(
        [stream.events.length, stream.next],
        [pageSizeMax, pageSizeMax],
        'Length and next of a stream’s page',
      );
    }
    const { revision } = await store.readStream('account-a', { limit: 1 });
    assertEqual((await readAll(store)).length, revision + 1, 'All pages');
  }),
];

function foldPart({
  position,
  commit,
  revision,
  type,
  schemaVersion,
  data,
}: RecordedEvent): unknown {
  return { position, commit, revision, type, schemaVersion, data };
}
