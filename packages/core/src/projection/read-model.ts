/** The read model: pure functions from a row and an event to a row, keyed. */
import type { AnyDecider, EventsOf } from '../decider/decider.ts';
import type { ExactReturns } from '../decider/handlers.ts';
import type { Query, QueryMessage } from '../message/command.ts';
import type { RecordedEvent } from '../message/event.ts';
import { face, type types } from '../message/face.ts';
import type { Input, Output, StandardSchemaV1 } from '../message/schema.ts';
import type { Payload, Storable } from '../message/storable.ts';
import { readModelFaceOf, type ReadModelFace, type UntypedReadModel } from './read-model-face.ts';
import type { Remove } from './remove.ts';
import type { RowsOf } from './rows.ts';

/** The bag of types of a read model. */
export interface ReadModelTypes {
  readonly name: string;
  readonly row: unknown;
  /** What the sender of each query gives, and what it gets. */
  readonly queries: object;
}

/** What every read model has, whatever its types. */
export interface AnyReadModel<Types extends ReadModelTypes = ReadModelTypes> {
  readonly name: Types['name'];
  readonly [types]?: Types;
  readonly [face]: ReadModelFace;
}

/** A read model: a function for each of its queries, which makes a question. */
export type ReadModel<Types extends ReadModelTypes> = AnyReadModel<Types> & {
  readonly [K in keyof Types['queries']]: Types['queries'][K] extends QueryTypes<
    infer Params,
    infer Result
  >
    ? (...params: Params) => Query<Types['name'], K, Result>
    : never;
};

/** One query, to the compiler. */
export interface QueryTypes<Params extends readonly unknown[], Result> {
  readonly [types]?: { readonly params: Params; readonly result: Result };
}

/** Makes a query: of parameters, which a schema validates, or of none. */
export interface DefineQuery<Row, Indexed extends keyof Row> {
  <Schema extends StandardSchemaV1, Result>(
    params: Schema,
    run: (rows: RowsOf<Row, Indexed>, params: Output<Schema>) => Result,
  ): QueryTypes<Payload<Input<Schema>>, Awaited<Result>>;
  <Result>(run: (rows: RowsOf<Row, Indexed>) => Result): QueryTypes<[], Awaited<Result>>;
}

/**
 * Defines a read model: rows by key, filled in the background by every event of its deciders, in order, once.
 *
 * Handlers are pure and synchronous. A changed definition takes a higher `version`: its rows are built anew beside the old ones,
 * from the whole log, while those still answer.
 *
 * @param name names it in queries and tables; 1 to 40 letters and digits, the first a small letter.
 * @throws {@link DefinitionError} for a name, version, index or handler that breaks the rules.
 */
export function readModel<
  const Name extends string,
  const From extends readonly AnyDecider[],
  Row extends StandardSchemaV1,
  On extends {
    [K in keyof EventsOf<From[number]>]?: (
      row: [Initial] extends [never] ? Output<Row> | undefined : Output<Row>,
      data: EventsOf<From[number]>[K],
      event: RecordedEvent<K, EventsOf<From[number]>[K]>,
      key: string,
    ) => Output<Row> | Remove | undefined;
  },
  Index extends keyof Output<Row> & string = never,
  Initial extends Output<Row> = never,
  Queries extends Readonly<Record<string, QueryTypes<readonly unknown[], unknown>>> = {},
>(
  name: Name,
  definition: {
    /** The deciders whose events it is made of. */
    readonly from: From;
    /** The schema of a row; what is stored is its output. */
    readonly row: Row & Storable<Row>;
    /** Raise it with every change that makes other rows of the same events. Default 1. */
    readonly version?: number;
    /** What `find` and `count` may ask for: a field, or a list of fields. */
    readonly indexes?: readonly (Index | readonly Index[])[];
    /** The row before its first event; without it, the row is `undefined` there. */
    readonly initialRow?: Initial;
    /** The key, or keys, of the rows that an event concerns; none leaves it out. Default: the id of its stream. */
    readonly key?: (
      event: {
        [K in keyof EventsOf<From[number]>]: RecordedEvent<K, EventsOf<From[number]>[K]>;
      }[keyof EventsOf<From[number]>],
    ) => string | readonly string[];
    /** The new row after an event: `undefined` leaves it as it is, `remove` takes it away. */
    readonly on: On & ExactReturns<On, keyof EventsOf<From[number]>, Output<Row> | Remove>;
    /** The questions that may be asked, by name: `query(schema, (rows, params) => …)`. */
    readonly queries?: (query: DefineQuery<Output<Row>, Index>) => Queries;
  },
): ReadModel<{ name: Name; row: Output<Row>; queries: Queries }>;
export function readModel(name: string, definition: UntypedReadModel): AnyReadModel {
  const readModelFace = readModelFaceOf(name, definition);
  const queries = [...readModelFace.queries.keys()].map((query) => [
    query,
    (params: unknown = {}): QueryMessage => ({ kind: 'query', readModel: name, query, params }),
  ]);
  return { name, ...Object.fromEntries(queries), [face]: readModelFace };
}
