/** A fold over the events that carry some tags, wherever they stand: what a decision reads beside streams. */
import type { EventFace } from '../message/event.ts';

/** A fold to the runtime, bound to its argument. */
export interface FoldFace {
  readonly kind: 'fold';
  /** By type: only the types that it evolves on; the query to read is "any of these types, with all of `tags`". */
  readonly events: ReadonlyMap<string, EventFace>;
  readonly tags: readonly string[];
  initialState(): unknown;
  evolve(state: unknown, type: string, data: unknown): unknown;
}
