/**
 * Something that is waited for, that may come before it is waited for, and that has no content.
 *
 * A beat between two waits ends the second at once, so nothing is missed between reading and waiting.
 */
export class Pulse {
  #isBeaten = false;
  #resume: (() => void) | undefined;

  beat(): void {
    this.#isBeaten = true;
    this.#resume?.();
  }

  /** Resolves after the next beat, or after `timeoutMs`. One caller at a time. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isBeaten) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        timer.unref();
        this.#resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#resume = undefined;
    }
    this.#isBeaten = false;
  }
}
