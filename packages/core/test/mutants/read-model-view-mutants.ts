/** Faults about views and about finding rows. */
import type { ReadModelStore, RowSource } from '@daybook/core';

import { mutant, rightly, slowly, viewing, type ReadModelMutant } from './read-model-mutant.ts';

export const viewMutants: readonly ReadModelMutant[] = [
  mutant('a view sees commits that come after it', ['T3: a view is one'], (store) => ({
    view: (ref, work) => {
      const value = async <Value>(ask: (rows: RowSource) => Promise<Value>): Promise<Value> =>
        (await store.view(ref, ask)).value;
      return store.view(ref, () =>
        work({
          get: (keys) => value((rows) => rows.get(keys)),
          find: (plan) => value((rows) => rows.find(plan)),
          count: (plan) => value((rows) => rows.count(plan)),
          parked: (keys) => value((rows) => rows.parked(keys)),
        }),
      );
    },
  })),
  mutant(
    'a view tells the checkpoint that it ended at',
    ['T3: a view is one', 'T3: rows and checkpoint'],
    (store) => ({
      view: async (ref, work) => {
        const view = await store.view(ref, async (rows) => {
          const value = await work(rows);
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
          return value;
        });
        const { checkpoints } = await store.view(ref, async () => null);
        return { ...view, checkpoints };
      },
    }),
  ),
  mutant('parked keys are not of the view’s state', ['T3: a view is one'], (store) => ({
    view: async (ref, work) => {
      const view = await store.view(ref, work);
      return { ...view, parkedCount: (await store.view(ref, async () => null)).parkedCount };
    },
  })),
  mutant('the error of a view is lost', ['T3: what a view'], (store) => ({
    view: async (ref, work) =>
      store
        .view(ref, work)
        .catch((cause: unknown) => Promise.reject(new Error('The view failed', { cause }))),
  })),
  mutant('one view at a time is answered', ['T3: many views'], (store) => {
    let running = 0;
    return {
      view: async (ref, work) => {
        running += 1;
        try {
          if (running > 30) throw new Error('Too many views');
          return await store.view(ref, work);
        } finally {
          running -= 1;
        }
      },
    };
  }),
  mutant(
    'another opening sees the commit before the last',
    ['T3: a committed row', 'P1: a commit writes'],
    (store, openings) => {
      const isFirst = openings.length === 1;
      return isFirst ? {} : stale(store);
    },
  ),

  mutant('strings are ordered by their UTF-16 units', ['S6: values of an index'], (store) =>
    slowly(store, {
      values: (left, right) =>
        typeof left === 'string' && typeof right === 'string'
          ? unitwise(left, right)
          : rightly(left, right),
    }),
  ),
  mutant(
    'keys are ordered by their UTF-16 units',
    ['S6: rows of one value', 'N2: hostile texts'],
    (store) => slowly(store, { keys: unitwise }),
  ),
  mutant(
    'strings are ordered without case',
    ['S6: values of an index', 'S6: equality finds'],
    (store) => slowly(store, { values: (left, right) => rightly(folded(left), folded(right)) }),
  ),
  mutant('true is 1', ['S6: equality finds', 'S6: values of an index'], (store) =>
    slowly(store, { values: (left, right) => rightly(counted(left), counted(right)) }),
  ),
  mutant('a number is its text', ['S6: equality finds', 'S6: an index of two'], (store) =>
    slowly(store, { values: (left, right) => rightly(written(left), written(right)) }),
  ),
  mutant('null is the last', ['S6: values of an index', 'S6: bounds are'], (store) =>
    slowly(store, {
      values: (left, right) =>
        Number(left === null) - Number(right === null) || rightly(left, right),
    }),
  ),
  mutant(
    'keys ascend, whatever the direction',
    ['S6: rows of one value', 'S6: an index of two'],
    (store) =>
      slowly(store, {
        keys: (left, right, direction) => rightly(left, right) * (direction === 'asc' ? 1 : -1),
      }),
  ),
  mutant('an excluded bound is included', ['S6: bounds are'], (store) =>
    slowly(store, { swapsBounds: true }),
  ),
  mutant('a page begins with the row that the last one ended with', ['G9: pages meet'], (store) =>
    slowly(store, { includesCursor: true }),
  ),
  mutant('a page is as long as it likes', ['G9: pages meet', 'G9: a page goes on'], (store) =>
    slowly(store, { ignoresLimit: true }),
  ),
  mutant('a count ends at the limit', ['S6: bounds are', 'G9: pages meet'], (store) =>
    viewing(store, (rows) => ({
      count: async (plan) => (await rows.find({ ...plan, after: undefined })).length,
    })),
  ),
  mutant('a count goes on from the cursor', ['G9: pages meet'], (store) =>
    viewing(store, (rows) => ({
      count: async (plan) => (await rows.find({ ...plan, limit: 1_000 })).length,
    })),
  ),
  mutant('a cursor is the number of a row', ['G9: a page goes on'], (store) => {
    const pages = new Map<string, number>();
    return viewing(store, (rows) => ({
      find: async (plan) => {
        const all = await rows.find({ ...plan, after: undefined, limit: 1_000 });
        const start = plan.after === undefined ? 0 : (pages.get(plan.after.key) ?? 0);
        const page = all.slice(start, start + plan.limit);
        for (const [index, { key }] of page.entries()) pages.set(key, start + index + 1);
        return page;
      },
    }));
  }),
  mutant('a row stands where its first value did', ['S6: a changed row'], (store) => {
    const first = new Map<string, number>();
    return viewing(store, (rows) => ({
      find: async (plan) => {
        const page = await rows.find(plan);
        for (const { key } of page) if (!first.has(key)) first.set(key, first.size);
        return page.toSorted(
          (left, right) => (first.get(left.key) ?? 0) - (first.get(right.key) ?? 0),
        );
      },
    }));
  }),
];

/** Views that show no row. */
function stale(store: ReadModelStore): Partial<ReadModelStore> {
  return viewing(store, () => ({ find: async () => [] }));
}

function unitwise(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function folded(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function counted(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value;
}

function written(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : value;
}
