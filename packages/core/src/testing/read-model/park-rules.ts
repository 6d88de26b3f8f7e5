/** Rules about parked keys, fences, listeners and closing (P3, P7). */
import { assert, assertEqual, assertRejects, signal, within } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  assertUntouched,
  ATOMIC,
  contentOf,
  filling,
  getRows,
  infoOf,
  layoutOf,
  MINUTE_MS,
  parkedAt,
  placeAt,
  readModelRule,
  rowOf,
  takeLease,
  type ReadModelStoreFixture,
} from './fixture.ts';

export const parkRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'P3',
    'keys are parked with the rows and freed again',
    ATOMIC,
    async (store, { open }) => {
      const other = await open();
      const { ref, commit } = await filling(store);
      await commit(3, [rowOf('a', 1, 1)], {
        parked: [parkedAt('c', 3), parkedAt('b', 2), parkedAt('constructor', 3)],
      });
      await commit(9, [], { parked: [parkedAt('b', 8)] });
      const view = await other.view(ref, async (rows) => [
        await rows.parked(),
        await rows.parked(['b', 'a', 'toString']),
      ]);
      const all = [parkedAt('b', 2), parkedAt('c', 3), parkedAt('constructor', 3)];
      assertEqual(view.value, [all, [parkedAt('b', 2)]], 'The parked keys');
      assertEqual(
        [view.parkedCount, (await infoOf(other, ref)).parkedCount],
        [3, 3],
        'How many are parked',
      );
      await commit(10, [rowOf('b', 7, 9)], { freed: ['b', 'nobody'] });
      const freed = await other.view(ref, (rows) => rows.parked());
      assertEqual(freed.value, all.slice(1), 'The parked keys that are left');
      assertEqual(
        await getRows(other, ref, ['b']),
        [{ owner: 'owner of b', cents: 7 }],
        'The row of the freed key',
      );
      await commit(11, [], { freed: ['c'], parked: [parkedAt('c', 11)] });
      const again = await other.view(ref, (rows) => rows.parked(['c']));
      assertEqual(again.value, [parkedAt('c', 11)], 'A key that was freed and failed again');
    },
  ),

  readModelRule(
    'P7',
    'a writer whose lease was taken over changes nothing',
    ATOMIC,
    async (store, { open }) => {
      const { ref, lease, commit, next } = await filling(store);
      await commit(1, [rowOf('a', 1, 1)]);
      await store.leases.release(lease);
      const taken = await takeLease(await open(), lease.name, 'somebody else');
      const stale = {
        ...next(2, [rowOf('a', 9, 2)]),
        from: placeAt(1),
        parked: [parkedAt('b', 2)],
      };
      await assertUntouched(
        store,
        'fenced',
        () => store.commit([stale]),
        'a commit under a lost lease',
      );
      for (const forged of [
        { ...taken, fence: taken.fence + 1 },
        { ...taken, name: 'no-such-lease' },
      ]) {
        await assertUntouched(
          store,
          'fenced',
          () => store.commit([{ ...stale, lease: forged }]),
          'a commit under no lease',
        );
      }
      const other = await filling(store, layoutOf('orders'), taken);
      const both = [other.next(2, [rowOf('a', 9, 2)]), stale];
      await assertUntouched(
        store,
        'fenced',
        () => store.commit(both),
        'two commits, one under a lost lease',
      );
      await store.commit([{ ...stale, lease: taken }]);
      assertEqual(
        await getRows(store, ref, ['a']),
        [{ owner: 'owner of a', cents: 9 }],
        'The row of the new holder',
      );
    },
  ),

  readModelRule(
    'P7',
    'a writer that froze until its lease ran out is fenced',
    [...ATOMIC, 'clock'],
    async (store, { open, setNow }) => {
      setNow(1_000);
      const { lease, next } = await filling(store);
      setNow(1_001 + MINUTE_MS);
      await takeLease(await open(), lease.name, 'somebody else');
      await assertUntouched(
        store,
        'fenced',
        () => store.commit([next(1, [rowOf('a', 1, 1)])]),
        'a commit after the freeze',
      );
    },
  ),

  readModelRule(
    'P1',
    'a listener is called after a commit and a switch, of another opening too',
    [],
    async (store, { open }) => {
      const other = await open();
      const { ref, lease, commit } = await filling(store);
      const works = [
        (): Promise<void> => commit(1, [rowOf('a', 1, 1)]),
        (): Promise<void> => store.switchTo(ref, lease),
      ];
      for (const work of works) {
        const woken = [store, other].map((opening) => {
          const called = signal<string | undefined>();
          return { ...called, end: opening.onCommitted(called.resolve) };
        });
        await work();
        for (const { promise, end } of woken) {
          const name = await within(promise, 'The call after a commit');
          assert(name === undefined || name === 'balances', `The call names "${name}"`);
          end();
          end();
        }
      }
    },
  ),

  readModelRule(
    'P1',
    'a closed store is closed, and its other openings are not',
    ['readAfterWrite'],
    async (store, { open }) => {
      const other = await open();
      const { ref, next } = await filling(store);
      await store.commit([next(1, [rowOf('a', 1, 1)])]);
      await store.close();
      await store.close();
      await assertRejects('closed', () => store.commit([next(1, [])]), 'A commit after close');
      await assertRejects(
        'closed',
        () => store.view(ref, (rows) => rows.get(['a'])),
        'A view after close',
      );
      await assertRejects('closed', () => store.list(), 'A list after close');
      assertEqual((await contentOf(other, ref)).rows.length, 1, 'The rows that the other sees');
    },
  ),
];
