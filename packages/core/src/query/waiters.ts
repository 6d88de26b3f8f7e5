import { OverloadedError } from '../errors.ts';
import { WakeUp } from '../processing/wake-up.ts';

/** Those who wait for read models to move on: woken by the commits of theirs, bounded in number. */
export class Waiters {
  readonly #waiting = new Map<WakeUp, string>();
  readonly #limit: string;
  readonly #max: number;
  #isClosed = false;

  /** @param limit the bound's name, for the error. */
  constructor(limit: string, max: number) {
    this.#limit = limit;
    this.#max = max;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Wakes those who wait for a read model, or all of them. */
  wake(readModel: string | undefined): void {
    for (const [wakeUp, waitsFor] of this.#waiting) {
      if (readModel === undefined || readModel === waitsFor) wakeUp.raise();
    }
  }

  /** Ends every wait, now and from now on. */
  close(): void {
    this.#isClosed = true;
    this.wake(undefined);
  }

  /** @throws {@link OverloadedError} when too many wait already. */
  join(readModel: string, signal: AbortSignal | undefined): Waiter {
    if (this.#waiting.size >= this.#max) throw new OverloadedError(this.#limit, this.#max);
    const wakeUp = new WakeUp();
    const wake = (): void => wakeUp.raise();
    this.#waiting.set(wakeUp, readModel);
    signal?.addEventListener('abort', wake);
    const leave = (): void => {
      this.#waiting.delete(wakeUp);
      signal?.removeEventListener('abort', wake);
    };
    return { wakeUp, leave };
  }
}

export interface Waiter {
  readonly wakeUp: WakeUp;
  /** To be called when the wait is over, however it ends. */
  readonly leave: () => void;
}
