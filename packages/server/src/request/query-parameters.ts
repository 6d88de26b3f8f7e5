/**
 * From the query string to the parameters of a query.
 *
 * A query string has only texts. Where the query's schema says what it wants (by Standard JSON Schema), `limit=5`
 * becomes a number before it is validated, so that nobody needs a second schema for HTTP. What does not fit is left as
 * it is, and validation says so.
 */
import type { JsonSchema } from '@daybook/protocol';

import type { QueryString } from './query-string.ts';

/** Turns the texts of one query string into values. */
export type ParameterReader = (query: QueryString) => Readonly<Record<string, unknown>>;

/** @param schema of the whole parameters object, where it is known. @param reserved names that are not the query's. */
export function parameterReader(
  schema: JsonSchema | undefined,
  reserved: ReadonlySet<string>,
): ParameterReader {
  const wanted = new Map<string, Wanted>();
  const properties = schema?.['properties'];
  if (isRecord(properties)) {
    for (const [name, property] of Object.entries(properties)) wanted.set(name, wantedOf(property));
  }
  return (query) => {
    // Without a prototype, `__proto__` is a member like any other, and refused like one.
    const params: Record<string, unknown> = Object.create(null);
    for (const [name, values] of query) {
      if (!reserved.has(name))
        params[name] = valueOf(values, wanted.get(name) ?? { types: textOnly, item: textOnly });
    }
    return params;
  };
}

interface Wanted {
  readonly types: ReadonlySet<string>;
  /** What a list holds. */
  readonly item: ReadonlySet<string>;
}

const textOnly: ReadonlySet<string> = new Set(['string']);

function valueOf(values: readonly string[], { types, item }: Wanted): unknown {
  if (types.has('array')) return values.map((value) => scalar(value, item));
  return values.length === 1 ? scalar(values[0] ?? '', types) : values;
}

function scalar(text: string, types: ReadonlySet<string>): unknown {
  if (types.has('string')) return text;
  if ((types.has('integer') || types.has('number')) && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text))
    return Number(text);
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.has('null') && (text === '' || text === 'null')) return null;
  return text;
}

function wantedOf(schema: unknown): Wanted {
  const types = typesOf(schema);
  return { types, item: isRecord(schema) ? typesOf(schema['items']) : textOnly };
}

function typesOf(schema: unknown): ReadonlySet<string> {
  if (!isRecord(schema)) return textOnly;
  const { type, anyOf, oneOf, enum: among, const: only } = schema;
  const types = new Set<string>();
  for (const name of [type].flat()) if (typeof name === 'string') types.add(name);
  for (const alternative of [anyOf, oneOf].flat()) {
    if (isRecord(alternative)) for (const name of typesOf(alternative)) types.add(name);
  }
  for (const value of [among, only].flat())
    if (value !== undefined && types.size === 0) types.add(typeof value);
  return types.size === 0 ? textOnly : types;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
