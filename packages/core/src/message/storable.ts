/** What the types can know of a schema whose values are stored or sent: a mistake is shown at the schema itself. */
import type { Json } from './json.ts';
import type { Input, Output, StandardSchemaV1 } from './schema.ts';

/** Stands where a schema cannot be used; `notStorable` says why. */
interface NotStorable<Sentence extends string> {
  readonly notStorable: Sentence;
}

/** Adds nothing to a schema whose output is JSON that the schema itself accepts; refuses every other. */
export type Storable<Schema extends StandardSchemaV1> = [Output<Schema>] extends [Json]
  ? [Output<Schema>] extends [Input<Schema>]
    ? unknown
    : NotStorable<'stored data must be accepted again by its own schema: its output type must fit its input type'>
  : NotStorable<'stored data must be JSON: no Date, bigint, Map or Set; use strings and numbers'>;

/** Adds nothing to a schema whose input is JSON, as that of a command must be, for commands travel. */
export type Sendable<Schema extends StandardSchemaV1> = [Input<Schema>] extends [Json]
  ? unknown
  : NotStorable<'a command is sent as JSON: no Date, bigint, Map or Set in its input; use strings and numbers'>;

/** The last parameter of a function that takes data: it may be left out where `{}` would do. */
export type Payload<Data> = {} extends Data ? [data?: Data] : [data: Data];
