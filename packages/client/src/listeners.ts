/** Those who are told of changes. One listener's fault is not another's; it is still told to whoever watches. */
export class Listeners {
  readonly #all = new Set<() => void>();

  /** Adds a listener; one function given twice is two listeners. Returns what takes it away. */
  add(listener: () => void): () => void {
    const own = (): void => listener();
    this.#all.add(own);
    return () => this.#all.delete(own);
  }

  tell(): void {
    for (const listener of this.#all) {
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  clear(): void {
    this.#all.clear();
  }
}
