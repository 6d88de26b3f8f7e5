/** JSON Schema of a definition's schema, by Standard JSON Schema (https://standardschema.dev, `~standard.jsonSchema`). */
import { checkJson, type Json } from './json.ts';
import type { StandardSchemaV1 } from './schema.ts';

/**
 * JSON Schema (draft 2020-12) of what the schema takes or gives, or undefined where the validator cannot say: not every
 * one implements the standard, and some types have no JSON Schema.
 */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  side: 'input' | 'output' = 'output',
): Json | undefined {
  const standard: unknown = schema['~standard'];
  if (typeof standard !== 'object' || standard === null || !('jsonSchema' in standard))
    return undefined;
  const converter = standard.jsonSchema;
  if (typeof converter !== 'object' || converter === null) return undefined;
  const convert: unknown = Reflect.get(converter, side);
  if (typeof convert !== 'function') return undefined;
  try {
    const converted: unknown = Reflect.apply(convert, converter, [{ target: 'draft-2020-12' }]);
    checkJson(converted);
    return converted;
  } catch {
    return undefined;
  }
}
