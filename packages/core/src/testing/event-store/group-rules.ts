/** Rules about appends that wait together: each gets its own answer (L8, G4). */
import type { AppendRequest, EventStore } from '../../store/event-store.ts';
import { assert, assertEqual, assertRejects, codeOf } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  eventStoreRule,
  idsOf,
  newEvent,
  newEvents,
  ONE_LOG,
  positionsOf,
  readAll,
  readOutcomes,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';

export const groupRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L8',
    'of twenty appends that exclude each other one succeeds',
    ONE_LOG,
    async (store) => {
      for (const round of upTo(3)) {
        const expected = round === 0 ? 'no-stream' : round - 1;
        const ids = upTo(20).map((index) => `r${round}-${index}`);
        const answers = await appendAll(
          store,
          ids.map((id) => toStream(id, 'account-a', newEvents(id, 1), expected)),
        );
        assertEqual(
          answers.toSorted(),
          ['appended', ...upTo(19).map(() => 'wrong-expected-revision')],
          'The answers',
        );
        const winner = ids[answers.indexOf('appended')];
        assertEqual(
          (await store.readStream('account-a')).events.at(-1)?.id,
          `${winner}.0`,
          'The event of the winner',
        );
        assertEqual(
          (await readOutcomes(store)).length,
          round + 1,
          'The outcomes that are remembered',
        );
      }
    },
  ),

  eventStoreRule(
    'L8',
    'of appends of several openings that exclude each other one succeeds',
    ONE_LOG,
    async (store, { open }) => {
      const stores = [store, await open(), await open()];
      for (const round of upTo(4)) {
        const expected = round === 0 ? 'no-stream' : round - 1;
        const answers = await Promise.all(
          upTo(21).map((index) => {
            const id = `r${round}-${index}`;
            return answerOf(
              stores[index % 3] ?? store,
              toStream(id, 'account-a', newEvents(id, 1), expected),
            );
          }),
        );
        const won = answers.filter((answer) => answer === 'appended');
        assertEqual(won.length, 1, 'The winners');
      }
      assertEqual(positionsOf(await readAll(store)), upTo(4), 'The positions');
    },
  ),

  eventStoreRule('L8', 'unrelated appends never conflict', ONE_LOG, async (store, { open }) => {
    const stores = [store, await open()];
    const requests = upTo(20).flatMap((index) => [
      toStream(`any-${index}`, 'account-shared'),
      toStream(`own-${index}`, `account-${index}`, newEvents(`own-${index}`, 2), 'no-stream'),
    ]);
    const answers = await Promise.all(
      requests.map((request, index) => answerOf(stores[index % 2] ?? store, request)),
    );
    assertEqual(
      answers,
      requests.map(() => 'appended'),
      'The answers',
    );
    assertEqual(positionsOf(await readAll(store)), upTo(60), 'The positions');
    const shared = await store.readStream('account-shared');
    assertEqual(
      shared.events.map(({ revision }) => revision),
      upTo(20),
      'The revisions of the shared stream',
    );
  }),

  eventStoreRule(
    'L8',
    'a loser never fails its neighbours',
    [...ONE_LOG, 'conditions'],
    async (store) => {
      await store.append(
        toStream('first', 'account-a', [newEvent('first', { type: 'AccountOpened', tags: ['a'] })]),
      );
      const condition = { query: { items: [{ tags: ['a'] }] }, after: -1 };
      const group: readonly (readonly [AppendRequest, string])[] = upTo(6).flatMap((index) => [
        [
          toStream(
            `good-${index}`,
            `account-g${index}`,
            newEvents(`good-${index}`, 2),
            'no-stream',
          ),
          'appended',
        ],
        [
          toStream(`wrong-${index}`, 'account-a', newEvents(`wrong-${index}`, 2), 'no-stream'),
          'wrong-expected-revision',
        ],
        [{ ...toStream(`met-${index}`, `account-m${index}`), condition }, 'condition-failed'],
        [
          toStream(`bad-${index}`, `account-b${index}`, [
            newEvent(`bad-${index}`, { type: 'no type' }),
          ]),
          'invalid-message',
        ],
        [
          toStream(`same-${index}`, `account-s${index}`, [
            newEvent(`fine-${index}`),
            newEvent('first'),
          ]),
          'invalid-message',
        ],
        [toStream('first', `account-f${index}`), 'repeated'],
      ]);
      const answers = await appendAll(
        store,
        group.map(([request]) => request),
      );
      assertEqual(
        answers,
        group.map(([, answer]) => answer),
        'The answers',
      );
      const ids = ['first', ...upTo(6).flatMap((index) => [`good-${index}.0`, `good-${index}.1`])];
      assertEqual(idsOf(await readAll(store)), ids, 'The log');
    },
  ),

  eventStoreRule(
    'L8',
    'an id that is repeated inside a group has one effect and one answer',
    ONE_LOG,
    async (store, { open }) => {
      const other = await open();
      const request = {
        ...toStream('one', 'account-a', newEvents('e', 3), 'no-stream'),
        contentHash: 'h',
      };
      const results = await Promise.all(
        upTo(20).map((index) => (index % 4 === 3 ? other : store).append(request)),
      );
      const statuses = results.map(({ status }) => status).toSorted();
      assertEqual(statuses, ['appended', ...upTo(19).map(() => 'repeated')], 'The answers');
      const known = await store.outcomeOf('one');
      for (const { status: _, ...outcome } of results)
        assertEqual(outcome, known, 'The outcome of each');
      assertEqual(positionsOf(await readAll(store)), [0, 1, 2], 'The positions');
    },
  ),

  eventStoreRule(
    'L8',
    'an id that is repeated inside a group with other content is refused',
    ONE_LOG,
    async (store) => {
      const requests = upTo(10).map((index) => ({
        ...toStream('one', `account-${index}`, newEvents(`e${index}`, 1)),
        contentHash: `h${index}`,
      }));
      const answers = await appendAll(store, requests);
      assertEqual(
        answers,
        ['appended', ...upTo(9).map(() => 'idempotency-key-reused')],
        'The answers',
      );
      assertEqual(idsOf(await readAll(store)), ['e0.0'], 'The log');
    },
  ),

  eventStoreRule(
    'L8',
    'an append that lost in a group may win later with the same id',
    ONE_LOG,
    async (store) => {
      const requests = ['one', 'two'].map((id) =>
        toStream(id, 'account-a', newEvents(id, 1), 'no-stream'),
      );
      assertEqual(
        await appendAll(store, requests),
        ['appended', 'wrong-expected-revision'],
        'The answers',
      );
      assertEqual(await store.outcomeOf('two'), undefined, 'The outcome of the loser');
      const again = await store.append(toStream('two', 'account-a', newEvents('two', 1), 0));
      assertEqual([again.status, again.position], ['appended', 1], 'The second attempt');
    },
  ),

  eventStoreRule(
    'G9',
    'appends beyond the queue’s bound are refused as overloaded, and no other is lost',
    ONE_LOG,
    async (store) => {
      const count = Math.min(store.limits.pendingAppendsMax, 20_000) + 100;
      const requests = upTo(count).map((index) => toStream(`a${index}`, `account-${index % 7}`));
      const answers = await appendAll(store, requests);
      const others = answers.filter((answer) => answer !== 'appended' && answer !== 'overloaded');
      assertEqual(others, [], 'Answers that are neither');
      const appended = requests
        .filter((_, index) => answers[index] === 'appended')
        .map(({ id }) => `${id}.0`);
      assertEqual(idsOf(await readAll(store)), appended, 'The log');
      assert(
        appended.length >= Math.min(count, store.limits.pendingAppendsMax),
        'The queue took fewer than its bound',
      );
    },
  ),

  eventStoreRule(
    'L8',
    'close finishes the appends that were accepted',
    ONE_LOG,
    async (store, { open }) => {
      const other = await open();
      const calls = upTo(50).map((index) =>
        store.append(toStream(`a${index}`, `account-${index % 3}`)),
      );
      const closing = store.close();
      const results = await Promise.all(calls);
      await closing;
      assertEqual(
        results.map(({ position }) => position),
        upTo(50),
        'The positions',
      );
      assertEqual(positionsOf(await readAll(other)), upTo(50), 'What another opening reads');
      await store.close();
      await assertRejects(
        'closed',
        () => store.append(toStream('late', 'account-a')),
        'An append after close',
      );
      await assertRejects('closed', () => store.read(), 'A read after close');
      await other.append(toStream('other', 'account-a'));
      assertEqual(positionsOf(await readAll(await open())), upTo(51), 'What a later opening reads');
    },
  ),
];

/** What each of the appends, all called at once, was answered: its status or its error’s code. */
async function appendAll(
  store: EventStore,
  requests: readonly AppendRequest[],
): Promise<readonly string[]> {
  return Promise.all(requests.map((request) => answerOf(store, request)));
}

async function answerOf(store: EventStore, request: AppendRequest): Promise<string> {
  try {
    return (await store.append(request)).status;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code;
  }
}
