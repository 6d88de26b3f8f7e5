/** What a daybook holds, to the runtime: looked up by name, never by property (rule N2). */
import type { DeciderFace } from '../decider/decider-face.ts';
import type { DecisionFace } from '../decider/decision-face.ts';
import { eventsOfAll } from '../decider/definition-maps.ts';
import { DefinitionError } from '../errors.ts';
import type { EventFace } from '../message/event.ts';
import { face } from '../message/face.ts';
import type { ReadModelFace } from '../projection/read-model-face.ts';

export interface DaybookFaces {
  readonly deciders: ReadonlyMap<string, DeciderFace>;
  readonly decisions: ReadonlyMap<string, DecisionFace>;
  readonly readModels: ReadonlyMap<string, ReadModelFace>;
  /** By type, of all deciders. */
  readonly events: ReadonlyMap<string, EventFace>;
}

interface Faced<Face> {
  readonly [face]: Face;
}

/** @throws {@link DefinitionError} with a sentence for the first thing that does not fit together. */
export function facesOf(definitions: {
  readonly deciders: readonly Faced<DeciderFace>[];
  readonly decisions?: readonly Faced<DecisionFace>[];
  readonly readModels?: readonly Faced<ReadModelFace>[];
}): DaybookFaces {
  const deciders = byName('deciders', definitions.deciders);
  const decisions = byName('decisions', definitions.decisions ?? []);
  const readModels = byName('read models', definitions.readModels ?? []);
  const events = eventsOfAll(definitions.deciders);
  for (const { name, emits } of decisions.values()) {
    for (const { decider } of emits.values()) checkRegistered(deciders, decider, name);
  }
  for (const { name, events: needed } of readModels.values()) checkEvents(events, needed, name);
  return { deciders, decisions, readModels, events };
}

function byName<Face extends { readonly name: string }>(
  kind: string,
  definitions: readonly Faced<Face>[],
): ReadonlyMap<string, Face> {
  const faces = new Map<string, Face>();
  for (const { [face]: definition } of definitions) {
    if (faces.has(definition.name)) {
      throw new DefinitionError(`Two ${kind} are named "${definition.name}". Rename one of them.`);
    }
    faces.set(definition.name, definition);
  }
  return faces;
}

function checkRegistered(
  deciders: ReadonlyMap<string, DeciderFace>,
  decider: DeciderFace,
  decision: string,
): void {
  if (deciders.get(decider.name) === decider) return;
  throw new DefinitionError(
    `The decision ${decision} emits to the decider "${decider.name}", which is not among this daybook's deciders. Add it.`,
  );
}

function checkEvents(
  events: ReadonlyMap<string, EventFace>,
  needed: ReadonlyMap<string, EventFace>,
  readModel: string,
): void {
  for (const { type, definition } of needed.values()) {
    if (events.get(type)?.definition === definition) continue;
    throw new DefinitionError(
      `The read model ${readModel} is made of the event "${type}", whose decider is not among this daybook's deciders. Add it.`,
    );
  }
}
