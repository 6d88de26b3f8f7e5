/** The maps of a definition, by name, as the runtime looks them up: never by property, for `constructor` is one (rule N2). */
import { DefinitionError } from '../errors.ts';
import { eventFace, type EventFace } from '../message/event.ts';
import { face } from '../message/face.ts';
import { messageFace, type MessageFace } from '../message/message-face.ts';
import { checkName } from '../message/names.ts';
import type { StandardSchemaV1 } from '../message/schema.ts';
import type { AnyHandler } from './handlers.ts';

type Schemas = Readonly<Record<string, StandardSchemaV1>>;

/** @throws {@link DefinitionError} for a name that breaks rule N1. */
export function eventFaces(definitions: Schemas): ReadonlyMap<string, EventFace> {
  return mapOf(definitions, 'event', eventFace);
}

/** @throws {@link DefinitionError} for a name that breaks rule N1. */
export function messageFaces(
  schemas: Schemas,
  kind: 'command' | 'refusal',
): ReadonlyMap<string, MessageFace> {
  return mapOf(schemas, kind, (name, schema) => messageFace(schema, `The ${kind} "${name}"`));
}

/**
 * Handlers by name, one for each declared name.
 *
 * @throws {@link DefinitionError} when one is missing, unless they are `optional`, or has no declaration.
 */
export function handlersOf(
  handlers: Readonly<Record<string, AnyHandler>>,
  declared: { has(name: string): boolean; keys(): Iterable<string> },
  where: string,
  optional?: 'optional',
): ReadonlyMap<string, AnyHandler> {
  const found = new Map(Object.entries(handlers));
  for (const [name, handler] of found) {
    if (!declared.has(name))
      throw new DefinitionError(`${where} has "${name}", which is not declared.`);
    if (typeof handler !== 'function')
      throw new DefinitionError(`${where}.${name} is not a function.`);
  }
  if (optional !== undefined) return found;
  for (const name of declared.keys()) {
    if (!found.has(name)) throw new DefinitionError(`${where} has no function for "${name}".`);
  }
  return found;
}

/**
 * The events of several deciders, by type.
 *
 * @throws {@link DefinitionError} when two of them declare a type differently.
 */
export function eventsOfAll(
  deciders: readonly { readonly [face]: { readonly events: ReadonlyMap<string, EventFace> } }[],
): ReadonlyMap<string, EventFace> {
  const all = new Map<string, EventFace>();
  for (const { [face]: decider } of deciders) {
    for (const [type, event] of decider.events) {
      const known = all.get(type);
      if (known !== undefined && known.definition !== event.definition) {
        throw new DefinitionError(
          `The event "${type}" is declared by two deciders, and differently. Rename one, or declare both by one and the same schema.`,
        );
      }
      all.set(type, event);
    }
  }
  return all;
}

function mapOf<Face>(
  schemas: Schemas,
  kind: string,
  faceOf: (name: string, schema: StandardSchemaV1) => Face,
): ReadonlyMap<string, Face> {
  const faces = new Map<string, Face>();
  for (const [name, schema] of Object.entries(schemas)) {
    checkName(name, 'upper', `${kind === 'event' ? 'An' : 'A'} ${kind}`);
    faces.set(name, faceOf(name, schema));
  }
  return faces;
}
