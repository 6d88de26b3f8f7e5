/**
 * An event's definition where a bare schema is not enough: its versions, in order of time, and its tags.
 *
 *     event(v1).next(v2, (old) => ({ … })).next(v3, (old) => ({ … }))
 *
 * A definition is itself a schema, that of its newest version.
 */
import { DefinitionError } from '../errors.ts';
import { face } from './face.ts';
import type { Input, Output, StandardSchemaV1 } from './schema.ts';
import type { Storable } from './storable.ts';

/** One version of an event: what it looks like, and how the one before it becomes it. */
interface EventStep {
  readonly schema: StandardSchemaV1;
  readonly lift?: (old: unknown) => unknown;
}

/** The versions that can be read, from the oldest to the newest, which is written. */
export interface EventVersions {
  readonly firstVersion: number;
  readonly steps: readonly EventStep[];
  /** The newest schema. */
  readonly schema: StandardSchemaV1;
  readonly tags: ((data: unknown) => readonly string[]) | undefined;
}

/** Tags of an event. */
export interface Tagging<Data> {
  /** The tags of an event with this data, as stored. Every writer adds them; decisions find the event by them. */
  readonly tags: (data: Data) => readonly string[];
}

/** Where the versions begin. */
export interface FirstVersion {
  /** The version of the first schema given, when no event of an older one exists any more. Default 1. */
  readonly firstVersion?: number;
}

/** An event with versions or tags. */
export interface EventDefinition<
  Schema extends StandardSchemaV1 = StandardSchemaV1,
  Options extends readonly unknown[] = readonly unknown[],
> extends StandardSchemaV1<Input<Schema>, Output<Schema>> {
  /**
   * The next version. Stored events of the one before are lifted when they are read; the log is not rewritten.
   *
   * @param lift makes the next version's data of this one's. It is pure, and it is never taken away while such events exist.
   * @param options an event that has tags says them anew for the new shape; they are written with new events only.
   */
  next<Next extends StandardSchemaV1>(
    schema: Next & Storable<Next>,
    lift: (old: Output<Schema>) => Output<Next>,
    ...options: { readonly [K in keyof Options]: Tagging<Output<Next>> }
  ): EventDefinition<Next, Options>;
  readonly [face]: EventVersions;
}

/** Declares an event with versions or tags; where neither is needed, its schema alone will do. */
export function event<Schema extends StandardSchemaV1>(
  schema: Schema & Storable<Schema>,
  options: Tagging<Output<Schema>> & FirstVersion,
): EventDefinition<Schema, [unknown]>;
export function event<Schema extends StandardSchemaV1>(
  schema: Schema & Storable<Schema>,
  options?: FirstVersion,
): EventDefinition<Schema, []>;
export function event(
  schema: StandardSchemaV1,
  { firstVersion = 1, tags }: AnyOptions = {},
): EventDefinition {
  if (!Number.isSafeInteger(firstVersion) || firstVersion < 1) {
    throw new DefinitionError(`An event's versions begin at 1 or later, not at ${firstVersion}.`);
  }
  return define({ firstVersion, schema, steps: [{ schema }], tags });
}

/** The versions of a definition; a bare schema is version 1. */
export function versionsOf(definition: StandardSchemaV1): EventVersions {
  if (isEventDefinition(definition)) return definition[face];
  return { firstVersion: 1, schema: definition, steps: [{ schema: definition }], tags: undefined };
}

interface AnyOptions extends FirstVersion {
  tags?(data: unknown): readonly string[];
}

function define(versions: EventVersions): EventDefinition {
  return {
    '~standard': versions.schema['~standard'],
    [face]: versions,
    next(schema: StandardSchemaV1, lift: (old: unknown) => unknown, options?: AnyOptions) {
      if (versions.tags !== undefined && options?.tags === undefined) {
        throw new DefinitionError(
          'An event with tags says them anew for its next version: next(schema, lift, { tags }).',
        );
      }
      const steps = [...versions.steps, { schema, lift }];
      return define({ ...versions, schema, steps, tags: options?.tags });
    },
  };
}

function isEventDefinition(definition: object): definition is EventDefinition {
  return face in definition;
}
