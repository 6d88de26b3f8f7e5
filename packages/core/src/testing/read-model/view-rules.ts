/** Rules about views: one state, and told as it is (T3). */
import type { FindPlan } from '../../projection/find-plan.ts';
import type { RowSource } from '../../projection/read-model-store.ts';
import { assert, assertEqual, assertRejects } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  filling,
  layoutOf,
  parkedAt,
  placeAt,
  readModelRule,
  rowOf,
  type ReadModelStoreFixture,
} from './fixture.ts';

const EXACT = ['exact', 'readAfterWrite'];
const byKey: FindPlan = {
  index: [],
  equals: [],
  range: undefined,
  direction: 'asc',
  limit: 100,
  after: undefined,
};
const byCents: FindPlan = { ...byKey, index: ['cents'], direction: 'desc' };

export const viewRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'T3',
    'a view is one state although commits go on while it lasts',
    EXACT,
    async (store, { open }) => {
      const other = await open();
      const { ref, commit } = await filling(store);
      await commit(3, [rowOf('a', 10, 1), rowOf('b', 20, 2), rowOf('c', 30, 3)], {
        parked: [parkedAt('p', 3)],
      });
      let changes = 0;
      const view = await other.view(ref, async (rows) => {
        const before = await lookAt(rows);
        // Work may be run again; the rows are changed once.
        if (changes === 0) {
          changes = 1;
          await commit(
            5,
            [rowOf('a', 99, 4), { key: 'b', row: undefined, asOf: 5 }, rowOf('aa', 15, 5)],
            { freed: ['p'] },
          );
          await commit(7, [rowOf('a', 100, 6), rowOf('b', 1, 7)], {
            parked: [parkedAt('q', 7), parkedAt('r', 7)],
          });
        }
        assertEqual(await lookAt(rows), before, 'What the view sees after two commits');
        return before;
      });
      assert(view.exact, 'The view does not call itself exact');
      const isFirst = view.checkpoints.get('main')?.position === 3;
      assertEqual(
        view.checkpoints.get('main'),
        placeAt(isFirst ? 3 : 7),
        'The checkpoint of the view',
      );
      assertEqual(view.parkedCount, isFirst ? 1 : 2, 'How many keys were parked');
      assertEqual(view.value.keys, isFirst ? ['a', 'b', 'c'] : ['a', 'aa', 'b', 'c'], 'The keys');
      assertEqual(
        view.value.cents,
        isFirst ? [30, 20, 10] : [100, 30, 15, 1],
        'The rows in order of their cents',
      );
      assertEqual(view.value.count, isFirst ? 2 : 3, 'How many rows have 15 cents or more');
      const now = await other.view(ref, lookAt);
      assertEqual(now.value.cents, [100, 30, 15, 1], 'The rows of the next view');
      assertEqual(now.checkpoints.get('main'), placeAt(7), 'The checkpoint of the next view');
    },
  ),

  readModelRule(
    'T3',
    'rows and checkpoint of a view belong together while a writer commits',
    EXACT,
    async (store, { open }) => {
      const readers = [store, await open(), await open()];
      const { ref, commit } = await filling(store);
      const write = (round: number): Promise<void> =>
        commit(round, [
          rowOf('a', 1_000 - round, round),
          rowOf('b', round, round),
          rowOf(`extra-${round % 5}`, 0, round),
        ]);
      await write(0);
      let isDone = false;
      const writing = (async () => {
        for (let round = 1; round <= 60; round += 1) await write(round);
      })().finally(() => {
        isDone = true;
      });
      // A reader that fails first leaves nobody waiting for the writer.
      writing.catch(() => undefined);
      await Promise.all(
        readers.map(async (reader) => {
          let last = 0;
          for (;;) {
            const isLast = isDone;
            const { value, checkpoints } = await reader.view(ref, async (rows) => {
              const found = await rows.find(byCents);
              const [a, b] = await rows.get(['a', 'b']);
              return { found, a, b };
            });
            const position = checkpoints.get('main')?.position ?? -1;
            const cents = [value.a, value.b].map((row) => Reflect.get(Object(row?.row), 'cents'));
            assertEqual(cents, [1_000 - position, position], `The rows at position ${position}`);
            assertEqual(
              [value.a?.asOf, value.b?.asOf],
              [{ main: position }, { main: position }],
              'asOf',
            );
            const sum = value.found.reduce(
              (total, { row }) => total + Number(Reflect.get(Object(row), 'cents')),
              0,
            );
            assertEqual(sum, 1_000, `The sum at position ${position}`);
            assert(position >= last, `A reader went back from ${last} to ${position}`);
            last = position;
            if (isLast) return;
          }
        }),
      );
      await writing;
    },
  ),

  readModelRule(
    'T3',
    'what a view’s work throws is thrown, and the store goes on',
    ['readAfterWrite'],
    async (store) => {
      const { ref, commit } = await filling(store);
      const work = (): Promise<unknown> =>
        store.view(ref, async (rows) => {
          await rows.get(['a']);
          throw new RangeError('from the work');
        });
      for (let round = 0; round < 20; round += 1) {
        const error = await work().catch((thrown: unknown) => thrown);
        assert(
          error instanceof RangeError && error.message === 'from the work',
          'The error is another one',
        );
      }
      await commit(0, [rowOf('a', 1, 0)]);
      assertEqual((await store.view(ref, lookAt)).value.keys, ['a'], 'The keys');
    },
  ),

  readModelRule('T3', 'many views at once all answer', ['readAfterWrite'], async (store) => {
    const first = await filling(store);
    const second = await filling(store, layoutOf('orders'), first.lease);
    await first.commit(0, [rowOf('a', 1, 0)]);
    await second.commit(0, [rowOf('b', 1, 0)]);
    const views = Array.from({ length: 40 }, (_, index) =>
      store.view((index % 2 === 0 ? first : second).ref, lookAt),
    );
    const keys = (await Promise.all(views)).map(({ value }) => value.keys.join());
    assertEqual(
      keys,
      views.map((_, index) => (index % 2 === 0 ? 'a' : 'b')),
      'The keys of each',
    );
  }),

  readModelRule(
    'T3',
    'a committed row is seen by the next view of every opening',
    ['readAfterWrite'],
    async (store, { open }) => {
      const other = await open();
      const { ref, commit } = await filling(store);
      for (let round = 0; round < 20; round += 1) {
        await commit(round, [rowOf('a', round, round)]);
        assertEqual((await other.view(ref, lookAt)).value.cents, [round], 'The row');
      }
      await assertRejects(
        'read-model-not-found',
        () => other.view({ ...ref, generation: 9 }, lookAt),
        'a view of nothing',
      );
    },
  ),
];

interface Looked {
  readonly keys: readonly string[];
  readonly cents: readonly unknown[];
  readonly count: number;
  readonly parked: readonly string[];
  readonly gotten: readonly (string | undefined)[];
}

async function lookAt(rows: RowSource): Promise<Looked> {
  const found = await rows.find(byKey);
  const ordered = await rows.find(byCents);
  const parked = await rows.parked();
  const gotten = await rows.get(['a', 'aa', 'b', 'c']);
  return {
    keys: found.map(({ key }) => key),
    cents: ordered.map(({ row }): unknown => Reflect.get(Object(row), 'cents')),
    count: await rows.count({ ...byCents, range: { gte: 15 } }),
    parked: parked.map(({ key }) => key),
    gotten: gotten.map((row) => JSON.stringify(row)),
  };
}
