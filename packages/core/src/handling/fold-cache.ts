import { deepFreeze } from '../message/deep-freeze.ts';

/** What is known of a stream's fold. */
export interface KnownFold {
  readonly state: unknown;
  readonly revision: number;
  readonly position: number;
}

/**
 * States of streams that were folded last, so that the next command folds only what came since.
 *
 * It saves work and decides nothing: the tail is always read, and the append still expects the revision that was seen.
 * States are frozen, since a `decide` that changed one in place would otherwise be remembered.
 */
export class FoldCache {
  /** In order of use: the first was used longest ago. */
  readonly #folds = new Map<string, KnownFold>();
  readonly #streamsMax: number;

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  get(stream: string): KnownFold | undefined {
    return this.#folds.get(stream);
  }

  set(stream: string, fold: KnownFold): void {
    if (this.#streamsMax === 0) return;
    deepFreeze(fold.state);
    this.#folds.delete(stream);
    this.#folds.set(stream, fold);
    if (this.#folds.size <= this.#streamsMax) return;
    const [oldest] = this.#folds.keys();
    if (oldest !== undefined) this.#folds.delete(oldest);
  }

  delete(stream: string): void {
    this.#folds.delete(stream);
  }
}
