import type { Json } from './json.ts';

/** A copy as JSON text would give it, without undefined properties, that nobody can change: what a store in memory keeps. */
export function frozenCopy(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  const copy: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) copy[name] = frozenCopy(member);
  }
  return Object.freeze(copy);
}
