/** The store's clock. */

/**
 * The clock in integer milliseconds.
 *
 * Functions do not cross threads, so a clock that is set by hand is shared memory: one Float64 of milliseconds, which
 * counts while it is above 0.
 */
export function clockOf(shared: SharedArrayBuffer | undefined): () => number {
  if (shared === undefined) return Date.now;
  const cell = new Float64Array(shared);
  return () => {
    const [set = 0] = cell;
    return set > 0 ? Math.trunc(set) : Date.now();
  };
}
