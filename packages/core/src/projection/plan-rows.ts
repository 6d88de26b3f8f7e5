/** A plan over rows that are at hand, for whoever runs a query away from its store. */
import type { Json } from '../message/json.ts';
import type { FindPlan } from './find-plan.ts';
import { compareEntries, entryOf, sideOf, type IndexEntry } from './sorted-index.ts';

/** A row and its key. */
export interface KeyedRow {
  readonly key: string;
  readonly row: Json;
}

/**
 * Those of the rows that a plan means, in its order and after its cursor. Its limit does not count.
 *
 * @param until leaves out what comes after this row's place.
 */
export function rowsOfPlan(
  plan: FindPlan,
  rows: readonly KeyedRow[],
  until?: KeyedRow,
): readonly KeyedRow[] {
  const order = plan.direction === 'desc' ? -1 : 1;
  const entry = ({ key, row }: KeyedRow): IndexEntry => entryOf(plan.index, key, row);
  const first: IndexEntry | undefined =
    plan.after === undefined
      ? undefined
      : { values: [...plan.equals, ...plan.after.values], key: plan.after.key };
  const last = until === undefined ? undefined : entry(until);
  return rows
    .map((row) => ({ row, entry: entry(row) }))
    .filter(
      (found) =>
        sideOf(found.entry, plan) === 0 &&
        (first === undefined || compareEntries(found.entry, first) * order > 0) &&
        (last === undefined || compareEntries(found.entry, last) * order <= 0),
    )
    .toSorted((left, right) => compareEntries(left.entry, right.entry) * order)
    .map(({ row }) => row);
}
