/** The few shapes that our schemas are made of. Members that are not named are allowed: a later version may add some. */
import type { JsonSchema } from './json-schema.ts';

export const text: JsonSchema = { type: 'string' };
export const integer: JsonSchema = { type: 'integer' };

export function nullable(type: string): JsonSchema {
  return { type: [type, 'null'] };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return {
    type: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
  };
}
