/**
 * A wake-up that is never lost: what is raised while nobody waits ends the next wait at once. Several raises may end
 * one wait; what counts is what the waiter then reads.
 */
export class WakeUp {
  #isRaised = false;
  #wake: (() => void) | undefined;

  raise(): void {
    this.#isRaised = true;
    this.#wake?.();
  }

  /** Resolves when raised, or after `timeoutMs`. One waiter at a time. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isRaised = false;
  }
}

/** Callbacks by which something tells that it changed. */
export class Listeners<Arguments extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Arguments) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Returns what ends it; ending twice is harmless. */
  add(listener: (...args: Arguments) => void): () => void {
    // A wrapper of its own, so that the same function added twice is called twice and removed once.
    const own = (...args: Arguments): void => listener(...args);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  call(...args: Arguments): void {
    for (const listener of this.#listeners) listener(...args);
  }
}
