/** Read-model stores with one small fault each, which the contract must find: how one is made. */
import {
  memoryReadModelStore,
  type FindPlan,
  type Json,
  type ReadModelCommit,
  type ReadModelStore,
  type RowSource,
  type StoredRow,
} from '@daybook/core';
import type { ReadModelStoreFixture } from '@daybook/core/testing';

import { testPlatform } from '../platform.ts';

type Faults = Partial<ReadModelStore>;

export interface ReadModelMutant {
  readonly fault: string;
  /** The beginnings of the rules that must fail, with their numbers. */
  readonly breaks: readonly string[];
  readonly fixture: () => ReadModelStoreFixture;
}

export function mutant(
  fault: string,
  breaks: readonly string[],
  faultsOf: (store: ReadModelStore, openings: ReadModelStore[]) => Faults,
): ReadModelMutant {
  return { fault, breaks, fixture: () => fixtureOf(faultsOf) };
}

/** The right store, all of whose calls go through an object that can be changed. */
export function rightReadModelStore(): ReadModelStoreFixture {
  return fixtureOf(() => ({}));
}

function fixtureOf(
  faultsOf: (store: ReadModelStore, openings: ReadModelStore[]) => Faults,
): ReadModelStoreFixture {
  const { setNow } = testPlatform();
  // The clock goes on by itself until a rule sets it.
  let now = Date.now;
  const open = memoryReadModelStore({ now: () => now() });
  const openings: ReadModelStore[] = [];
  return {
    open: async () => {
      const store = open();
      openings.push(store);
      return { ...delegateTo(store), ...faultsOf(store, openings) };
    },
    setNow: (ms: number) => {
      setNow(ms);
      now = () => ms;
    },
  };
}

function delegateTo(store: ReadModelStore): ReadModelStore {
  return {
    capabilities: store.capabilities,
    leases: store.leases,
    create: (layout) => store.create(layout),
    list: (readModel) => store.list(readModel),
    switchTo: (ref, lease) => store.switchTo(ref, lease),
    markLost: (ref) => store.markLost(ref),
    drop: (ref) => store.drop(ref),
    commit: (commits) => store.commit(commits),
    view: (ref, work) => store.view(ref, work),
    changedSince: (ref, log, position, limit) => store.changedSince(ref, log, position, limit),
    onCommitted: (listener) => store.onCommitted(listener),
    close: () => store.close(),
  };
}

/** A store whose commits are changed before they are done. */
export function committing(
  store: ReadModelStore,
  map: (commit: ReadModelCommit) => ReadModelCommit,
): Faults {
  return { commit: (commits) => store.commit(commits.map(map)) };
}

/** A store whose views show their rows through something. */
export function viewing(
  store: ReadModelStore,
  through: (rows: RowSource) => Partial<RowSource>,
): Faults {
  return {
    view: (ref, work) =>
      store.view(ref, (rows) =>
        work({
          get: (keys) => rows.get(keys),
          find: (plan) => rows.find(plan),
          count: (plan) => rows.count(plan),
          parked: (keys) => rows.parked(keys),
          ...through(rows),
        }),
      ),
  };
}

/** A store whose leases are changed. */
export function leasing(store: ReadModelStore, faults: Partial<ReadModelStore['leases']>): Faults {
  const { leases } = store;
  return {
    leases: {
      acquire: (name, owner, ttlMs) => leases.acquire(name, owner, ttlMs),
      renew: (held, ttlMs) => leases.renew(held, ttlMs),
      release: (lease) => leases.release(lease),
      list: () => leases.list(),
      ...faults,
    },
  };
}

/** How a faulty engine orders and compares. */
export interface Ordering {
  /** Orders values of index fields. */
  readonly values?: (left: unknown, right: unknown) => number;
  /** Orders row keys, before the direction is looked at. */
  readonly keys?: (left: string, right: string, direction: 'asc' | 'desc') => number;
  /** Whether a bound that is itself excluded or included is. */
  readonly swapsBounds?: boolean;
  readonly includesCursor?: boolean;
  readonly ignoresLimit?: boolean;
}

/** Finds rows by going through all of them, right but for what `ordering` does otherwise. */
export function slowly(store: ReadModelStore, ordering: Ordering): Faults {
  const find = async (rows: RowSource, plan: FindPlan): Promise<readonly StoredRow[]> => {
    const everything = {
      index: [],
      equals: [],
      range: undefined,
      direction: 'asc',
      limit: 1_000,
      after: undefined,
    } as const;
    return select(await rows.find(everything), plan, ordering);
  };
  return viewing(store, (rows) => ({
    find: (plan) => find(rows, plan),
    count: async (plan) => (await find(rows, { ...plan, after: undefined, limit: 1_000 })).length,
  }));
}

function select(
  rows: readonly StoredRow[],
  plan: FindPlan,
  ordering: Ordering,
): readonly StoredRow[] {
  const compare = ordering.values ?? rightly;
  const compareKeys = ordering.keys ?? rightly;
  const sign = plan.direction === 'asc' ? 1 : -1;
  const at = (row: StoredRow, index: number): unknown => valueOf(row.row, plan.index[index] ?? '');
  const order = (left: readonly unknown[], right: readonly unknown[]): number => {
    for (const [index, value] of left.entries()) {
      const difference = compare(value, right[index]);
      if (difference !== 0) return difference * sign;
    }
    return 0;
  };
  const rest = (row: StoredRow): readonly unknown[] =>
    plan.index.slice(plan.equals.length).map((_, index) => at(row, plan.equals.length + index));
  const swaps = ordering.swapsBounds === true;
  const { gt, gte, lt, lte } = plan.range ?? {};
  const least = swaps ? 1 : 0;
  const found = rows
    .filter((row) => plan.equals.every((value, index) => compare(at(row, index), value) === 0))
    .filter((row) => {
      const value = at(row, plan.equals.length);
      if (gt !== undefined && compare(value, gt) <= -least) return false;
      if (gte !== undefined && compare(value, gte) < least) return false;
      if (lt !== undefined && compare(value, lt) >= least) return false;
      return lte === undefined || compare(value, lte) <= -least;
    })
    .toSorted(
      (left, right) =>
        order(rest(left), rest(right)) || compareKeys(left.key, right.key, plan.direction) * sign,
    );
  const { after } = plan;
  const page =
    after === undefined
      ? found
      : found.filter((row) => {
          const difference =
            order(rest(row), after.values) ||
            compareKeys(row.key, after.key, plan.direction) * sign;
          return difference > 0 || (difference === 0 && ordering.includesCursor === true);
        });
  return ordering.ignoresLimit === true ? page : page.slice(0, plan.limit);
}

/** Null, false, true, numbers, strings by their bytes. */
export function rightly(left: unknown, right: unknown): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0) return rank;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return typeof left === 'string' && typeof right === 'string' ? bytewise(left, right) : 0;
}

function bytewise(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function rankOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  return typeof value === 'number' ? 3 : 4;
}

function valueOf(row: Json, field: string): unknown {
  const value: unknown =
    typeof row === 'object' && row !== null && Object.hasOwn(row, field)
      ? Reflect.get(row, field)
      : null;
  return typeof value === 'object' ? null : value;
}
