/**
 * Connections for views: each view has one to itself while it runs, for its transaction is its snapshot.
 *
 * At most {@link VIEWS_MAX} views run at once; up to {@link WAITING_VIEWS_MAX} more wait their turn.
 */
import { ClosedError, OverloadedError } from '@daybook/core';

import type { ReadModelReader } from './read-model-reader.ts';

interface Waiting {
  readonly resolve: (reader: ReadModelReader) => void;
  readonly reject: (error: Error) => void;
}

export class ViewPool {
  readonly #open: () => Promise<ReadModelReader>;
  readonly #idle: ReadModelReader[] = [];
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(open: () => Promise<ReadModelReader>) {
    this.#open = open;
  }

  async use<Value>(work: (reader: ReadModelReader) => Promise<Value>): Promise<Value> {
    const reader = await this.#take();
    try {
      return await work(reader);
    } finally {
      this.#giveBack(reader);
    }
  }

  /** Refuses new views, waits for running ones up to {@link CLOSE_WAIT_MS}, and closes the connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0))
      reject(new ClosedError('The read-model store'));
    if (this.#running > 0) await this.#runningEnded();
    for (const reader of this.#idle.splice(0)) reader.close();
  }

  async #take(): Promise<ReadModelReader> {
    if (this.#isClosed) throw new ClosedError('The read-model store');
    const idle = this.#idle.pop();
    if (idle !== undefined) {
      this.#running += 1;
      return idle;
    }
    if (this.#running < VIEWS_MAX) return this.#openOne();
    if (this.#waiting.length >= WAITING_VIEWS_MAX) {
      throw new OverloadedError('waitingViewsMax', WAITING_VIEWS_MAX);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  async #openOne(): Promise<ReadModelReader> {
    this.#running += 1;
    try {
      return await this.#open();
    } catch (error) {
      this.#running -= 1;
      throw error;
    }
  }

  #giveBack(reader: ReadModelReader): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(reader);
      return;
    }
    this.#running -= 1;
    if (this.#isClosed) reader.close();
    else this.#idle.push(reader);
    if (this.#running === 0) this.#onIdle?.();
  }

  async #runningEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_WAIT_MS);
      this.#onIdle = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export const VIEWS_MAX = 8;
export const WAITING_VIEWS_MAX = 10_000;
/** A view that runs longer than this after its store was closed keeps its connection until it ends. */
const CLOSE_WAIT_MS = 5_000;
