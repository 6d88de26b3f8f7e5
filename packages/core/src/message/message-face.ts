/** Commands, refusals, rows and parameters to the runtime: a schema, and what is done with it. */
import { checkJson, type Json } from './json.ts';
import { validate, type StandardSchemaV1 } from './schema.ts';
import { validateStored } from './stored.ts';

/** A message's data to the runtime. */
export interface MessageFace {
  readonly schema: StandardSchemaV1;
  /** From outside: JSON within bounds, validated; gives the schema's output, which need not be JSON. */
  read(data: unknown): unknown;
  /** To be stored: the validated output, which is JSON that the schema accepts again. */
  write(data: unknown): Json;
}

/** @param what names the message in errors, such as `The command "DepositMoney"`. */
export function messageFace(schema: StandardSchemaV1, what: string): MessageFace {
  return {
    schema,
    read(data) {
      checkJson(data, undefined, what);
      return validate(schema, data, what);
    },
    write: (data) => validateStored(schema, data, what),
  };
}
