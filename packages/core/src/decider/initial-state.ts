import { deepFreeze } from '../message/deep-freeze.ts';

/**
 * A function that gives the initial state.
 *
 * A state given as a value is shared by every fold, so it is frozen: an `evolve` that changes its state in place fails at once
 * instead of leaking one stream into another.
 */
export function initialStateOf(initialState: unknown): () => unknown {
  if (typeof initialState === 'function') return () => initialState();
  const frozen = deepFreeze(initialState);
  return () => frozen;
}
