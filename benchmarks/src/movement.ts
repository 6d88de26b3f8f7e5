/** The event that all stores write: about 250 bytes of JSON, data 175 and metadata 75. */
import { randomUUID } from 'node:crypto';

export interface Movement {
  readonly cents: number;
  readonly balanceCents: number;
  readonly entryId: string;
  readonly payee: string;
  readonly memo: string;
}

export interface MovementMetadata {
  readonly correlationId: string;
  readonly actor: string;
}

export const MOVEMENT_TYPE = 'MoneyDeposited';

/** The stream that the `index`th append goes to, of `streams` in turn. */
export function streamOf(index: number, streams: number): string {
  return `account-acc-${index % streams}`;
}

export function movement(index: number): Movement {
  return {
    cents: (index % 997) + 1,
    balanceCents: 1_000_000 + index,
    entryId: `entry-2026-11-${String(index).padStart(12, '0')}`,
    payee: 'Grocery on the corner, Main Street',
    memo: 'weekly shopping, paid by card',
  };
}

export function movementMetadata(): MovementMetadata {
  return { correlationId: randomUUID(), actor: 'teller-7' };
}
