/** Rules about conditions on a query (L7). */
import type { EventQuery } from '../../message/event-query.ts';
import type { AppendRequest } from '../../store/event-store.ts';
import { assert, assertEqual, codeOf } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  assertRefused,
  eventStoreRule,
  fill,
  idsOf,
  newEvent,
  newEvents,
  ONE_LOG,
  readAll,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';
import { fillTagged, QUERIES } from './tagged.ts';

const CONDITIONS = [...ONE_LOG, 'conditions'];

export const conditionRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L7',
    'a condition refuses what matches after its bound, by types, tags, both or either',
    CONDITIONS,
    async (store) => {
      const count = await fillTagged(store);
      for (const { what, query, positions } of QUERIES) {
        for (const after of upTo(count + 1).map((index) => index - 1)) {
          const later = positions.filter((position) => position > after);
          const request = conditional(`${what} ${after}`, query, after);
          if (later.length === 0) continue;
          const error = await assertRefused(
            store,
            'condition-failed',
            () => store.append(request),
            `${what} after ${after}`,
          );
          const found = { position: -1, after: -2, ...error };
          assertEqual(found.after, after, 'The bound that the error tells');
          assert(
            later.includes(found.position),
            `The error names position ${found.position}, which does not match ${what}`,
          );
        }
      }
      for (const { what, query, positions } of QUERIES) {
        const after = positions.at(-1) ?? -1;
        if (what === 'everything') continue;
        const result = await store.append(conditional(`pass ${what}`, query, after));
        assertEqual(result.status, 'appended', `${what}, after its last match`);
      }
    },
  ),

  eventStoreRule(
    'L7',
    'a condition sees events that were appended by stream',
    CONDITIONS,
    async (store) => {
      const tagged = newEvent('e', { type: 'StudentEnrolled', tags: ['course:1'] });
      await store.append(toStream('one', 'student-a', [tagged], 'no-stream'));
      const request = conditional('two', { items: [{ tags: ['course:1'] }] }, -1);
      await assertRefused(
        store,
        'condition-failed',
        () => store.append(request),
        'a condition on a stream’s event',
      );
    },
  ),

  eventStoreRule(
    'L7',
    'a condition is checked against its own group',
    CONDITIONS,
    async (store, { open }) => {
      const other = await open();
      const query = { items: [{ types: ['StudentEnrolled'], tags: ['course:1'] }] };
      for (const round of upTo(3)) {
        const { position: after } = await store.head();
        const answers = await Promise.all(
          upTo(20).map(async (index) => {
            const id = `r${round}-${index}`;
            const event = newEvent(id, {
              type: 'StudentEnrolled',
              tags: ['course:1', `student:${index}`],
            });
            const streams = [
              { stream: `student-${index}`, expected: 'any' as const, events: [event] },
            ];
            const request = { id, streams, condition: { query, after } };
            return (index % 5 === 4 ? other : store).append(request).then(
              ({ status }): string => status,
              (error: unknown) => codeOf(error) ?? 'no code',
            );
          }),
        );
        assertEqual(
          answers.toSorted(),
          ['appended', ...upTo(19).map(() => 'condition-failed')],
          'The answers',
        );
      }
      assertEqual((await readAll(store)).length, 3, 'The events');
    },
  ),

  eventStoreRule(
    'L7',
    'a condition is not failed by what does not match',
    CONDITIONS,
    async (store) => {
      const condition = {
        query: { items: [{ types: ['StudentEnrolled'], tags: ['course:1'] }] },
        after: -1,
      };
      const events = [
        newEvent('other-type', { type: 'CourseDefined', tags: ['course:1'] }),
        newEvent('other-tag', { type: 'StudentEnrolled', tags: ['course:11', 'course'] }),
        newEvent('no-tag', { type: 'StudentEnrolled' }),
      ];
      const calls = events.map((event) =>
        store.append({ ...toStream(event.id, 'student-a', [event]), condition }),
      );
      assertEqual((await Promise.all(calls)).length, 3, 'The appends');
    },
  ),

  eventStoreRule(
    'L7',
    'an append does not fail its own condition, but the next does',
    CONDITIONS,
    async (store) => {
      const condition = { query: { items: [{ types: ['MoneyDeposited'] }] }, after: -1 };
      await store.append({ ...toStream('one', 'account-a', newEvents('e', 3)), condition });
      const next = { ...toStream('two', 'account-b'), condition };
      await assertRefused(store, 'condition-failed', () => store.append(next), 'the second');
      await store.append({ ...next, condition: { ...condition, after: 2 } });
    },
  ),

  eventStoreRule('L7', 'expectation and condition must both hold', CONDITIONS, async (store) => {
    await fill(store, [{ 'account-a': 1 }]);
    const never = { query: { items: [{ types: ['NeverHappened'] }] }, after: -1 };
    const stale = {
      ...toStream('one', 'account-a', newEvents('x', 1), 'no-stream'),
      condition: never,
    };
    await assertRefused(
      store,
      'wrong-expected-revision',
      () => store.append(stale),
      'a stale expectation',
    );
    const met = { query: { items: [{ types: ['MoneyDeposited'] }] }, after: -1 };
    const failing = { ...toStream('one', 'account-a', newEvents('x', 1), 0), condition: met };
    await assertRefused(
      store,
      'condition-failed',
      () => store.append(failing),
      'a condition that is met',
    );
    await store.append({ ...toStream('one', 'account-a', newEvents('x', 1), 0), condition: never });
    assertEqual(idsOf(await readAll(store)), ['fill-0.account-a.0', 'x.0'], 'The log');
  }),

  eventStoreRule(
    'L7',
    'a refusal over tags is stored only while its condition holds',
    [...CONDITIONS, 'remembersRefusals'],
    async (store) => {
      const outcome = {
        actor: null,
        command: 'Enrol',
        input: {},
        refusal: { type: 'CourseFull', data: {} },
      };
      const refusal = {
        id: 'one',
        outcome,
        streams: [],
        condition: { query: { items: [{ tags: ['course:1'] }] }, after: -1 },
      };
      assertEqual((await store.append(refusal)).status, 'appended', 'A refusal on what was read');
      await store.append(toStream('two', 'student-a', [newEvent('e', { tags: ['course:1'] })]));
      const stale = { ...refusal, id: 'three' };
      await assertRefused(
        store,
        'condition-failed',
        () => store.append(stale),
        'a refusal on what has changed',
      );
      assertEqual(
        (await store.append({ ...refusal })).status,
        'repeated',
        'The first refusal again',
      );
    },
  ),
];

function conditional(id: string, query: EventQuery, after: number): AppendRequest {
  return {
    ...toStream(id, 'other-a', [newEvent(id, { type: 'OtherHappened' })]),
    condition: { query, after },
  };
}
