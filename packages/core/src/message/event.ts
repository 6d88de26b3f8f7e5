/** Events: what is recorded of one, and how its data is written and read. */
import {
  DefinitionError,
  InvalidMessageError,
  UnknownEventTypeError,
  UpcastFailedError,
  type Issue,
} from '../errors.ts';
import { versionsOf, type EventVersions } from './event-definition.ts';
import type { Json } from './json.ts';
import { validate, type StandardSchemaV1 } from './schema.ts';
import { validateStored } from './stored.ts';

/** What is known of an event besides its data; the user may add to it. */
export interface EventMetadata {
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly traceparent?: string;
  readonly occurredAt?: string;
  readonly [key: string]: Json | undefined;
}

/** An event as it stands in a log. */
export interface RecordedEvent<Type extends PropertyKey = string, Data = Json> {
  readonly id: string;
  readonly log: string;
  /** Place in the log, from 0. */
  readonly position: number;
  /** Position of the last event of its append: no reader stands inside one. */
  readonly commit: number;
  readonly stream: string;
  /** The part of `stream` after its first `-`; derived, not stored. */
  readonly streamId: string;
  /** Place in its stream, from 0. */
  readonly revision: number;
  readonly type: Type;
  readonly schemaVersion: number;
  readonly data: Data;
  readonly metadata: EventMetadata;
  readonly tags: readonly string[];
  /** Milliseconds since 1970, whole, never less than the previous event's. */
  readonly recordedAt: number;
}

/** An event type to the runtime. */
export interface EventFace {
  readonly type: string;
  /** The version that is written. */
  readonly version: number;
  /** What declared it: two deciders may share an event only by sharing this. */
  readonly definition: StandardSchemaV1;
  /** The schema of that version. */
  readonly schema: StandardSchemaV1;
  /** The tags of an event with this data (as written). */
  readonly tags?: (data: unknown) => readonly string[];
  /** The validated output, which is what is stored. */
  write(data: unknown): Json;
  /** Stored data of a version, lifted to the newest and validated. */
  read(version: number, data: unknown): unknown;
}

/** The face of one event type, declared by a schema or by `event(…)`. */
export function eventFace(type: string, definition: StandardSchemaV1): EventFace {
  const versions = versionsOf(definition);
  const { firstVersion, schema, steps, tags } = versions;
  const version = firstVersion + steps.length - 1;
  const what = `The event "${type}"`;
  return {
    type,
    version,
    definition,
    schema,
    ...(tags === undefined ? {} : { tags }),
    write: (data) => validateStored(schema, data, what),
    read(stored, data) {
      try {
        return validate(schema, stored === version ? data : lift(versions, stored, data), what);
      } catch (error) {
        if (error instanceof DefinitionError) throw error;
        throw new UpcastFailedError(type, stored, issuesOf(error), { cause: error });
      }
    },
  };
}

/**
 * The event with its data lifted to today's shape.
 *
 * @throws {@link UnknownEventTypeError} when no definition in `events` declares its type.
 * @throws {@link UpcastFailedError} when its data cannot be lifted or does not fit.
 */
export function readEvent(
  events: ReadonlyMap<string, EventFace>,
  event: RecordedEvent,
): RecordedEvent<string, unknown> {
  const definition = events.get(event.type);
  if (definition === undefined) throw new UnknownEventTypeError(event.type);
  return withData(event, definition.read(event.schemaVersion, event.data));
}

/** The same event with other data; a literal, since a spread, or a getter, costs several times as much. */
function withData(event: RecordedEvent, data: unknown): RecordedEvent<string, unknown> {
  return {
    id: event.id,
    log: event.log,
    position: event.position,
    commit: event.commit,
    stream: event.stream,
    streamId: event.streamId,
    revision: event.revision,
    type: event.type,
    schemaVersion: event.schemaVersion,
    data,
    metadata: event.metadata,
    tags: event.tags,
    recordedAt: event.recordedAt,
  };
}

function lift({ firstVersion, steps }: EventVersions, stored: number, data: unknown): unknown {
  const start = stored - firstVersion;
  if (!Number.isInteger(start) || start < 0 || start >= steps.length) {
    const last = firstVersion + steps.length - 1;
    throw new RangeError(
      `version ${stored} is not declared; versions ${firstVersion} to ${last} are`,
    );
  }
  let lifted = data;
  for (const step of steps.slice(start + 1)) lifted = step.lift?.(lifted);
  return lifted;
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof InvalidMessageError) return error.issues;
  return [{ path: '', message: error instanceof Error ? error.message : String(error) }];
}
