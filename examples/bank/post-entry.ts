/**
 * An entry of double-entry bookkeeping: money that moves between accounts, all of it or none.
 *
 * A transfer is an entry of two postings. Malformed entries (the cents do not sum to 0, an account stands twice, a posting
 * moves nothing) are invalid whatever the accounts hold, so the schema says it; what depends on the accounts is a refusal.
 */
import { decision } from '@daybook/core';
import { z } from 'zod';

import { account } from './account.ts';

/** Accounts of one entry; each is a stream of one append. */
export const POSTINGS_MAX = 100;

const postingSchema = z.object({
  account: z.string(),
  cents: z.int().refine((cents) => cents !== 0, 'A posting moves at least one cent'),
});

const postingsSchema = z
  .array(postingSchema)
  .min(2)
  .max(POSTINGS_MAX)
  .refine(sumsToZero, 'The cents of an entry sum to 0')
  .refine(areDistinct, 'An account stands once in an entry');

export const postEntry = decision('PostEntry', {
  command: z.object({
    entryId: z.string().min(1),
    postings: postingsSchema,
    payee: z.string().optional(),
    memo: z.string().optional(),
  }),
  reads: ({ postings }) => ({
    accounts: postings.map((posting) => account.stream(posting.account)),
  }),
  emits: [account],
  refusals: {
    NotOpen: z.object({ account: z.string() }),
    InsufficientFunds: z.object({ account: z.string(), balanceCents: z.int() }),
  },
  decide: ({ postings, ...about }, { accounts }, { emit, refuse }) => {
    const events = [];
    for (const [index, { account: id, cents }] of postings.entries()) {
      const state = accounts[index];
      if (state === undefined || !state.isOpen) return refuse.NotOpen({ account: id });
      const balanceCents = state.balanceCents + cents;
      if (cents < 0 && balanceCents < -state.overdraftCents) {
        return refuse.InsufficientFunds({ account: id, balanceCents: state.balanceCents });
      }
      const emitMovement = cents < 0 ? emit.MoneyWithdrawn : emit.MoneyDeposited;
      events.push(emitMovement(id, { cents: Math.abs(cents), balanceCents, ...about }));
    }
    return events;
  },
});

/** Summed as big integers: a hundred safe integers can leave the safe range and come back wrong. */
function sumsToZero(postings: readonly { readonly cents: number }[]): boolean {
  return postings.reduce((sum, { cents }) => sum + toBigInt(cents), 0n) === 0n;
}

/** Cents that are no integer have an issue of their own. */
function toBigInt(cents: number): bigint {
  return Number.isSafeInteger(cents) ? BigInt(cents) : 0n;
}

function areDistinct(postings: readonly { readonly account: string }[]): boolean {
  return new Set(postings.map((posting) => posting.account)).size === postings.length;
}
