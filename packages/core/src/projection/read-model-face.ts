/** A read model's runtime half: lookups by name, all data `unknown`. */
import { DefinitionError } from '../errors.ts';
import type { AnyDecider } from '../decider/decider.ts';
import { eventsOfAll, handlersOf } from '../decider/definition-maps.ts';
import type { AnyHandler } from '../decider/handlers.ts';
import { initialStateOf } from '../decider/initial-state.ts';
import type { EventFace, RecordedEvent } from '../message/event.ts';
import { face } from '../message/face.ts';
import type { Json } from '../message/json.ts';
import { messageFace, type MessageFace } from '../message/message-face.ts';
import { checkName, checkRowKey } from '../message/names.ts';
import type { StandardSchemaV1 } from '../message/schema.ts';
import { isRemove, removed } from './remove.ts';
import type { Rows } from './rows.ts';

/** A query to the runtime. */
export interface QueryFace {
  /** `read` gives what `run` takes; absent where the query takes no parameters. */
  readonly params: MessageFace | undefined;
  run(rows: Rows, params: unknown): unknown;
}

/** An event as read: its data was lifted by its {@link EventFace} (see `readEvent`). */
export type ReadEvent = RecordedEvent<string, unknown>;

/** A read model to the runtime. */
export interface ReadModelFace {
  readonly kind: 'readModel';
  readonly name: string;
  readonly version: number;
  /** Names of the deciders that it is made from. */
  readonly sources: readonly string[];
  /** The types that it has a handler for. */
  readonly types: readonly string[];
  /** By type: all events of its deciders. */
  readonly events: ReadonlyMap<string, EventFace>;
  /** Each a list of fields. */
  readonly indexes: readonly (readonly string[])[];
  /** True when the key is the stream's id, so that a key is known even of an event that cannot be read. */
  readonly hasDefaultKey: boolean;
  /** The row schema; rows come out of `apply` already written by it. */
  readonly row: MessageFace;
  readonly queries: ReadonlyMap<string, QueryFace>;
  /** The keys that the event concerns, each once and valid. */
  keysOf(event: ReadEvent): readonly string[];
  /** The new row, validated; `undefined` to leave it as it is, {@link removed} to take it away. `row` is absent or what an earlier `apply` gave. */
  apply(row: Json | undefined, event: ReadEvent, key: string): Json | undefined | typeof removed;
}

/** A read model's definition without its types. */
export interface UntypedReadModel {
  readonly from: readonly AnyDecider[];
  readonly row: StandardSchemaV1;
  readonly version?: number;
  readonly indexes?: readonly (string | readonly string[])[];
  readonly initialRow?: unknown;
  key?(event: ReadEvent): string | readonly string[];
  readonly on: Readonly<Record<string, AnyHandler>>;
  queries?(query: unknown): Readonly<Record<string, unknown>>;
}

/** A query's definition without its types. */
export interface UntypedQuery {
  readonly params: StandardSchemaV1 | undefined;
  readonly run: AnyHandler;
}

/** @throws {@link DefinitionError} for a name, version, index or handler that breaks the rules. */
export function readModelFaceOf(name: string, definition: UntypedReadModel): ReadModelFace {
  checkName(name, 'lower', 'A read model');
  const events = eventsOfAll(definition.from);
  const on = handlersOf(definition.on, events, `on of ${name}`, 'optional');
  const row = messageFace(definition.row, `The row of ${name}`);
  const { initialRow, key } = definition;
  const initial = initialStateOf(initialRow);
  return {
    kind: 'readModel',
    name,
    version: versionOf(name, definition.version ?? 1),
    sources: definition.from.map((source) => source[face].name),
    types: [...on.keys()],
    events,
    indexes: indexesOf(name, definition.indexes ?? []),
    hasDefaultKey: key === undefined,
    row,
    queries: queriesOf(name, definition.queries?.(queryTool) ?? {}),
    keysOf: (event) => (key === undefined ? [event.streamId] : keysOf(key(event), name)),
    apply(before, event, rowKey) {
      const handler = on.get(event.type);
      if (handler === undefined) return undefined;
      const after = handler(before ?? initial(), event.data, event, rowKey);
      if (isRemove(after)) return removed;
      return after === undefined ? undefined : row.write(after);
    },
  };
}

function keysOf(keys: string | readonly string[], name: string): readonly string[] {
  const unique = new Set(typeof keys === 'string' ? [keys] : keys);
  for (const key of unique) checkRowKey(key, `A key of ${name}`);
  return [...unique];
}

/** What `queries` is given. */
function queryTool(first: StandardSchemaV1 | AnyHandler, second?: AnyHandler): UntypedQuery {
  if (typeof second === 'function') return { params: toSchema(first), run: second };
  if (isHandler(first)) return { params: undefined, run: first };
  throw new DefinitionError(
    'A query is query(schema, (rows, params) => …), or query((rows) => …).',
  );
}

function isHandler(value: StandardSchemaV1 | AnyHandler): value is AnyHandler {
  return typeof value === 'function' && !('~standard' in value);
}

function toSchema(value: StandardSchemaV1 | AnyHandler): StandardSchemaV1 {
  if ('~standard' in value) return value;
  throw new DefinitionError(
    'The first argument of query(schema, (rows, params) => …) is a schema.',
  );
}

function queriesOf(
  readModel: string,
  definitions: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, QueryFace> {
  const queries = new Map<string, QueryFace>();
  for (const [name, definition] of Object.entries(definitions)) {
    checkName(name, 'lower', `A query of ${readModel}`);
    if (reservedQueries.has(name)) {
      throw new DefinitionError(
        `A query of ${readModel} cannot be named "${name}": it would not be callable. Choose another name.`,
      );
    }
    if (!isQuery(definition)) {
      throw new DefinitionError(`The query ${readModel}.${name} is not what query(…) gives.`);
    }
    queries.set(name, queryFace(definition, `The query ${readModel}.${name}`));
  }
  return queries;
}

function queryFace({ params, run }: UntypedQuery, what: string): QueryFace {
  return { params: params === undefined ? undefined : messageFace(params, what), run };
}

function isQuery(definition: unknown): definition is UntypedQuery {
  return (
    typeof definition === 'object' &&
    definition !== null &&
    'run' in definition &&
    'params' in definition
  );
}

function versionOf(name: string, version: number): number {
  if (Number.isSafeInteger(version) && version >= 1) return version;
  throw new DefinitionError(`The version of ${name} is a whole number from 1, not ${version}.`);
}

function indexesOf(
  name: string,
  declared: readonly (string | readonly string[])[],
): readonly (readonly string[])[] {
  const indexes = declared.map((index) => (typeof index === 'string' ? [index] : index));
  const known = new Set<string>();
  for (const index of indexes) {
    const text = index.join(', ');
    if (index.length === 0 || !index.every((field) => fieldName.test(field))) {
      throw new DefinitionError(
        `The index [${text}] of ${name} is not a list of fields: 1 to 60 letters, digits and _, not first a digit.`,
      );
    }
    if (known.has(text) || new Set(index).size < index.length) {
      throw new DefinitionError(`The index [${text}] of ${name} repeats an index or a field.`);
    }
    known.add(text);
  }
  return indexes;
}

/** `name` is the read model's own; an object with `then` is taken for a promise. */
const reservedQueries: ReadonlySet<string> = new Set(['name', 'then']);
const fieldName = /^[a-zA-Z_][a-zA-Z0-9_]{0,59}$/;
