/**
 * Synchronous reads on the caller's thread that do not take it over.
 *
 * A loop of reads would otherwise run in one turn of the event loop from its first page to its last, and no timer,
 * socket or answer of the writer would be heard meanwhile.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';

import { isBusy, toStoreError } from './sqlite-error.ts';

export class Patience {
  readonly #path: string;
  #pausedAt = performance.now();

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Runs `work`, after a turn of the event loop where the last one was a while ago, and again after a short wait where
   * the file was locked: rare in WAL mode (a recovery, a last close), and over in milliseconds.
   *
   * @throws {@link StoreUnavailableError} when it stayed locked.
   */
  async run<Value>(work: () => Value): Promise<Value> {
    if (performance.now() - this.#pausedAt > SLICE_MS) {
      await setImmediate();
      this.#pausedAt = performance.now();
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || attempt === ATTEMPTS_MAX) throw toStoreError(error, this.#path);
        await setTimeout(Math.min(attempt, ATTEMPT_MS_MAX));
      }
    }
  }
}

/** How long reads may follow one another without a turn of the event loop. */
const SLICE_MS = 5;
const ATTEMPTS_MAX = 200;
const ATTEMPT_MS_MAX = 25;
