/** Rules about import: positions, marks, instants and outcomes are kept, in a log that the import itself began (L4, O4, S5). */
import type { RecordedEvent } from '../../message/event.ts';
import type { EventStore, ImportBatch, StoredOutcome } from '../../store/event-store.ts';
import { LOG_START, markOf, type LogPlace, type Sha256 } from '../../store/log-place.ts';
import { assert, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { HOSTILE_JSON } from '../hostile.ts';
import {
  assertRefused,
  eventStoreRule,
  fill,
  ONE_LOG,
  positionsOf,
  readAll,
  readOutcomes,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';

const IMPORTS = [...ONE_LOG, 'imports'];

/** Length of each append of the log that is imported. */
const LENGTHS: readonly number[] = [1, 3, 2, 1, 4];
const YEAR_2001 = 1_000_000_000_000;

export const importRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L4',
    'an import into an empty log keeps positions, ids, instants, tags and marks',
    IMPORTS,
    async (store, { sha256, open }) => {
      const source = sourceOf(store);
      const result = await store.importEvents({ after: LOG_START, events: source, outcomes: [] });
      const place = placeOf(sha256, source.at(-1));
      assertEqual(result, { imported: 11, skipped: 0, place }, 'The result');
      const other = await open();
      assertEqual(await readAll(other), source, 'The events');
      assertEqual(await other.head(), place, 'The head');
      for (const event of source) {
        assertEqual(
          (await other.placeAt(event.position))?.mark,
          placeOf(sha256, event).mark,
          `The mark at ${event.position}`,
        );
      }
      assertEqual((await other.readStream('account-a')).revision, 5, 'The revision of a stream');
    },
  ),

  eventStoreRule(
    'S5',
    'an import goes on from batch to batch, and may be repeated from anywhere',
    IMPORTS,
    async (store, { sha256 }) => {
      const source = sourceOf(store);
      const ends = [0, 3, 5, 6, 10];
      const batch = (from: number, to: number): ImportBatch => ({
        after: from === 0 ? LOG_START : placeOf(sha256, source[from - 1]),
        events: source.slice(from, to + 1),
        outcomes: [],
      });
      await store.importEvents(batch(0, 5));
      for (const [from, to, imported] of [
        [0, 3, 0],
        [0, 5, 0],
        [4, 6, 1],
        [0, 6, 0],
        [4, 10, 4],
        [0, 10, 0],
      ] as const) {
        const result = await store.importEvents(batch(from, to));
        const skipped = to - from + 1 - imported;
        assertEqual(
          result,
          { imported, skipped, place: placeOf(sha256, source[to]) },
          `The batch from ${from} to ${to}`,
        );
      }
      assertEqual(await readAll(store), source, 'The events');
      assertEqual(
        source
          .filter(({ position, commit }) => position === commit)
          .map(({ position }) => position),
        ends,
        'Ends',
      );
    },
  ),

  eventStoreRule(
    'S5',
    'a batch that does not fit is refused whole',
    IMPORTS,
    async (store, { sha256 }) => {
      const source = sourceOf(store);
      await store.importEvents({ after: LOG_START, events: source.slice(0, 4), outcomes: [] });
      const rest = source.slice(4);
      const after = placeOf(sha256, source[3]);
      const changed = (index: number, change: Partial<RecordedEvent>): readonly RecordedEvent[] =>
        rest.map((event, at) => (at === index ? { ...event, ...change } : event));
      const batches = new Map<string, ImportBatch>([
        ['a gap before it', { after, events: source.slice(6), outcomes: [] }],
        ['a gap inside', { after, events: rest.filter((_, index) => index !== 2), outcomes: [] }],
        ['an end inside an append', { after, events: rest.slice(0, 1), outcomes: [] }],
        [
          'another mark',
          { after: { ...after, mark: '0123456789abcdef' }, events: rest, outcomes: [] },
        ],
        [
          'a place beyond the head',
          { after: placeOf(sha256, source[5]), events: source.slice(6), outcomes: [] },
        ],
        [
          'a revision that is not the next',
          { after, events: changed(3, { revision: 77 }), outcomes: [] },
        ],
        [
          'an instant that goes back',
          { after, events: changed(2, { recordedAt: YEAR_2001 - 1 }), outcomes: [] },
        ],
        ['an id twice', { after, events: changed(5, { id: 'event-0' }), outcomes: [] }],
        ['a commit that goes back', { after, events: changed(4, { commit: 5 }), outcomes: [] }],
        ['a commit before its event', { after, events: changed(2, { commit: 3 }), outcomes: [] }],
        [
          'another event where one is',
          {
            after: LOG_START,
            events: source.map((event, at) => (at === 2 ? { ...event, data: 'other' } : event)),
            outcomes: [],
          },
        ],
      ]);
      for (const [what, batch] of batches) {
        await assertRefused(
          store,
          'import-refused',
          () => store.importEvents(batch),
          `a batch with ${what}`,
        );
      }
      await store.importEvents({ after, events: rest, outcomes: [] });
      assertEqual(await readAll(store), source, 'The events');
    },
  ),

  eventStoreRule(
    'L4',
    'an import goes only into a log that it began',
    IMPORTS,
    async (store, { sha256 }) => {
      const source = sourceOf(store);
      await store.importEvents({ after: LOG_START, events: source.slice(0, 4), outcomes: [] });
      await store.append(toStream('own', 'other-a'));
      const head = await store.head();
      const next = source
        .slice(4, 6)
        .map((event, index) => ({ ...event, position: 5 + index, commit: 6 }));
      const work = (): Promise<unknown> =>
        store.importEvents({ after: head, events: next, outcomes: [] });
      await assertRefused(store, 'import-refused', work, 'an import behind an append');
      const again = (): Promise<unknown> =>
        store.importEvents({
          after: placeOf(sha256, source[3]),
          events: source.slice(4),
          outcomes: [],
        });
      await assertRefused(store, 'import-refused', again, 'an import over an append');
    },
  ),

  eventStoreRule(
    'L4',
    'a log that was begun by appends takes no import',
    IMPORTS,
    async (store) => {
      await fill(store, [{ 'account-z': 1 }]);
      const source = sourceOf(store);
      for (const after of [LOG_START, await store.head()]) {
        const events = source.map((event) => ({
          ...event,
          position: event.position + after.position + 1,
          commit: event.commit + after.position + 1,
          recordedAt: event.recordedAt * 2,
        }));
        await assertRefused(
          store,
          'import-refused',
          () => store.importEvents({ after, events, outcomes: [] }),
          'an import',
        );
      }
    },
  ),

  eventStoreRule(
    'L4',
    'appends go on behind an import, never before its instants',
    IMPORTS,
    async (store) => {
      const source = sourceOf(store).map((event) => ({
        ...event,
        recordedAt: event.recordedAt * 4,
      }));
      await store.importEvents({ after: LOG_START, events: source, outcomes: [] });
      const result = await store.append({
        id: 'next',
        streams: [
          {
            stream: 'account-a',
            expected: 5,
            events: [
              { id: 'next', type: 'MoneyDeposited', schemaVersion: 1, data: {}, metadata: {} },
            ],
          },
        ],
      });
      assertEqual([result.first, result.position], [11, 11], 'The position');
      assert(
        result.recordedAt >= (source.at(-1)?.recordedAt ?? 0),
        'recordedAt lies before an imported one',
      );
      assertEqual(positionsOf(await readAll(store)), upTo(12), 'The positions');
    },
  ),

  eventStoreRule(
    'O4',
    'an import carries outcomes, which answer repeated appends',
    [...IMPORTS, 'remembersRefusals'],
    async (store, { sha256, open }) => {
      const source = sourceOf(store);
      const outcomes = outcomesOf(store, sha256, source);
      const first = {
        after: LOG_START,
        events: source.slice(0, 4),
        outcomes: outcomes.slice(0, 3),
      };
      await store.importEvents(first);
      await store.importEvents(first);
      const after = placeOf(sha256, source[3]);
      await store.importEvents({ after, events: source.slice(4), outcomes: outcomes.slice(3) });
      const other = await open();
      assertEqual(await readOutcomes(other), outcomes, 'The outcomes');
      for (const outcome of outcomes) {
        const request = { ...toStream(outcome.id, 'account-z'), contentHash: 'h' };
        assertEqual(
          await other.append(request),
          { ...outcome, status: 'repeated' },
          `The append ${outcome.id} again`,
        );
        const reused = { ...request, contentHash: 'other' };
        await assertRefused(
          other,
          'idempotency-key-reused',
          () => other.append(reused),
          'other content',
        );
      }
    },
  ),
];

