/** What a daybook holds, to the runtime: looked up by name, never by property (rule N2). */
import type { DeciderFace } from '../decider/decider-face.ts';
import type { DecisionFace } from '../decider/decision.ts';
import type { EventFace } from '../message/event.ts';
import type { ReadModelFace } from '../projection/read-model.ts';

export interface DaybookFaces {
  readonly deciders: ReadonlyMap<string, DeciderFace>;
  readonly decisions: ReadonlyMap<string, DecisionFace>;
  readonly readModels: ReadonlyMap<string, ReadModelFace>;
  /** By type, of all deciders. */
  readonly events: ReadonlyMap<string, EventFace>;
}
