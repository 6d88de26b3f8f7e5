/**
 * Validation by Standard Schema (zod, valibot, arktype and others). Its few lines of types are copied in; no validator is
 * imported. Only synchronous schemas are of use here: what is decided or folded is pure, so nothing may be awaited in it.
 */
import { DefinitionError, InvalidMessageError, type Issue } from '../errors.ts';

/** The Standard Schema interface, version 1 (https://standardschema.dev). */
export interface StandardSchemaV1<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
      options?: never,
    ) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** What a schema says of a value: the output, or everything that is wrong with it. */
type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong, in Standard Schema's own form. */
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What the caller of a schema gives. */
export type Input<Schema extends StandardSchemaV1> = NonNullable<
  Schema['~standard']['types']
>['input'];

/** What a schema gives back: transformed, with its defaults. */
export type Output<Schema extends StandardSchemaV1> = NonNullable<
  Schema['~standard']['types']
>['output'];

/**
 * The output of `schema` for `value`.
 *
 * @param what names the value in the error's sentence, such as `The event "MoneyDeposited"`.
 * @throws {@link InvalidMessageError} with every issue, when the schema refuses the value.
 * @throws {@link DefinitionError} when the schema validates asynchronously.
 */
export function validate(schema: StandardSchemaV1, value: unknown, what: string): unknown {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Its verdict is not waited for; a rejection must not end the process.
    result.catch(() => undefined);
    throw new DefinitionError(
      `${what} has a schema that validates asynchronously. Deciding and folding are synchronous: check such things before the command is sent.`,
    );
  }
  if (result.issues === undefined) return result.value;
  throw new InvalidMessageError(`${what} does not match its schema`, result.issues.map(toIssue));
}

function toIssue({ path, message }: SchemaIssue): Issue {
  return { path: (path ?? []).map(toSegment).join(''), message };
}

function toSegment(part: PropertyKey | { readonly key: PropertyKey }): string {
  return jsonPointerSegment(String(typeof part === 'object' ? part.key : part));
}

/** One step of a JSON pointer (RFC 6901), with its slash. */
export function jsonPointerSegment(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
