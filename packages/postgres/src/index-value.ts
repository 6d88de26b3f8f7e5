/**
 * Values of indexed fields as texts that PostgreSQL compares by their bytes.
 *
 * The order is null (and missing, and what is no plain value) < false < true < numbers < strings by their UTF-8 bytes: the
 * first character says which kind it is. A number is its 64 bits in hexadecimal digits, turned so that they ascend with it.
 *
 * An entry of a B-tree has room for 2,704 bytes, and a row's key takes up to 1,024 of them. So a text is cut at
 * {@link valueBytesMax}; rows whose texts are alike up to there are told apart by equality, which looks at the whole, and
 * stand in order of their keys.
 */
import type { IndexValue, Json } from '@daybook/core';

/** Most bytes that a column holds of a value, where an index has so many of them. */
export function valueBytesMax(columns: number): number {
  return Math.floor(ENTRY_BYTES / Math.max(columns, 1));
}

/** The text that a column holds for an index value, whole. */
export function columnText(value: IndexValue): string {
  if (value === null) return NULL;
  if (typeof value === 'boolean') return value ? TRUE : FALSE;
  return typeof value === 'string' ? `4${value}` : `3${sortableDigits(value)}`;
}

/** The value of a row's field as an index sees it. */
export function fieldValue(row: Json, field: string): IndexValue {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, field)) return null;
  const value: unknown = Reflect.get(row, field);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}

/** The beginning of a text that fits into so many bytes, ending with a whole character. */
export function cut(text: string, bytesMax: number): string {
  // No character takes more than three bytes for each of its code units.
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

function sortableDigits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  // Minus zero is zero.
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  const turned = bits >= SIGN ? ~bits & ALL : bits | SIGN;
  return turned.toString(16).padStart(16, '0');
}

const NULL = '0';
const FALSE = '1';
const TRUE = '2';
const SIGN = 1n << 63n;
const ALL = (1n << 64n) - 1n;
const ENTRY_BYTES = 1_600;
