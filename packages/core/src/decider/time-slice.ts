/** How long a fold may keep the caller's thread before it lets others in, ms (RULES P6). */
export const TIME_SLICE_MS = 5;

/**
 * Long work on the caller's thread, cut into slices: call `isOver()` between steps and await `rest()` when it says so.
 *
 * A microtask would not let timers and sockets in, and a timer costs a millisecond; a message through a channel is a
 * full turn of the event loop at the price of some microseconds.
 */
export class TimeSlice {
  #until = performance.now() + TIME_SLICE_MS;

  isOver(): boolean {
    return performance.now() >= this.#until;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#until = performance.now() + TIME_SLICE_MS;
  }
}

/** Resolves in a later turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (): void => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', end, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
}
