/** What every open account holds: one row for each, by the account's id. */
import { readModel, remove } from '@daybook/core';
import { z } from 'zod';

import { account } from './account.ts';

export const balances = readModel('balances', {
  from: [account],
  row: z.object({ owner: z.string(), balanceCents: z.int() }),
  indexes: ['owner', 'balanceCents'],
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { balanceCents }) => row && { ...row, balanceCents },
    MoneyWithdrawn: (row, { balanceCents }) => row && { ...row, balanceCents },
    AccountClosed: () => remove,
  },
  queries: (query) => ({
    balanceOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    richest: query(z.object({ limit: z.int().min(1).max(1_000).default(10) }), (rows, { limit }) =>
      rows.find({ orderBy: { balanceCents: 'desc' }, limit }),
    ),
    ofOwner: query(
      z.object({ owner: z.string(), cursor: z.string().optional() }),
      (rows, { owner, cursor }) => rows.find({ where: { owner }, limit: 1_000, cursor }),
    ),
  }),
});
