import type { Json } from '../message/json.ts';

/** Rows kept in memory for each generation that is filled here, unless the projector is told otherwise. */
export const CACHED_ROWS_MAX = 50_000;

/**
 * The rows that a projector wrote or read last. It may be trusted for as long as the lease is held: nobody else writes
 * them, and a fenced commit throws the cache away.
 */
export class RowCache {
  /** In order of use: the first was used longest ago. `undefined` stands for a row that is known not to exist. */
  readonly #rows = new Map<string, Json | undefined>();
  /** Every row of the generation is here, so one that is not does not exist: true until the first is dropped. */
  #isWhole: boolean;

  readonly #rowsMax: number;

  constructor(isEmptyGeneration: boolean, rowsMax: number) {
    this.#isWhole = isEmptyGeneration;
    this.#rowsMax = rowsMax;
  }

  has(key: string): boolean {
    return this.#isWhole || this.#rows.has(key);
  }

  get(key: string): Json | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: Json | undefined): void {
    // The order matters only when rows are about to be dropped, and keeping it costs as much as the rest.
    if (this.#rows.size * 2 > this.#rowsMax) this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= this.#rowsMax) return;
    this.#isWhole = false;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }
}
