/**
 * What a query read, as far as its answer shows it.
 *
 * A client that shows effects before the server does runs the query itself, over the rows that it read. It must not learn
 * more by that than by the answer: so rows are told by where they stand in the answer (the very object that the query was
 * given), and when a row was read that does not stand there, nothing is told at all, unless the server shares what is read.
 */
import type { FreshAnswer } from '@daybook/core';
import type { ReadsPart } from '@daybook/protocol';

type Reads = NonNullable<FreshAnswer['reads']>;
type RowPart = ReadsPart['rows'][number];

/** Undefined where the answer does not show what was read. */
export function shownReads(
  data: unknown,
  reads: Reads,
  sharesRows: boolean,
): ReadsPart | undefined {
  const pointers = new Map<unknown, string>();
  const present = [...reads.rows.values()].flatMap((stored) => stored?.row ?? []);
  findIn(data, new Set<unknown>(present), '', pointers);
  const rows: RowPart[] = [];
  const absent: string[] = [];
  for (const [key, stored] of reads.rows) {
    const at = stored === undefined ? undefined : pointers.get(stored.row);
    if (stored === undefined) absent.push(key);
    else if (at !== undefined) rows.push({ key, asOf: stored.asOf, at });
    else if (sharesRows) rows.push({ key, asOf: stored.asOf, row: stored.row });
    else return undefined;
  }
  // A count tells of rows that the answer does not show.
  if (reads.counts.length > 0 && !sharesRows) return undefined;
  return { rows, absent, finds: reads.finds, counts: reads.counts };
}

function findIn(
  value: unknown,
  wanted: ReadonlySet<unknown>,
  pointer: string,
  found: Map<unknown, string>,
): void {
  if (typeof value !== 'object' || value === null) return;
  if (wanted.has(value)) {
    if (!found.has(value)) found.set(value, pointer);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    findIn(member, wanted, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, found);
  }
}
