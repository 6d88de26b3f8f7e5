/** Rules about generations: a rebuild is a deployment (P4, L9). */
import { assert, assertEqual, assertRejects } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  assertUntouched,
  contentOf,
  filling,
  getRows,
  infoOf,
  layoutOf,
  placeAt,
  readModelRule,
  rowOf,
  takeLease,
  type ReadModelStoreFixture,
} from './fixture.ts';

const SEEN = ['readAfterWrite'];

export const generationRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'P4',
    'a new generation is building, empty and at no checkpoint',
    SEEN,
    async (store, { open }) => {
      const info = await store.create(layoutOf('balances', 3));
      const { createdAt, checkpoints, ...rest } = info;
      const wanted = {
        readModel: 'balances',
        version: 3,
        fingerprint: 'balances-v3',
        state: 'building',
        parkedCount: 0,
        generation: 1,
      };
      assertEqual(rest, wanted, 'The generation');
      assertEqual([...checkpoints], [], 'Its checkpoints');
      assert(Number.isSafeInteger(createdAt), 'createdAt is not whole milliseconds');
      assertEqual(await (await open()).list(), [info], 'The list of another opening');
      const content = await contentOf(store, info);
      assertEqual(
        content,
        { rows: [], parked: [], state: 'building', checkpoints: [], parkedCount: 0 },
        'Its content',
      );
    },
  ),

  readModelRule(
    'P4',
    'processes that create for one fingerprint at once build one generation',
    SEEN,
    async (store, { open }) => {
      const stores = [store, await open(), await open()];
      const layout = layoutOf('balances');
      const created = await Promise.all(
        [...stores, ...stores].map((opening) => opening.create(layout)),
      );
      assertEqual(
        created.map(({ generation }) => generation),
        created.map(() => 1),
        'The generations',
      );
      assertEqual((await store.list()).length, 1, 'How many generations there are');
      const next = await Promise.all(
        stores.map((opening) => opening.create(layoutOf('balances', 2))),
      );
      assertEqual(
        next.map(({ generation }) => generation),
        [2, 2, 2],
        'The generations of the next version',
      );
    },
  ),

  readModelRule(
    'P4',
    'the fingerprint of an active generation can be built again beside it',
    SEEN,
    async (store) => {
      const { ref, lease } = await filling(store);
      await store.switchTo(ref, lease);
      const again = await store.create(layoutOf('balances'));
      assertEqual([again.generation, again.state], [2, 'building'], 'The second generation');
    },
  ),

  readModelRule('P4', 'numbers are never used again', SEEN, async (store) => {
    for (const generation of [1, 2, 3]) {
      const { ref, commit } = await filling(store);
      assertEqual(ref.generation, generation, 'The number');
      await commit(0, [rowOf('a', generation, 0)]);
      await store.drop(ref);
      assertEqual(await store.list('balances'), [], 'The list after dropping');
    }
    const { ref } = await filling(store);
    assertEqual((await contentOf(store, ref)).rows, [], 'The rows of a new generation');
  }),

  readModelRule('P4', 'generations are listed in order of name and number', SEEN, async (store) => {
    for (const name of ['orders', 'balances', 'balancesByOwner']) {
      for (const version of [2, 1]) await store.create(layoutOf(name, version));
    }
    const list = async (name?: string): Promise<readonly string[]> =>
      (await store.list(name)).map(
        ({ readModel, generation, version }) => `${readModel}/${generation}/v${version}`,
      );
    const balances = ['balances/1/v2', 'balances/2/v1'];
    const all = [
      ...balances,
      'balancesByOwner/1/v2',
      'balancesByOwner/2/v1',
      'orders/1/v2',
      'orders/2/v1',
    ];
    assertEqual(await list(), all, 'All generations');
    assertEqual(await list('balances'), balances, 'Those of one read model');
    assertEqual(await list('constructor'), [], 'Those of none');
  }),

  readModelRule(
    'P4',
    'a switch makes one active and the other retired, at once for every reader',
    SEEN,
    async (store, { open }) => {
      const other = await open();
      const old = await filling(store);
      await old.commit(5, [rowOf('a', 1, 5)]);
      await store.switchTo(old.ref, old.lease);
      const next = await filling(store, layoutOf('balances', 2), old.lease);
      await next.commit(5, [rowOf('a', 2, 5)]);
      for (const [to, from] of [
        [next, old],
        [old, next],
        [next, old],
      ] as const) {
        await store.switchTo(to.ref, old.lease);
        assertEqual(
          (await infoOf(other, to.ref)).state,
          'active',
          'The state of the one switched to',
        );
        assertEqual((await infoOf(other, from.ref)).state, 'retired', 'The state of the other');
        assertEqual(
          (await contentOf(other, to.ref))['state'],
          'active',
          'The state that a view shows',
        );
      }
      await store.switchTo(next.ref, old.lease);
      assertEqual(
        (await infoOf(store, next.ref)).state,
        'active',
        'The state after switching to the active one',
      );
      assertEqual(
        await getRows(other, old.ref, ['a']),
        [{ owner: 'owner of a', cents: 1 }],
        'The rows of the retired one',
      );
    },
  ),

  readModelRule('P4', 'a switch that would take readers back is refused', SEEN, async (store) => {
    const old = await filling(store);
    await old.commit(5, [rowOf('a', 1, 5)]);
    await old.commit(2, [], { log: 'other' });
    await store.switchTo(old.ref, old.lease);
    const next = await filling(store, layoutOf('balances', 2), old.lease);
    const work = (): Promise<void> => store.switchTo(next.ref, old.lease);
    await assertUntouched(store, 'checkpoint-moved', work, 'a switch to an empty generation');
    await next.commit(4, []);
    await next.commit(9, [], { log: 'other' });
    await assertUntouched(
      store,
      'checkpoint-moved',
      work,
      'a switch to one that is behind in one log',
    );
    await next.commit(5, []);
    await work();
    assertEqual((await infoOf(store, next.ref)).state, 'active', 'The state once it has caught up');
  }),

  readModelRule(
    'P4',
    'a switch under a lease that was taken over is refused',
    [...SEEN, 'clock'],
    async (store, { open, setNow }) => {
      setNow(1_000);
      const { ref, lease } = await filling(store);
      setNow(10 * 60_000);
      await takeLease(await open(), lease.name, 'somebody else');
      await assertUntouched(store, 'fenced', () => store.switchTo(ref, lease), 'a fenced switch');
    },
  ),

  readModelRule(
    'P4',
    'what does not exist is refused, but for dropping it',
    SEEN,
    async (store) => {
      const { ref, lease, next } = await filling(store);
      for (const absent of [
        { ...ref, generation: 7 },
        { ...ref, readModel: 'constructor' },
      ]) {
        const code = 'read-model-not-found';
        await assertUntouched(
          store,
          code,
          () => store.switchTo(absent, lease),
          'a switch to nothing',
        );
        await assertRejects(
          code,
          () => store.view(absent, (rows) => rows.get(['a'])),
          'a view of nothing',
        );
        await assertUntouched(
          store,
          code,
          () => store.commit([{ ...next(0, []), ...absent }]),
          'a commit to nothing',
        );
        await store.drop(absent);
      }
      await store.drop(ref);
      await store.drop(ref);
      await assertRejects(
        'read-model-not-found',
        () => store.view(ref, (rows) => rows.get(['a'])),
        'a view of a dropped one',
      );
    },
  ),

  readModelRule('P4', 'an active generation is not dropped', SEEN, async (store) => {
    const { ref, lease, commit } = await filling(store);
    await commit(0, [rowOf('a', 1, 0)]);
    await store.switchTo(ref, lease);
    // Refusing and doing nothing are the same to its readers.
    await store.drop(ref).catch(() => undefined);
    assertEqual((await infoOf(store, ref)).state, 'active', 'The state');
    assertEqual((await contentOf(store, ref)).rows.length, 1, 'The rows');
  }),

  readModelRule(
    'L9',
    'a lost generation says so, and another takes over from any place',
    SEEN,
    async (store, { open }) => {
      const lost = await filling(store);
      await lost.commit(9, [rowOf('a', 1, 9)]);
      await store.switchTo(lost.ref, lost.lease);
      await store.markLost(lost.ref);
      await store.markLost(lost.ref);
      const other = await open();
      assertEqual((await infoOf(other, lost.ref)).state, 'lost', 'The state');
      const view = await other.view(lost.ref, async () => null);
      assertEqual(view.state, 'lost', 'The state that a view shows');
      const next = await filling(store, layoutOf('balances'), lost.lease);
      assertEqual(next.ref.generation, 2, 'The number of the next one');
      await next.commit(3, []);
      await store.switchTo(next.ref, lost.lease);
      const states = (await other.list()).map(({ state }) => state);
      assertEqual(states, ['lost', 'active'], 'The states');
      assertEqual(
        [...(await infoOf(other, next.ref)).checkpoints],
        [['main', placeAt(3)]],
        'The checkpoint',
      );
    },
  ),
];
