/** Rows of a memory generation as one view sees them. */
import { compareText, type FindPlan } from './find-plan.ts';
import type { MemoryGeneration, RowEntry, Snapshot } from './memory-generation.ts';
import {
  PARKED_PAGE_MAX,
  type ParkedKey,
  type RowSource,
  type StoredRow,
} from './read-model-store.ts';
import {
  compareEntries,
  countWhile,
  entryOf,
  rangeOf,
  sideOf,
  type IndexEntry,
} from './sorted-index.ts';

export function memoryRows(generation: MemoryGeneration, snapshot: Snapshot): RowSource {
  const at = (key: string): RowEntry | undefined =>
    snapshot.changed.has(key) ? snapshot.changed.get(key) : generation.rows.get(key);
  return {
    async get(keys) {
      return keys.map((key) => storedRow(key, at(key)));
    },
    async find(plan) {
      return find(generation, snapshot, plan).flatMap(({ key }) => storedRow(key, at(key)) ?? []);
    },
    async count(plan) {
      return count(generation, snapshot, plan);
    },
    async parked(keys) {
      return parkedOf(snapshot, keys);
    },
  };
}

function storedRow(key: string, entry: RowEntry | undefined): StoredRow | undefined {
  return entry?.row === undefined ? undefined : { key, row: entry.row, asOf: entry.asOf };
}

/** Goes through the index in the plan's direction, without the rows that changed since, and through those beside it. */
function find(
  generation: MemoryGeneration,
  { changed }: Snapshot,
  plan: FindPlan,
): readonly IndexEntry[] {
  const entries = generation.indexOf(plan.index).entries();
  const range = rangeOf(entries, plan);
  const isDown = plan.direction === 'desc';
  const cursor = cursorEntry(plan);
  let next = isDown ? range.end - 1 : range.start;
  if (cursor !== undefined) {
    if (isDown)
      next = Math.min(next, countWhile(entries, (entry) => compareEntries(entry, cursor) < 0) - 1);
    else
      next = Math.max(
        next,
        countWhile(entries, (entry) => compareEntries(entry, cursor) <= 0),
      );
  }
  const order = isDown ? -1 : 1;
  const beside = changedEntries(changed, plan)
    .filter((entry) => cursor === undefined || compareEntries(entry, cursor) * order > 0)
    .toSorted((left, right) => compareEntries(left, right) * order);
  const found: IndexEntry[] = [];
  let nextBeside = 0;
  while (found.length < plan.limit) {
    const entry = next >= range.start && next < range.end ? entries[next] : undefined;
    if (entry !== undefined && changed.has(entry.key)) {
      next += order;
      continue;
    }
    const other = beside[nextBeside];
    if (entry === undefined && other === undefined) break;
    if (other === undefined || (entry !== undefined && compareEntries(entry, other) * order < 0)) {
      if (entry !== undefined) found.push(entry);
      next += order;
    } else {
      found.push(other);
      nextBeside += 1;
    }
  }
  return found;
}

function count(generation: MemoryGeneration, { changed }: Snapshot, plan: FindPlan): number {
  const { start, end } = rangeOf(generation.indexOf(plan.index).entries(), plan);
  let rows = end - start + changedEntries(changed, plan).length;
  for (const key of changed.keys()) {
    const now = generation.rows.get(key)?.row;
    if (now !== undefined && sideOf(entryOf(plan.index, key, now), plan) === 0) rows -= 1;
  }
  return rows;
}

/** Entries that the plan means, of rows that changed since the view began, as they were then. */
function changedEntries(changed: Snapshot['changed'], plan: FindPlan): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const [key, old] of changed) {
    if (old?.row === undefined) continue;
    const entry = entryOf(plan.index, key, old.row);
    if (sideOf(entry, plan) === 0) entries.push(entry);
  }
  return entries;
}

function cursorEntry({ after, equals }: FindPlan): IndexEntry | undefined {
  return after === undefined ? undefined : { values: [...equals, ...after.values], key: after.key };
}

function parkedOf({ parked }: Snapshot, keys: readonly string[] | undefined): readonly ParkedKey[] {
  const all = [...parked.values()].toSorted((left, right) => compareText(left.key, right.key));
  if (keys === undefined) return all.slice(0, PARKED_PAGE_MAX);
  const wanted = new Set(keys);
  return all.filter(({ key }) => wanted.has(key));
}
