/**
 * One look at a read model: its rows as one snapshot, and whether that may be believed.
 *
 * A checkpoint whose mark is no longer in the log was taken from a log that is gone (RULES L9): such rows answer nothing.
 */
import { hasCode } from '../errors.ts';
import { generationToAsk } from '../projection/generations.ts';
import type { ReadModelFace } from '../projection/read-model-face.ts';
import type {
  GenerationInfo,
  ReadModelLayout,
  ReadModelStore,
  RowSource,
  View,
} from '../projection/read-model-store.ts';
import type { EventStore } from '../store/event-store.ts';

export interface DefinedReadModel {
  readonly readModel: ReadModelFace;
  readonly layout: ReadModelLayout;
}

/** A view that can be believed, or why there is none. */
export type Look<Value> =
  | { readonly status: 'seen'; readonly view: View<Value>; readonly generation: number }
  | { readonly status: 'rebuilding' | 'lost-timeline'; readonly info?: GenerationInfo };

export class ReadModelViews {
  readonly #events: EventStore;
  readonly #readModels: ReadModelStore;
  readonly #active = new Map<string, GenerationInfo>();
  /** Marks that were seen in the log, by read model, generation and log. */
  readonly #verified = new Map<string, string>();

  constructor(events: EventStore, readModels: ReadModelStore) {
    this.#events = events;
    this.#readModels = readModels;
  }

  async look<Value>(
    defined: DefinedReadModel,
    work: (rows: RowSource) => Promise<Value>,
  ): Promise<Look<Value>> {
    const known = this.#active.get(defined.readModel.name);
    const first = known === undefined ? undefined : await this.#lookAt(known, work);
    if (first !== undefined) return first;
    const found = await this.#choose(defined);
    if (found === undefined) return { status: 'rebuilding' };
    if (found.state === 'building') return { status: 'rebuilding', info: found };
    if (found.state === 'lost') return { status: 'lost-timeline' };
    const seen = await this.#lookAt(found, work, found.state);
    return seen ?? { status: 'rebuilding' };
  }

  async #choose({ readModel, layout }: DefinedReadModel): Promise<GenerationInfo | undefined> {
    const generations = await this.#readModels.list(readModel.name);
    const found = generationToAsk(generations, layout.fingerprint);
    if (found?.state === 'active') this.#active.set(readModel.name, found);
    else this.#active.delete(readModel.name);
    return found;
  }

  /** Undefined when the generation is no longer what it was, so that another one has to be chosen. */
  async #lookAt<Value>(
    info: GenerationInfo,
    work: (rows: RowSource) => Promise<Value>,
    expected: GenerationInfo['state'] = 'active',
  ): Promise<Look<Value> | undefined> {
    let view: View<Value>;
    try {
      view = await this.#readModels.view(info, work);
    } catch (error) {
      if (hasCode(error, 'read-model-not-found')) return undefined;
      throw error;
    }
    if (view.state !== expected) return undefined;
    if (await this.#isOfThisLog(info, view))
      return { status: 'seen', view, generation: info.generation };
    // Only said, not recorded: this process may be the one that sees the wrong log. The projector records it.
    return { status: 'lost-timeline' };
  }

  async #isOfThisLog(info: GenerationInfo, view: View<unknown>): Promise<boolean> {
    for (const [log, { epoch, position, mark }] of view.checkpoints) {
      if (epoch !== this.#events.epoch) return false;
      const place = `${info.readModel}/${info.generation}/${log}`;
      if (position < 0 || this.#verified.get(place) === mark) continue;
      const found = await this.#events.placeAt(position, log);
      if (found?.mark !== mark) return false;
      this.#verified.set(place, mark);
    }
    return true;
  }
}
