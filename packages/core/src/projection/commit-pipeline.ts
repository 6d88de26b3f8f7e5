/**
 * Commits on their way to the store while the next page is folded on top of them.
 *
 * What always holds:
 * - At most one commit is on its way, so they reach the store in order.
 * - A filler goes on from after its commit as soon as that is sent. Should it fail, the filler is ahead of its rows, and
 *   is given up before anything else of it is written.
 */
import { hasCode } from '../errors.ts';
import type { GenerationFiller } from './generation-filler.ts';
import type { ReadModelCommit, ReadModelStore } from './read-model-store.ts';

export interface Folded {
  readonly filler: GenerationFiller;
  readonly commit: ReadModelCommit;
}

/** Who hears how each filler's commit went. */
export interface CommitOutcomes {
  readonly succeeded: (filler: GenerationFiller) => void;
  readonly failed: (filler: GenerationFiller, error: unknown) => Promise<void>;
}

export class CommitPipeline {
  readonly #readModels: ReadModelStore;
  readonly #outcomes: CommitOutcomes;
  #writing: { readonly folded: readonly Folded[]; readonly done: Promise<void> } | undefined;

  constructor(readModels: ReadModelStore, outcomes: CommitOutcomes) {
    this.#readModels = readModels;
    this.#outcomes = outcomes;
  }

  /** Sends commits on their way; the ones before must have been settled. */
  write(folded: readonly Folded[]): void {
    if (folded.length === 0) return;
    const done = this.#readModels.commit(folded.map(({ commit }) => commit));
    // Its failure is met where it is settled.
    done.catch(() => undefined);
    for (const { filler, commit } of folded) filler.accept(commit);
    this.#writing = { folded, done };
  }

  /** Waits for the commits that are on their way. @throws what says that the store itself fails. */
  async settle(): Promise<void> {
    const writing = this.#writing;
    if (writing === undefined) return;
    this.#writing = undefined;
    try {
      await writing.done;
      for (const { filler } of writing.folded) this.#outcomes.succeeded(filler);
    } catch (error) {
      await this.#settleFailed(writing.folded, error);
    }
  }

  /** What was refused together is tried one by one, so that a read model whose rows are refused fails alone. */
  async #settleFailed(folded: readonly Folded[], error: unknown): Promise<void> {
    if (folded.length === 1 || isOutage(error)) {
      for (const { filler } of folded) await this.#outcomes.failed(filler, error);
      if (isOutage(error)) throw error;
      return;
    }
    for (const one of folded) {
      try {
        await this.#readModels.commit([one.commit]);
        this.#outcomes.succeeded(one.filler);
      } catch (own) {
        await this.#settleFailed([one], own);
      }
    }
  }
}

/** The store itself fails, and so nothing else would do better. */
export function isOutage(error: unknown): boolean {
  return hasCode(error, 'store-unavailable') || hasCode(error, 'closed');
}
