/** A small bank for the client's tests. */
import { createHash } from 'node:crypto';

import { daybook, decider, memory, readModel, type StoreAdapter } from '@daybook/core';
import { z } from 'zod';

const money = z.object({ cents: z.int().positive() });

export const account = decider('account', {
  events: {
    AccountOpened: z.object({ owner: z.string() }),
    MoneyDeposited: money,
    MoneyWithdrawn: money,
  },
  commands: {
    OpenAccount: z.object({ owner: z.string() }),
    DepositMoney: money,
    WithdrawMoney: money,
  },
  refusals: { NotOpen: z.object({}), InsufficientFunds: z.object({ balanceCents: z.int() }) },
  initialState: { isOpen: false, balanceCents: 0 },
  evolve: {
    AccountOpened: (state) => ({ ...state, isOpen: true }),
    MoneyDeposited: (state, { cents }) => ({ ...state, balanceCents: state.balanceCents + cents }),
    MoneyWithdrawn: (state, { cents }) => ({ ...state, balanceCents: state.balanceCents - cents }),
  },
  decide: {
    OpenAccount: (command, { isOpen }, { emit }) => (isOpen ? [] : emit.AccountOpened(command)),
    DepositMoney: (command, { isOpen }, { emit, refuse }) =>
      isOpen ? emit.MoneyDeposited(command) : refuse.NotOpen(),
    WithdrawMoney: ({ cents }, { balanceCents }, { emit, refuse }) =>
      cents > balanceCents
        ? refuse.InsufficientFunds({ balanceCents })
        : emit.MoneyWithdrawn({ cents }),
  },
});

export const balances = readModel('balances', {
  from: [account],
  row: z.object({ owner: z.string(), balanceCents: z.int() }),
  indexes: ['owner'],
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { cents }) => row && { ...row, balanceCents: row.balanceCents + cents },
    MoneyWithdrawn: (row, { cents }) => row && { ...row, balanceCents: row.balanceCents - cents },
  },
  queries: (query) => ({
    balanceOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
  }),
});

export const bank = daybook({ deciders: [account], readModels: [balances] });

export type Bank = Awaited<ReturnType<typeof bank.start>>;

export function memoryStore(): StoreAdapter {
  return memory({ sha256: (text) => createHash('sha256').update(text).digest('hex') });
}
