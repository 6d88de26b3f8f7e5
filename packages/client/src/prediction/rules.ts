/**
 * When an answer of the server contains an operation: the three judgements that everything else rests on.
 *
 * They stand apart so that a test can put naive ones in their place and see the invariants break.
 */
import { decodeToken, hasCode, type TokenContent } from '@daybook/core';
import type { TrackedOperation } from '../outbox/operation.ts';

/** Where an answer stands. */
export interface BasePlace {
  readonly position: number;
  readonly epoch: string | undefined;
  /** By log, where its token says more than its position. */
  readonly logs?: ReadonlyMap<string, { readonly position: number }>;
}

export interface PredictionRules {
  /** The answer has the operation's effect, or there is none: nothing is laid over it any more. */
  isIncluded(operation: TrackedOperation, base: BasePlace): boolean;
  /** The row has seen the event at this position (RULES T3). */
  isSeen(asOf: number, position: number): boolean;
  /** Frames wait until it is known which operations under way they contain. */
  readonly asksFirst: boolean;
}

export const soundRules: PredictionRules = {
  isIncluded({ place }, { position, epoch, logs }) {
    if (place === undefined) return false;
    if (place.position === null) return true;
    // Positions of another epoch say nothing here: what the server shows is all that there is.
    const isOther = place.epoch !== undefined && epoch !== undefined && place.epoch !== epoch;
    return isOther || (logs?.get(place.log)?.position ?? position) >= place.position;
  },
  isSeen: (asOf, position) => position <= asOf,
  asksFirst: true,
};

/** What a token says; undefined for one that is not of our making. */
export function contentOf(token: string): TokenContent | undefined {
  try {
    return decodeToken(token);
  } catch (error) {
    if (hasCode(error, 'token-of-another-store')) return undefined;
    throw error;
  }
}
