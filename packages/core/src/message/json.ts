/**
 * JSON as it may be stored and sent (rule N3): the same on every store, checked before anything is written.
 *
 * Strings are well-formed Unicode without U+0000 (PostgreSQL cannot keep it), numbers are finite and, when whole, safe integers;
 * no key is `__proto__`; nothing but plain objects, arrays, strings, numbers, booleans and null.
 */
import { InvalidMessageError, LimitExceededError, type Issue } from '../errors.ts';
import { jsonPointerSegment } from './schema.ts';

/** A JSON value. Type aliases are assignable to it, an `interface` is not: it has no index signature. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** How deep and how large a value may be. */
export interface JsonBounds {
  /** Levels of nesting; a bare string has depth 0. */
  readonly depthMax: number;
  /** Bytes of the value as compact JSON in UTF-8. */
  readonly jsonBytesMax: number;
}

/** The bounds when none are given: depth 64 and 1 MiB. */
const defaultJsonBounds: JsonBounds = { depthMax: 64, jsonBytesMax: 1_048_576 };

/**
 * Returns when `value` is JSON within `bounds`; a property that is `undefined` is allowed and counts as absent.
 *
 * @throws {@link InvalidMessageError} with a JSON pointer for each thing that is not JSON.
 * @throws {@link LimitExceededError} when the value takes more than `jsonBytesMax` bytes.
 */
export function checkJson(
  value: unknown,
  bounds: JsonBounds = defaultJsonBounds,
  what = 'The value',
): asserts value is Json {
  // The first walk only says yes or no and counts; paths are worked out for a value that failed.
  const bytesAtMost = measure(value, bounds.depthMax);
  if (bytesAtMost < 0) {
    const issues: Issue[] = [];
    collectIssues(value, '', bounds.depthMax, issues);
    throw new InvalidMessageError(`${what} is not JSON that can be stored`, issues);
  }
  if (bytesAtMost <= bounds.jsonBytesMax) return;
  const bytes = utf8Length(JSON.stringify(value));
  if (bytes > bounds.jsonBytesMax) {
    throw new LimitExceededError('jsonBytesMax', bounds.jsonBytesMax, bytes);
  }
}

/** True when {@link checkJson} would return, the bound on bytes aside. */
export function isJson(
  value: unknown,
  depthMax: number = defaultJsonBounds.depthMax,
): value is Json {
  return measure(value, depthMax) >= 0;
}

/**
 * The value as JSON with its keys sorted by UTF-16 code units and undefined properties left out: equal content gives equal
 * text. Content hashes are taken over it.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value).toSorted()) {
    const member: unknown = (value as Members)[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** True when both are the same JSON; undefined properties count as absent, the order of keys does not matter. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return false;
  }
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => isSameJson(item, right[index]))
    );
  }
  return !Array.isArray(right) && hasSameMembers(left as Members, right as Members);
}

/** Bytes of `text` in UTF-8; a lone surrogate counts 3, as the replacement character that it would become. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair of two units takes 4 bytes: the second adds nothing.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text, index + 1)) index += 1;
  }
  return bytes;
}

function isLowSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Most bytes that the value can take, or -1 when it is not JSON within `depthLeft`. */
function measure(value: unknown, depthLeft: number): number {
  if (typeof value === 'string') return isStorableText(value) ? stringBytesMost(value) : -1;
  if (typeof value === 'number') return isStorableNumber(value) ? NUMBER_BYTES_MAX : -1;
  if (typeof value === 'boolean' || value === null) return 5;
  if (typeof value !== 'object' || depthLeft === 0) return -1;
  let bytes = 2;
  if (Array.isArray(value)) {
    // By index: a hole is undefined and so refused.
    for (let index = 0; index < value.length; index += 1) {
      const item = measure(value[index], depthLeft - 1);
      if (item < 0) return -1;
      bytes += item + 1;
    }
    return bytes;
  }
  if (!isPlainObject(value)) return -1;
  for (const key of Object.keys(value)) {
    const member: unknown = value[key];
    if (member === undefined) continue;
    const item = key === '__proto__' || !isStorableText(key) ? -1 : measure(member, depthLeft - 1);
    if (item < 0) return -1;
    bytes += item + stringBytesMost(key) + 2;
  }
  return bytes;
}

function collectIssues(value: unknown, path: string, depthLeft: number, issues: Issue[]): void {
  if (issues.length >= ISSUES_MAX) return;
  const problem = problemOf(value, depthLeft);
  if (problem !== undefined) {
    issues.push({ path, message: problem });
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      collectIssues(value[index], `${path}/${index}`, depthLeft - 1, issues);
    }
  } else if (typeof value === 'object' && value !== null && isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const member = value[key];
      if (member === undefined) continue;
      const at = path + jsonPointerSegment(key.toWellFormed());
      const badKey = key === '__proto__' ? 'the key __proto__ is not allowed' : textProblem(key);
      if (badKey !== undefined) issues.push({ path: at, message: badKey });
      else collectIssues(member, at, depthLeft - 1, issues);
    }
  }
}

function problemOf(value: unknown, depthLeft: number): string | undefined {
  if (typeof value === 'string') return textProblem(value);
  if (typeof value === 'number') return numberProblem(value);
  if (typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return `${typeof value} is not JSON`;
  if (depthLeft === 0) return 'is nested too deeply';
  if (Array.isArray(value) || isPlainObject(value)) return undefined;
  return `an instance of ${Object.prototype.toString.call(value).slice(8, -1)} or of a class is not JSON`;
}

function textProblem(text: string): string | undefined {
  if (!text.isWellFormed()) return 'has a lone surrogate';
  return text.includes('\0') ? 'has the character U+0000' : undefined;
}

function numberProblem(value: number): string | undefined {
  if (!Number.isFinite(value)) return `${value} is not a finite number`;
  return isStorableNumber(value) ? undefined : `${value} is beyond the safe integers`;
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Every number from 2^53 on is whole, so one comparison keeps the integers safe. */
function isStorableNumber(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // An object of another realm: its prototype is that realm's root, which has none.
  return Object.getPrototypeOf(prototype) === null;
}

/** Each member is compared once: comparing both ways would double the work with every level. */
function hasSameMembers(left: Members, right: Members): boolean {
  let count = 0;
  for (const key of Object.keys(left)) {
    const member = left[key];
    if (member === undefined) continue;
    if (!Object.hasOwn(right, key) || !isSameJson(member, right[key])) return false;
    count += 1;
  }
  for (const key of Object.keys(right)) if (right[key] !== undefined) count -= 1;
  return count === 0;
}

type Members = Readonly<Record<string, unknown>>;

/** A unit takes 3 bytes in UTF-8 and 6 as an escape of a control character. */
function stringBytesMost(text: string): number {
  return text.length * 6 + 2;
}

const NUMBER_BYTES_MAX = 25;
const ISSUES_MAX = 100;
