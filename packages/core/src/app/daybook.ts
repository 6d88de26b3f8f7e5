/** A daybook: the definitions of one application, put together. A pure description, safe to import in a browser. */
import type { AnyDecider } from '../decider/decider.ts';
import type { AnyDecision } from '../decider/decision.ts';
import { face, type types } from '../message/face.ts';
import type { AnyReadModel } from '../projection/read-model.ts';
import type { App, DaybookTypes } from './app.ts';
import { facesOf, type DaybookFaces } from './faces.ts';
import { appOf } from './registry.ts';
import { start, type StartOptions } from './start.ts';

/** The definitions of one application. */
export interface Daybook<Types extends DaybookTypes = DaybookTypes> {
  /** Opens the store and starts the read models. @throws {@link IncompatibleStoreError} {@link StoreUnavailableError} */
  start(options: StartOptions): Promise<App<Types>>;
  readonly [types]?: Types;
  readonly [face]: DaybookFaces;
}

/**
 * Puts definitions together.
 *
 * @throws {@link DefinitionError} when two of them share a name, two deciders declare one event type differently, or a decision
 * or read model needs a decider that is not here.
 */
export function daybook<
  const Deciders extends readonly AnyDecider[],
  const Decisions extends readonly AnyDecision[] = readonly [],
  const ReadModels extends readonly AnyReadModel[] = readonly [],
>(definitions: {
  readonly deciders: Deciders;
  readonly decisions?: Decisions;
  readonly readModels?: ReadModels;
}): Daybook<{
  deciders: Deciders[number];
  decisions: Decisions[number];
  readModels: ReadModels[number];
}> {
  const faces = facesOf(definitions);
  return {
    start: async (options) => appOf(await start(faces, options)),
    [face]: faces,
  };
}
