/** A bank in small: what the questions about reading and answering are asked of. */
import { daybook, decider, readModel } from '@daybook/core';
import { z } from 'zod';

const cents = z.int();
const movement = z.object({
  cents: cents.positive(),
  balanceCents: cents,
  entryId: z.string().optional(),
  payee: z.string().optional(),
  memo: z.string().optional(),
});

export const account = decider('account', {
  events: {
    AccountOpened: z.object({ owner: z.string() }),
    MoneyDeposited: movement,
    MoneyWithdrawn: movement,
  },
  commands: {
    OpenAccount: z.object({ owner: z.string() }),
    DepositMoney: z.object({ cents: cents.positive() }),
    WithdrawMoney: z.object({ cents: cents.positive() }),
  },
  refusals: {
    NotOpen: z.object({}),
    InsufficientFunds: z.object({ balanceCents: cents }),
  },
  initialState: { isOpen: false, balanceCents: 0 },
  evolve: {
    AccountOpened: (state) => ({ ...state, isOpen: true }),
    MoneyDeposited: (state, { balanceCents }) => ({ ...state, balanceCents }),
    MoneyWithdrawn: (state, { balanceCents }) => ({ ...state, balanceCents }),
  },
  decide: {
    OpenAccount: (command, { isOpen }, { emit }) => (isOpen ? [] : emit.AccountOpened(command)),
    DepositMoney: (command, { isOpen, balanceCents }, { emit, refuse }) =>
      isOpen
        ? emit.MoneyDeposited({ ...command, balanceCents: balanceCents + command.cents })
        : refuse.NotOpen(),
    WithdrawMoney: (command, { balanceCents }, { emit, refuse }) =>
      command.cents > balanceCents
        ? refuse.InsufficientFunds({ balanceCents })
        : emit.MoneyWithdrawn({ ...command, balanceCents: balanceCents - command.cents }),
  },
});

export const balances = readModel('balances', {
  from: [account],
  row: z.object({ owner: z.string(), balanceCents: cents }),
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { balanceCents }) => row && { ...row, balanceCents },
    MoneyWithdrawn: (row, { balanceCents }) => row && { ...row, balanceCents },
  },
  queries: (query) => ({
    balanceOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
  }),
});

export const bank = daybook({ deciders: [account], readModels: [balances] });
/** The same without read models: for what only writes or folds. */
export const ledgerOnly = daybook({ deciders: [account] });
