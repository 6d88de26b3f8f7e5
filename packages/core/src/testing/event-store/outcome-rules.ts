/** Rules about what is remembered of an append (O1 to O4). */
import type { AppendRequest } from '../../store/event-store.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  assertRefused,
  eventStoreRule,
  fill,
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

const REFUSALS = [...ONE_LOG, 'remembersRefusals'];

export const outcomeRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'O2',
    'a repeated append writes nothing and gets its first answer',
    ONE_LOG,
    async (store, { open }) => {
      await fill(store, [{ 'account-b': 1 }]);
      const outcome = { actor: 'ann', command: 'account/a/Open', input: { owner: 'ann' } };
      const request = {
        ...toStream('one', 'account-a', newEvents('e', 2), 'no-stream'),
        contentHash: 'h',
        outcome,
      };
      const { status, ...first } = await store.append(request);
      assertEqual(status, 'appended', 'The first status');
      await store.append(toStream('other', 'account-a'));
      for (const opening of [store, await open()]) {
        assertEqual(
          await opening.append(request),
          { ...first, status: 'repeated' },
          'The second answer',
        );
        const changed = {
          ...request,
          streams: [{ stream: 'account-a', expected: 7, events: newEvents('f', 1) }],
        };
        assertEqual(
          await opening.append(changed),
          { ...first, status: 'repeated' },
          'The answer to other expectations',
        );
        assertEqual(await opening.outcomeOf('one'), first, 'The outcome');
      }
      assertEqual(positionsOf(await readAll(store)), upTo(4), 'The positions');
    },
  ),

  eventStoreRule(
    'O2',
    'a known id answers before a condition is looked at',
    [...ONE_LOG, 'conditions'],
    async (store) => {
      const condition = { query: { items: [{ types: ['AccountOpened'] }] }, after: -1 };
      const request = {
        ...toStream('one', 'account-a', [newEvent('e', { type: 'AccountOpened' })]),
        condition,
      };
      await store.append(request);
      assertEqual((await store.append(request)).status, 'repeated', 'The second status');
    },
  ),

  eventStoreRule(
    'O2',
    'a known id with another content is refused, and nothing of the first is told',
    ONE_LOG,
    async (store) => {
      const outcome = {
        actor: 'ann',
        command: 'secret-command',
        input: { secret: 'secret-input' },
      };
      await store.append({ ...toStream('one', 'account-a'), contentHash: 'secret-hash', outcome });
      const again = { ...toStream('one', 'account-b', newEvents('f', 1)), contentHash: 'h2' };
      const error = await assertRefused(
        store,
        'idempotency-key-reused',
        () => store.append(again),
        'other content',
      );
      const told = JSON.stringify(error) + (error instanceof Error ? error.message : '');
      assert(
        !told.includes('secret') && !told.includes('account-a'),
        `The error tells of the first append: ${told}`,
      );
    },
  ),

  eventStoreRule('O2', 'without a content hash only the id counts', ONE_LOG, async (store) => {
    await store.append({ ...toStream('hashed', 'account-a'), contentHash: 'h' });
    await store.append(toStream('plain', 'account-a'));
    assertEqual(
      (await store.append(toStream('hashed', 'account-b'))).status,
      'repeated',
      'Without a hash',
    );
    const hashed = { ...toStream('plain', 'account-b'), contentHash: 'h' };
    assertEqual(
      (await store.append(hashed)).status,
      'repeated',
      'With a hash where none was stored',
    );
    assertEqual(
      (await store.readStream('account-b')).revision,
      -1,
      'The revision of the other stream',
    );
  }),

  eventStoreRule(
    'O2',
    'an append that was refused by the store is not remembered',
    ONE_LOG,
    async (store) => {
      const wrong = {
        ...toStream('one', 'account-a', newEvents('e', 1), 'stream-exists'),
        contentHash: 'h1',
      };
      await assertRefused(
        store,
        'wrong-expected-revision',
        () => store.append(wrong),
        'a wrong expectation',
      );
      const right = {
        ...toStream('one', 'account-a', newEvents('e', 1), 'no-stream'),
        contentHash: 'h2',
      };
      assertEqual((await store.append(right)).status, 'appended', 'The same id, decided again');
    },
  ),

  eventStoreRule(
    'O1',
    'a refusal is stored without events, and given again',
    REFUSALS,
    async (store, { open }) => {
      await fill(store, [{ 'account-a': 2 }]);
      const head = await store.head();
      const request = refusal('one', 1);
      const result = await store.append(request);
      const wanted = {
        id: 'one',
        log: result.log,
        contentHash: 'h',
        outcome: request.outcome,
        first: null,
        position: null,
        streams: [{ stream: 'account-a', revision: 1 }],
        head,
        recordedAt: result.recordedAt,
      };
      assertEqual(result, { ...wanted, status: 'appended' }, 'The answer');
      assertEqual(
        await (await open()).append(request),
        { ...wanted, status: 'repeated' },
        'The second answer',
      );
      assertEqual(await store.head(), head, 'The head');
      assert(Number.isSafeInteger(result.recordedAt), 'recordedAt is not whole milliseconds');
    },
  ),

  eventStoreRule(
    'O1',
    'a refusal in an empty log stands at its beginning',
    REFUSALS,
    async (store) => {
      const result = await store.append(refusal('one', 'no-stream'));
      assertEqual([result.head, result.position], [{ position: -1, mark: '' }, null], 'The places');
      assertEqual(result.streams, [{ stream: 'account-a', revision: -1 }], 'The revisions');
      assertEqual(
        (await store.append(refusal('one', 'no-stream'))).status,
        'repeated',
        'The second status',
      );
    },
  ),

  eventStoreRule(
    'O3',
    'a refusal whose read set has moved is not stored',
    REFUSALS,
    async (store) => {
      await fill(store, [{ 'account-a': 2 }]);
      await assertRefused(
        store,
        'wrong-expected-revision',
        () => store.append(refusal('one', 0)),
        'a stale refusal',
      );
      assertEqual(await store.outcomeOf('one'), undefined, 'The outcome of the stale refusal');
      const group = [toStream('two', 'account-a', newEvents('x', 1), 1), refusal('three', 1)];
      const [appended, refused] = await Promise.allSettled(
        group.map((request) => store.append(request)),
      );
      assertEqual(
        [appended?.status, refused?.status],
        ['fulfilled', 'rejected'],
        'A refusal behind an append in its group',
      );
      assertEqual(
        await store.outcomeOf('three'),
        undefined,
        'The outcome of the second stale refusal',
      );
    },
  ),

  eventStoreRule(
    'T1',
    'an outcome names the head of the transaction that stored it',
    REFUSALS,
    async (store) => {
      const requests = upTo(12).map((index) =>
        index % 3 === 2
          ? refusal(`a${index}`, 'any')
          : toStream(`a${index}`, 'account-a', newEvents(`a${index}`, 2)),
      );
      const results = await Promise.all(requests.map((request) => store.append(request)));
      let last = -1;
      for (const { head, position, id } of results) {
        last = Math.max(last, position ?? -1);
        assert(
          head.position >= last,
          `The head ${head.position} of ${id} lies below what was appended before it, ${last}`,
        );
        const place = assertDefined(await store.placeAt(head.position), 'The place of the head');
        assertEqual(
          [head.mark, place.commit],
          [place.mark, head.position],
          'Mark and commit of the head',
        );
      }
    },
  ),

  eventStoreRule(
    'O4',
    'outcomes are read in the order in which they were stored, page by page',
    REFUSALS,
    async (store) => {
      const ids = upTo(7).map((index) => `a${index}`);
      for (const [index, id] of ids.entries()) {
        await store.append(index % 2 === 1 ? refusal(id, 'any') : toStream(id, 'account-a'));
      }
      for (const limit of [1, 2, 3, 7, 50]) {
        const seen: string[] = [];
        let cursor: string | null | undefined;
        do {
          const page = await store.readOutcomes(
            typeof cursor === 'string' ? { limit, cursor } : { limit },
          );
          assert(
            page.outcomes.length <= limit,
            `A page of outcomes with limit ${limit} has ${page.outcomes.length}`,
          );
          for (const outcome of page.outcomes) {
            assertEqual(outcome, await store.outcomeOf(outcome.id), `The outcome ${outcome.id}`);
            seen.push(outcome.id);
          }
          cursor = page.next;
        } while (cursor !== null && seen.length < 20);
        assertEqual(seen, ids, `The outcomes with limit ${limit}`);
      }
    },
  ),

  eventStoreRule(
    'O4',
    'pruned outcomes are forgotten, but for derived ids; events stay',
    REFUSALS,
    async (store) => {
      await store.append(toStream('old', 'account-a'));
      await store.append(refusal('refused', 'any'));
      const { recordedAt } = await store.append(toStream('$derived', 'account-a'));
      assertEqual(await store.pruneOutcomes(0), 0, 'What was forgotten before the beginning');
      assertEqual(await store.pruneOutcomes(recordedAt + 1), 2, 'What was forgotten');
      assertEqual(
        (await readOutcomes(store)).map(({ id }) => id),
        ['$derived'],
        'The outcomes that are left',
      );
      assertEqual(await store.outcomeOf('old'), undefined, 'The forgotten outcome');
      assertEqual(
        (await store.append(toStream('$derived', 'account-a'))).status,
        'repeated',
        'The derived id again',
      );
      const again = await store.append(toStream('old', 'account-a', newEvents('again', 1)));
      assertEqual([again.status, again.position], ['appended', 2], 'The forgotten id again');
    },
  ),

  eventStoreRule(
    'O4',
    'pruning forgets only what was recorded before the instant',
    [...REFUSALS, 'clock'],
    async (store, { setNow }) => {
      for (const now of [1_000, 2_000, 3_000]) {
        setNow(now);
        await store.append(refusal(`at-${now}`, 'any'));
      }
      assertEqual(await store.pruneOutcomes(2_000), 1, 'What was forgotten');
      assertEqual(
        (await readOutcomes(store)).map(({ id }) => id),
        ['at-2000', 'at-3000'],
        'The outcomes that are left',
      );
    },
  ),
];

function refusal(
  id: string,
  expected: AppendRequest['streams'][number]['expected'],
): AppendRequest {
  return {
    id,
    contentHash: 'h',
    outcome: {
      actor: 'ann',
      command: 'account/a/WithdrawMoney',
      input: { cents: 500 },
      refusal: { type: 'InsufficientFunds', data: { balanceCents: 1 } },
    },
    streams: [{ stream: 'account-a', expected, events: [] }],
  };
}
