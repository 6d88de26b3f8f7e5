/** Rules about one append: whole or not at all, expectations, and what is refused before anything is written (L2, L6, N1 to N3). */
import type { AppendRequest, ExpectedRevision } from '../../store/event-store.ts';
import { assertEqual, assertDefined } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  assertRefused,
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

const SEVERAL = [...ONE_LOG, 'severalStreams'];
const OUTCOME = { actor: 'ann', command: 'account/a/Deposit', input: { cents: 1 } };

export const appendRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L2',
    'an append answers with positions, revisions, head and its instant',
    SEVERAL,
    async (store) => {
      await fill(store, [{ 'account-a': 1 }]);
      const result = await store.append({
        id: 'two',
        contentHash: 'hash',
        outcome: OUTCOME,
        streams: [
          { stream: 'account-b', expected: 'no-stream', events: newEvents('b', 2) },
          { stream: 'account-a', expected: 0, events: newEvents('a', 1) },
        ],
      });
      const head = await store.head();
      const { recordedAt } = assertDefined(
        (await store.read({ backwards: true })).events[0],
        'The last event',
      );
      const outcome = {
        id: 'two',
        log: result.log,
        contentHash: 'hash',
        outcome: OUTCOME,
        first: 1,
        position: 3,
        streams: [
          { stream: 'account-b', revision: 1 },
          { stream: 'account-a', revision: 1 },
        ],
        head,
        recordedAt,
      };
      assertEqual(result, { ...outcome, status: 'appended' }, 'The answer');
      assertEqual(await store.outcomeOf('two'), outcome, 'The stored outcome');
      assertEqual(
        idsOf(await readAll(store)),
        ['fill-0.account-a.0', 'b.0', 'b.1', 'a.0'],
        'The events in order',
      );
    },
  ),

  eventStoreRule(
    'L2',
    'everything that was given is stored with the event',
    ONE_LOG,
    async (store) => {
      const given = newEvent('e', {
        type: 'AccountOpened',
        schemaVersion: 3,
        data: { owner: 'ann', list: [1, null] },
        metadata: {
          correlationId: 'c',
          causationId: 'd',
          actor: 'ann',
          reason: 'r',
          own: { x: [1] },
        },
      });
      await store.append(toStream('one', 'account-a', [given]));
      const [event] = await readAll(store);
      const { recordedAt, log } = assertDefined(event, 'The event');
      const wanted = {
        ...given,
        log,
        position: 0,
        commit: 0,
        stream: 'account-a',
        streamId: 'a',
        revision: 0,
        tags: [],
        recordedAt,
      };
      assertEqual(event, wanted, 'The event');
      assertEqual(
        (await store.readStream('account-a')).events,
        [wanted],
        'The event as its stream shows it',
      );
    },
  ),

  eventStoreRule(
    'L2',
    'one stream that is not as expected refuses the whole append',
    SEVERAL,
    async (store) => {
      await fill(store, [{ 'account-a': 1 }]);
      const good = {
        stream: 'account-b',
        expected: 'no-stream' as const,
        events: newEvents('b', 2),
      };
      const bad = {
        stream: 'account-a',
        expected: 'no-stream' as const,
        events: newEvents('a', 2),
      };
      for (const streams of [
        [good, bad],
        [bad, good],
        [good, { ...bad, events: [] }],
      ]) {
        const work = (): Promise<unknown> => store.append({ id: 'one', streams });
        const error = await assertRefused(
          store,
          'wrong-expected-revision',
          work,
          'an append with one wrong stream',
        );
        const { stream, expected, actual } = { stream: '', expected: '', actual: 0, ...error };
        assertEqual(
          [stream, expected, actual],
          ['account-a', 'no-stream', 0],
          'The facts of the error',
        );
      }
      const result = await store.append({ id: 'one', streams: [good] });
      assertEqual(
        [result.status, result.first],
        ['appended', 1],
        'The next append with the same id',
      );
    },
  ),

  eventStoreRule('L2', 'a stream without events is only checked', SEVERAL, async (store) => {
    await fill(store, [{ 'account-a': 2 }]);
    const result = await store.append({
      id: 'one',
      streams: [
        { stream: 'account-a', expected: 1, events: [] },
        { stream: 'account-b', expected: 'any', events: newEvents('b', 1) },
        { stream: 'account-c', expected: 'no-stream', events: [] },
      ],
    });
    assertEqual(
      result.streams,
      [
        { stream: 'account-a', revision: 1 },
        { stream: 'account-b', revision: 0 },
        { stream: 'account-c', revision: -1 },
      ],
      'The revisions',
    );
    assertEqual(
      (await store.readStream('account-c')).revision,
      -1,
      'A stream that was only checked',
    );
  }),

  eventStoreRule(
    'L2',
    'an append with neither events nor an outcome is invalid',
    ONE_LOG,
    async (store) => {
      const checks = [{ stream: 'account-a', expected: 'no-stream' as const, events: [] }];
      for (const streams of [[], checks]) {
        await assertRefused(
          store,
          'invalid-message',
          () => store.append({ id: 'one', streams }),
          'an append of nothing',
        );
      }
    },
  ),

  eventStoreRule(
    'L2',
    'a stream that stands in an append twice is invalid',
    SEVERAL,
    async (store) => {
      const streams = ['x', 'y'].map((id) => ({
        stream: 'account-a',
        expected: 'any' as const,
        events: newEvents(id, 1),
      }));
      await assertRefused(
        store,
        'invalid-message',
        () => store.append({ id: 'one', streams }),
        'a stream given twice',
      );
    },
  ),

  eventStoreRule('L2', 'an event’s id is in the log once', ONE_LOG, async (store) => {
    await store.append(toStream('one', 'account-a', [newEvent('e')]));
    const again = toStream('two', 'account-b', [newEvent('new'), newEvent('e')]);
    await assertRefused(
      store,
      'invalid-message',
      () => store.append(again),
      'an event id that the log has',
    );
    const twice = toStream('three', 'account-b', [newEvent('f'), newEvent('f')]);
    await assertRefused(
      store,
      'invalid-message',
      () => store.append(twice),
      'an event id given twice',
    );
    await store.append(toStream('four', 'account-b', [newEvent('new'), newEvent('f')]));
  }),

  eventStoreRule(
    'L6',
    'an expectation is a revision, no-stream, stream-exists or any',
    ONE_LOG,
    async (store) => {
      const cases: readonly (readonly [ExpectedRevision, boolean, boolean])[] = [
        ['any', true, true],
        ['no-stream', true, false],
        ['stream-exists', false, true],
        [0, false, false],
        [1, false, true],
        [2, false, false],
      ];
      for (const [expected, absentIsFine, presentIsFine] of cases) {
        const present = `account-p${expected}`;
        await store.append(toStream(`p${expected}`, present, newEvents(`p${expected}`, 2)));
        for (const [stream, isFine] of [
          [`account-a${expected}`, absentIsFine],
          [present, presentIsFine],
        ] as const) {
          const request = toStream(
            `try-${stream}`,
            stream,
            newEvents(`try-${stream}`, 1),
            expected,
          );
          const work = (): Promise<unknown> => store.append(request);
          if (isFine) await work();
          else
            await assertRefused(store, 'wrong-expected-revision', work, `${expected} of ${stream}`);
        }
      }
    },
  ),

  eventStoreRule(
    'L6',
    'appends of one process to one stream commit in call order',
    ONE_LOG,
    async (store) => {
      await Promise.all(upTo(60).map((index) => store.append(toStream(`a${index}`, 'account-a'))));
      const { events } = await store.readStream('account-a');
      assertEqual(
        idsOf(events),
        upTo(60).map((index) => `a${index}.0`),
        'The events of the stream',
      );
    },
  ),

  eventStoreRule(
    'L6',
    'an append may expect what the one called before it leaves',
    ONE_LOG,
    async (store) => {
      const calls = upTo(20).map((index) => {
        const expected = index === 0 ? 'no-stream' : index - 1;
        return store.append(
          toStream(`a${index}`, 'account-a', newEvents(`a${index}`, 1), expected),
        );
      });
      const results = await Promise.all(calls);
      assertEqual(
        results.map(({ position }) => position),
        upTo(20),
        'The positions in call order',
      );
    },
  ),

  eventStoreRule('S4', 'an append beyond a named limit is refused', ONE_LOG, async (store) => {
    const { eventsPerAppendMax, tagsPerEventMax, bytesPerAppendMax, streamsPerAppendMax } =
      store.limits;
    const large = { text: 'x'.repeat(1_000_000) };
    const count = Math.ceil(bytesPerAppendMax / 1_000_000) + 1;
    const requests: ReadonlyMap<string, AppendRequest> = new Map([
      ['events', toStream('events', 'account-a', newEvents('e', eventsPerAppendMax + 1))],
      [
        'tags',
        toStream('tags', 'account-a', [
          newEvent('t', { tags: upTo(tagsPerEventMax + 1).map(String) }),
        ]),
      ],
      ['bytes', toStream('bytes', 'account-a', newEvents('b', count, { data: large }))],
      [
        'streams',
        {
          id: 'streams',
          outcome: OUTCOME,
          streams: upTo(streamsPerAppendMax + 1).map((index) => ({
            stream: `account-${index}`,
            expected: 'any' as const,
            events: [],
          })),
        },
      ],
    ]);
    for (const [what, request] of requests) {
      await assertRefused(
        store,
        'limit-exceeded',
        () => store.append(request),
        `an append with too many ${what}`,
      );
    }
    const most = await store.append(
      toStream('most', 'account-a', newEvents('e', eventsPerAppendMax)),
    );
    assertEqual(most.position, eventsPerAppendMax - 1, 'The position of the largest append');
    const page = await store.read({ limit: 1 });
    assertEqual(
      positionsOf(page.events),
      upTo(eventsPerAppendMax),
      'A page with limit 1 of the largest append',
    );
  }),

  eventStoreRule(
    'L1',
    'a store with one log refuses an append to another',
    ONE_LOG,
    async (store) => {
      const request = { ...toStream('one', 'account-a'), log: 'no-such-log' };
      await assertRefused(
        store,
        'unsupported-capability',
        () => store.append(request),
        'an append to a log that is not there',
      );
    },
  ),
];
