import { OverloadedError } from '../errors.ts';
import { WakeUp } from '../processing/wake-up.ts';

/** Those who wait for read models to move on: woken by every commit, bounded in number. */
export class Waiters {
  readonly #waiting = new Set<WakeUp>();
  readonly #max: number;
  #isClosed = false;

  constructor(max: number) {
    this.#max = max;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  wakeAll(): void {
    for (const wakeUp of this.#waiting) wakeUp.raise();
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#isClosed = true;
    this.wakeAll();
  }

  /** @throws {@link OverloadedError} when too many wait already. */
  async waiting<Value>(
    signal: AbortSignal | undefined,
    work: (wakeUp: WakeUp) => Promise<Value>,
  ): Promise<Value> {
    const ends = this.join(signal);
    try {
      return await work(ends.wakeUp);
    } finally {
      ends.leave();
    }
  }

  join(signal: AbortSignal | undefined): { readonly wakeUp: WakeUp; readonly leave: () => void } {
    if (this.#waiting.size >= this.#max) throw new OverloadedError('waitersMax', this.#max);
    const wakeUp = new WakeUp();
    const wake = (): void => wakeUp.raise();
    this.#waiting.add(wakeUp);
    signal?.addEventListener('abort', wake);
    const leave = (): void => {
      this.#waiting.delete(wakeUp);
      signal?.removeEventListener('abort', wake);
    };
    return { wakeUp, leave };
  }
}
