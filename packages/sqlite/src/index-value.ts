/**
 * Values of indexed fields as SQLite compares them.
 *
 * The order is null (and missing, and what is no plain value) < false < true < numbers < strings by their UTF-8 bytes.
 * SQLite orders numbers before text, and text by its bytes, by itself. It has no booleans, and its NULL fails every
 * comparison; so these three are numbers below all others. Stored numbers lie within the safe integers (RULES N3), so
 * nothing that is stored can be mistaken for them; a number that is only asked for is first brought to the edge.
 */
import type { IndexValue, Json } from '@daybook/core';

/** The value that a column holds for an index value. */
export function columnValue(value: IndexValue): string | number {
  if (typeof value === 'string') return value;
  if (value === null) return NULL;
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  return Math.min(Math.max(value, -EDGE), EDGE);
}

/** The value that a column holds for a field of a row. */
export function fieldValue(row: Json, field: string): string | number {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, field)) return NULL;
  const value: unknown = Reflect.get(row, field);
  return isIndexValue(value) ? columnValue(value) : NULL;
}

function isIndexValue(value: unknown): value is IndexValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

const NULL = -4e300;
const FALSE = -2e300;
const TRUE = -1e300;
/** Beyond every number that can be stored, by one. */
const EDGE = 2 ** 53;
