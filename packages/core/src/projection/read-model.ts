/** The read model: pure functions from a row and an event to a row, keyed. */
import type { EventFace, RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import type { MessageFace } from '../message/message-face.ts';
import type { Rows } from './rows.ts';

/** What a handler returns to take its row away. */
export const remove: unique symbol = Symbol.for('daybook.remove');

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
  /** The new row, validated; `undefined` to leave it as it is. `row` is absent or what an earlier `apply` gave. */
  apply(row: Json | undefined, event: ReadEvent, key: string): Json | undefined | typeof remove;
}
