/** Rules about commits: rows, checkpoint and parked keys together, once (P1, P3, P7, T3). */
import type { LogPlace } from '../../store/log-place.ts';
import { assert, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { HOSTILE_IDS, HOSTILE_JSON } from '../hostile.ts';
import {
  assertUntouched,
  ATOMIC,
  contentOf,
  filling,
  getRows,
  infoOf,
  layoutOf,
  parkedAt,
  placeAt,
  readModelRule,
  rowOf,
  type ReadModelStoreFixture,
} from './fixture.ts';

export const commitRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'P1',
    'a commit writes rows and checkpoint, seen by every opening',
    ['readAfterWrite'],
    async (store, { open }) => {
      const { ref, commit } = await filling(store);
      await commit(2, [rowOf('b', 20, 1), rowOf('a', 10, 2)]);
      await commit(4, [rowOf('c', 30, 3), rowOf('a', 11, 4)]);
      const wanted = {
        rows: [
          { key: 'a', row: { owner: 'owner of a', cents: 11 }, asOf: { main: 4 } },
          { key: 'b', row: { owner: 'owner of b', cents: 20 }, asOf: { main: 1 } },
          { key: 'c', row: { owner: 'owner of c', cents: 30 }, asOf: { main: 3 } },
        ],
        parked: [],
        state: 'building',
        checkpoints: [['main', placeAt(4)]],
        parkedCount: 0,
      };
      for (const opening of [store, await open()]) {
        assertEqual(await contentOf(opening, ref), wanted, 'The content');
        assertEqual(
          [...(await infoOf(opening, ref)).checkpoints],
          [['main', placeAt(4)]],
          'The checkpoint in the list',
        );
      }
      const { value } = await store.view(ref, (rows) =>
        rows.get(['c', 'nobody', 'a', 'c', 'constructor']),
      );
      assertEqual(
        value.map((row) => row?.key ?? null),
        ['c', null, 'a', 'c', null],
        'The rows in the order of the keys',
      );
    },
  ),

  readModelRule(
    'P1',
    'a commit without rows moves the checkpoint',
    ['readAfterWrite'],
    async (store) => {
      const { ref, commit } = await filling(store);
      await commit(7, []);
      assertEqual(
        (await contentOf(store, ref))['checkpoints'],
        [['main', placeAt(7)]],
        'The checkpoint',
      );
    },
  ),

  readModelRule(
    'P1',
    'a commit from another place than the checkpoint changes nothing',
    ATOMIC,
    async (store) => {
      const { ref, next, commit } = await filling(store);
      const first = next(2, [rowOf('a', 1, 2)]);
      await assertUntouched(
        store,
        'checkpoint-moved',
        () => store.commit([{ ...first, from: placeAt(0) }]),
        'a commit from a place where none was',
      );
      await commit(2, [rowOf('a', 1, 2)]);
      for (const from of [
        null,
        placeAt(1),
        placeAt(3),
        { position: 2, mark: 'ffffffffffffffff' },
      ]) {
        const commits = [{ ...next(5, [rowOf('a', 9, 5)]), from, parked: [parkedAt('b', 5)] }];
        await assertUntouched(
          store,
          'checkpoint-moved',
          () => store.commit(commits),
          `a commit from ${from?.position}`,
        );
      }
      await assertUntouched(
        store,
        'checkpoint-moved',
        () => store.commit([first]),
        'a commit that was done before',
      );
      await commit(5, []);
      assertEqual((await contentOf(store, ref)).rows.length, 1, 'The rows');
    },
  ),

  readModelRule(
    'P1',
    'of two that commit from one checkpoint at once one succeeds',
    ATOMIC,
    async (store, { open }) => {
      const other = await open();
      const { ref, next } = await filling(store);
      let from: LogPlace | null = null;
      for (let round = 0; round < 10; round += 1) {
        const commits = [10, 20].map((cents) => ({
          ...next(round, [rowOf('a', cents, round)]),
          from,
        }));
        const [left, right] = await Promise.allSettled([
          store.commit(commits.slice(0, 1)),
          other.commit(commits.slice(1)),
        ]);
        const won = [left, right].map((result) => result?.status === 'fulfilled');
        assert(won[0] !== won[1], `In round ${round} ${won[0] ? 'both' : 'none'} succeeded`);
        const cents = won[0] ? 10 : 20;
        assertEqual(await getRows(store, ref, ['a']), [{ owner: 'owner of a', cents }], 'The row');
        from = placeAt(round);
      }
    },
  ),

  readModelRule(
    'P1',
    'rows come back as they went in, whatever their keys',
    ['readAfterWrite'],
    async (store, { open }) => {
      const { ref, commit } = await filling(store);
      const keys = [...HOSTILE_IDS, 'k'.repeat(1_024), '😀'.repeat(256)];
      const rows = keys.map((key, index) => ({
        key,
        row: { owner: key, value: HOSTILE_JSON[index % HOSTILE_JSON.length] ?? null },
        asOf: index,
      }));
      await commit(keys.length, rows);
      const other = await open();
      assertEqual(
        await getRows(other, ref, keys),
        rows.map(({ row }) => row),
        'The rows',
      );
      const content = await contentOf(other, ref);
      assertEqual(content.rows.length, keys.length, 'How many rows there are');
      await commit(
        keys.length + 1,
        keys.map((key, index) => ({ key, row: { owner: String(index) }, asOf: keys.length + 1 })),
      );
      assertEqual(
        await getRows(other, ref, keys),
        keys.map((_, index) => ({ owner: String(index) })),
        'The rows, written again',
      );
      const whole = [null, 7, 'text', [1, [2]], true];
      await commit(
        keys.length + 2,
        whole.map((row, index) => ({ key: `whole-${index}`, row, asOf: keys.length + 2 })),
      );
      assertEqual(
        await getRows(
          other,
          ref,
          whole.map((_, index) => `whole-${index}`),
        ),
        whole,
        'Rows that are no objects',
      );
    },
  ),

  readModelRule('P1', 'a removed row is gone', ['readAfterWrite'], async (store) => {
    const { ref, commit } = await filling(store);
    await commit(1, [rowOf('a', 1, 0), rowOf('b', 2, 1)]);
    await commit(3, [
      { key: 'a', row: undefined, asOf: 2 },
      { key: 'never', row: undefined, asOf: 3 },
    ]);
    assertEqual(
      await getRows(store, ref, ['a', 'b', 'never']),
      [undefined, { owner: 'owner of b', cents: 2 }, undefined],
      'The rows',
    );
    assertEqual(
      (await contentOf(store, ref)).rows.map(({ key }) => key),
      ['b'],
      'The rows that are found',
    );
    await commit(4, [rowOf('a', 5, 4)]);
    const { value } = await store.view(ref, (rows) => rows.get(['a']));
    assertEqual(
      value,
      [{ key: 'a', row: { owner: 'owner of a', cents: 5 }, asOf: { main: 4 } }],
      'The row that came again',
    );
  }),

  readModelRule('P1', 'nobody changes a stored row', ['readAfterWrite'], async (store) => {
    const { ref, commit } = await filling(store);
    const row = { owner: 'ann', list: [1] };
    const committing = commit(0, [{ key: 'a', row, asOf: 0 }]);
    await committing;
    row.owner = 'changed';
    row.list.push(2);
    for (let round = 0; round < 2; round += 1) {
      const [stored] = await getRows(store, ref, ['a']);
      assertEqual(stored, { owner: 'ann', list: [1] }, 'The row');
      try {
        Reflect.set(Object(stored), 'owner', 'changed');
        Object(Reflect.get(Object(stored), 'list')).push(3);
      } catch {
        // Refusing is as good as keeping a copy.
      }
    }
  }),

  readModelRule(
    'P1',
    'changedSince gives the keys that a later event touched',
    ['readAfterWrite'],
    async (store) => {
      const { ref, commit } = await filling(store);
      await commit(3, [rowOf('a', 1, 1), rowOf('b', 1, 2), rowOf('c', 1, 3)]);
      await commit(6, [rowOf('a', 2, 5), { key: 'b', row: undefined, asOf: 6 }]);
      const since = async (position: number, log = 'main'): Promise<readonly string[]> =>
        (await store.changedSince(ref, log, position, 100)).toSorted();
      assertEqual(await since(-1), ['a', 'b', 'c'], 'Everything');
      assertEqual(await since(2), ['a', 'b', 'c'], 'After 2');
      assertEqual(await since(3), ['a', 'b'], 'After 3');
      assertEqual(await since(5), ['b'], 'After 5, a removed row');
      assertEqual(await since(6), [], 'After 6');
      assertEqual(await since(-1, 'other'), [], 'Of another log');
      assertEqual((await store.changedSince(ref, 'main', -1, 2)).length, 2, 'At most two');
    },
  ),

  readModelRule(
    'P2',
    'several read models are committed together, or none',
    ATOMIC,
    async (store) => {
      const first = await filling(store);
      const second = await filling(store, layoutOf('orders'), first.lease);
      await store.commit([first.next(1, [rowOf('a', 1, 1)]), second.next(1, [rowOf('a', 2, 1)])]);
      assertEqual(
        await getRows(store, first.ref, ['a']),
        [{ owner: 'owner of a', cents: 1 }],
        'The row of the first',
      );
      assertEqual(
        await getRows(store, second.ref, ['a']),
        [{ owner: 'owner of a', cents: 2 }],
        'The row of the second',
      );
      const good = {
        ...first.next(3, [rowOf('a', 9, 3)]),
        from: placeAt(1),
        parked: [parkedAt('p', 3)],
      };
      const late = { ...second.next(3, [rowOf('a', 9, 3)]), from: placeAt(0) };
      for (const commits of [
        [good, late],
        [late, good],
      ]) {
        await assertUntouched(
          store,
          'checkpoint-moved',
          () => store.commit(commits),
          'two commits, one from elsewhere',
        );
      }
      const absent = { ...late, generation: 77 };
      await assertUntouched(
        store,
        'read-model-not-found',
        () => store.commit([good, absent]),
        'two commits, one to nothing',
      );
    },
  ),

  readModelRule(
    'P1',
    'each log has a checkpoint, and a row knows its place in each',
    ATOMIC,
    async (store) => {
      const { ref, next, commit } = await filling(store);
      await store.commit([
        next(4, [rowOf('a', 1, 4)]),
        next(2, [rowOf('b', 1, 2)], { log: '__proto__' }),
      ]);
      await commit(7, [rowOf('a', 2, 7)], { log: '__proto__', from: placeAt(2) });
      await commit(6, [rowOf('b', 3, 6)], { from: placeAt(4) });
      const { value, checkpoints } = await store.view(ref, (rows) => rows.get(['a', 'b']));
      const asOf = value.map((row) =>
        Object.entries(row?.asOf ?? {})
          .map(([log, at]) => `${log} ${at}`)
          .toSorted(),
      );
      assertEqual(
        asOf,
        [
          ['__proto__ 7', 'main 4'],
          ['__proto__ 2', 'main 6'],
        ],
        'asOf',
      );
      assertEqual(
        [checkpoints.get('main'), checkpoints.get('__proto__')],
        [placeAt(6), placeAt(7)],
        'The checkpoints',
      );
      assertEqual(
        (await store.changedSince(ref, 'main', 4, 9)).toSorted(),
        ['b'],
        'Changed in the one log',
      );
      assertEqual(
        (await store.changedSince(ref, '__proto__', 2, 9)).toSorted(),
        ['a'],
        'Changed in the other',
      );
    },
  ),
];
