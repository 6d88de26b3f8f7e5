/** Everything that stays open: live connections and event streams. Bounded together, ended together. */
import { HttpProblem } from './problem.ts';

/** Ends one connection; `retryAfterMs` is told to those that can be told. */
export type EndConnection = (retryAfterMs: number) => void;

export class Connections {
  readonly #max: number;
  readonly #open = new Set<EndConnection>();
  #isDraining = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** True from `end` on: answers then close their connections. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Counts a connection in; the result counts it out, once.
   *
   * @throws {@link HttpProblem} `too-many-connections`, or `closed` while draining.
   */
  add(end: EndConnection): () => void {
    if (this.#isDraining) throw new HttpProblem('closed', 'The server is stopping.');
    if (this.#open.size >= this.#max) {
      throw new HttpProblem(
        'too-many-connections',
        `This server keeps at most ${this.#max} connections open.`,
      );
    }
    this.#open.add(end);
    return () => {
      this.#open.delete(end);
    };
  }

  /** Ends all of them, and takes no more. */
  end(retryAfterMs: number): void {
    this.#isDraining = true;
    for (const end of this.#open) end(retryAfterMs);
  }
}
