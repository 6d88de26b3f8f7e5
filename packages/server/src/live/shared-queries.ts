/**
 * One evaluation for everybody who asks the same (RULES V2).
 *
 * The same is: query, parameters with those that authorisation forces, and whether what was read is noted. Who may ask was
 * found out for each before. A query is evaluated for as long as somebody listens, and its answers only grow in position;
 * who is slow is given the newest, and misses those between.
 */
import { canonicalJson, type AppFace, type QueryAnswer, type QueryMessage } from '@daybook/core';

export class SharedQueries {
  readonly #app: Pick<AppFace, 'live'>;
  readonly #queries = new Map<string, SharedQuery>();

  constructor(app: Pick<AppFace, 'live'>) {
    this.#app = app;
  }

  /** To be left by `leave` of what it gives. */
  join(message: QueryMessage, reads: boolean): SharedListener {
    const key = canonicalJson([message.readModel, message.query, message.params ?? null, reads]);
    const known = this.#queries.get(key);
    const query = known ?? new SharedQuery(this.#app, message, reads);
    this.#queries.set(key, query);
    return query.join(() => {
      if (this.#queries.get(key) === query) this.#queries.delete(key);
    });
  }
}

/** One who listens to a query that others may listen to as well. */
export interface SharedListener {
  /** The newest answer; undefined before the first. */
  newest(): QueryAnswer | undefined;
  /**
   * Resolves when there is another answer than the one that was taken, or the signal is aborted.
   *
   * @throws what the evaluation threw; resolves with false when it came to its end.
   */
  next(taken: QueryAnswer | undefined, signal: AbortSignal): Promise<boolean>;
  leave(): void;
}

class SharedQuery {
  readonly #ending = new AbortController();
  readonly #wakes = new Set<() => void>();
  #listeners = 0;
  #newest: QueryAnswer | undefined;
  #hasEnded = false;
  #error: unknown;

  constructor(app: Pick<AppFace, 'live'>, message: QueryMessage, reads: boolean) {
    void this.#run(app.live(message, { signal: this.#ending.signal, reads, positions: true }));
  }

  join(left: () => void): SharedListener {
    this.#listeners += 1;
    let isHere = true;
    return {
      newest: () => this.#newest,
      next: (taken, signal) => this.#next(taken, signal),
      leave: () => {
        if (!isHere) return;
        isHere = false;
        this.#listeners -= 1;
        if (this.#listeners > 0) return;
        left();
        this.#ending.abort();
      },
    };
  }

  async #run(answers: AsyncIterable<QueryAnswer>): Promise<void> {
    try {
      for await (const answer of answers) {
        this.#newest = answer;
        this.#wakeAll();
      }
    } catch (error) {
      this.#error = error;
    }
    this.#hasEnded = true;
    this.#wakeAll();
  }

  async #next(taken: QueryAnswer | undefined, signal: AbortSignal): Promise<boolean> {
    while (this.#newest === taken && !this.#hasEnded && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wakes.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wakes.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
    if (this.#newest !== taken) return true;
    if (this.#error !== undefined) throw this.#error;
    return !this.#hasEnded;
  }

  #wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }
}
