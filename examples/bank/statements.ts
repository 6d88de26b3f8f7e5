/** The statements: one row for each movement, with the balance after it. */
import { readModel } from '@daybook/core';
import { z } from 'zod';

import { account } from './account.ts';

export const statements = readModel('statements', {
  from: [account],
  row: z.object({
    account: z.string(),
    /** Of the movement in the account's stream: what a statement is sorted by. */
    revision: z.int(),
    at: z.string(),
    /** Below 0 for a withdrawal. */
    cents: z.int(),
    balanceCents: z.int(),
    entryId: z.string().optional(),
    payee: z.string().optional(),
    memo: z.string().optional(),
  }),
  indexes: [['account', 'revision']],
  key: (event) => event.id,
  on: {
    MoneyDeposited: (_, data, event) => ({ ...placeOf(event), ...data }),
    MoneyWithdrawn: (_, data, event) => ({ ...placeOf(event), ...data, cents: -data.cents }),
  },
  queries: (query) => ({
    statementOf: query(
      z.object({
        id: z.string(),
        limit: z.int().min(1).max(1_000).default(100),
        cursor: z.string().optional(),
      }),
      (rows, { id, limit, cursor }) =>
        rows.find({ where: { account: id }, orderBy: { revision: 'asc' }, limit, cursor }),
    ),
  }),
});

interface Recorded {
  readonly streamId: string;
  readonly revision: number;
  readonly recordedAt: number;
}

function placeOf({ streamId, revision, recordedAt }: Recorded): {
  readonly account: string;
  readonly revision: number;
  readonly at: string;
} {
  return { account: streamId, revision, at: new Date(recordedAt).toISOString() };
}
