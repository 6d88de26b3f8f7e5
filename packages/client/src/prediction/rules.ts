/**
 * When an answer of the server contains an operation: the three judgements that everything else rests on.
 *
 * They stand apart so that a test can put naive ones in their place and see the invariants break.
 */
import { decodeToken, hasCode } from '@daybook/core';
import type { TrackedOperation } from '../outbox/operation.ts';

/** Where an answer stands. */
export interface BasePlace {
  readonly position: number;
  readonly token: string;
  readonly epoch: string | undefined;
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
  isIncluded({ place, outcome }, base) {
    if (place === undefined) return false;
    if (place.position === null) return true;
    const epoch = outcome === undefined ? base.epoch : epochOf(outcome.token);
    // Positions of another epoch say nothing here: what the server shows is all that there is.
    if (epoch !== undefined && base.epoch !== undefined && epoch !== base.epoch) return true;
    return positionIn(base, place.log) >= place.position;
  },
  isSeen: (asOf, position) => position <= asOf,
  asksFirst: true,
};

/** Where the answer stands in one log; its position where its token does not say. */
function positionIn({ token, position }: BasePlace, log: string): number {
  return contentOf(token)?.places.get(log)?.position ?? position;
}

function epochOf(token: string): string | undefined {
  return contentOf(token)?.epoch;
}

function contentOf(token: string): ReturnType<typeof decodeToken> | undefined {
  try {
    return decodeToken(token);
  } catch (error) {
    if (hasCode(error, 'token-of-another-store')) return undefined;
    throw error;
  }
}
