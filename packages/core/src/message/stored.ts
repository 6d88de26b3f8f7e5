/** What is stored: JSON that its own schema accepts again. */
import { DefinitionError, hasCode } from '../errors.ts';
import { canonicalJson, checkJson, isSameJson, type Json } from './json.ts';
import { validate, type StandardSchemaV1 } from './schema.ts';

/**
 * The schema's output for `data`, as it is stored: a default is fixed now and a later change of it rewrites nothing.
 *
 * @throws {@link InvalidMessageError} when the schema refuses the data, or the output is not JSON.
 * @throws {@link DefinitionError} when the schema does not accept its own output, or changes it again.
 */
export function validateStored(schema: StandardSchemaV1, data: unknown, what: string): Json {
  const output = validate(schema, data, what);
  checkJson(output, undefined, what);
  // A schema that changed nothing would change nothing the second time either.
  if (isSameJson(data, output)) return output;
  checkIdempotent(schema, output, what);
  return output;
}

function checkIdempotent(schema: StandardSchemaV1, output: Json, what: string): void {
  const problem = `${what} has a schema that is not idempotent: what it gives is stored, and must be given again when it is read.`;
  let again: unknown;
  try {
    again = validate(schema, output, what);
  } catch (error) {
    if (!hasCode(error, 'invalid-message')) throw error;
    throw new DefinitionError(`${problem} It refuses ${canonicalJson(output)}.`, { cause: error });
  }
  if (isSameJson(output, again)) return;
  throw new DefinitionError(
    `${problem} It makes ${canonicalJson(again)} of ${canonicalJson(output)}.`,
  );
}