/** Five appends over two streams, with hostile data, as another store of one log had recorded them. */
function sourceOf(store: EventStore): readonly RecordedEvent[] {
  const log = store.logOf(['account-a']);
  const events: RecordedEvent[] = [];
  for (const [at, length] of LENGTHS.entries()) {
    const commit = events.length + length - 1;
    for (let index = 0; index < length; index += 1) {
      const position = events.length;
      const streamId = position % 2 === 0 ? 'a' : 'b';
      events.push({
        id: `event-${position}`,
        log,
        position,
        commit,
        stream: `account-${streamId}`,
        streamId,
        revision: Math.floor(position / 2),
        type: position === 0 ? 'AccountOpened' : 'MoneyDeposited',
        schemaVersion: 1 + (position % 2),
        data: HOSTILE_JSON[position + 6] ?? null,
        metadata: { actor: 'ann', at },
        tags: position % 3 === 0 ? [] : [`tag:${position}`],
        recordedAt: YEAR_2001 + at * 1_000,
      });
    }
  }
  return events;
}

function placeOf(sha256: Sha256, event: RecordedEvent | undefined): LogPlace {
  if (event === undefined) return LOG_START;
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  return { position: event.position, mark: markOf(sha256, { ...event, data, metadata }) };
}

/** An outcome for every append, and a refusal behind each. */
function outcomesOf(
  store: EventStore,
  sha256: Sha256,
  source: readonly RecordedEvent[],
): readonly StoredOutcome[] {
  const commits = source.filter(({ position, commit }) => position === commit);
  return commits.flatMap((event, index) => {
    const head = placeOf(sha256, event);
    const shared = {
      log: store.logOf(['account-a']),
      contentHash: 'h',
      head,
      recordedAt: event.recordedAt,
    };
    const streams = [{ stream: event.stream, revision: event.revision }];
    const outcome = { actor: 'ann', command: 'account/a/Deposit', input: { index } };
    const first = event.position - (LENGTHS[index] ?? 1) + 1;
    const refusal = { type: 'Refused', data: { index } };
    return [
      { ...shared, id: `append-${index}`, outcome, first, position: event.position, streams },
      {
        ...shared,
        id: `refused-${index}`,
        outcome: { ...outcome, refusal },
        first: null,
        position: null,
        streams,
      },
    ];
  });
}
