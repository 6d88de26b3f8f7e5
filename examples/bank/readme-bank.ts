import { daybook, decider, readModel } from '@daybook/core';
import { z } from 'zod';

const byId = z.object({ id: z.string() });
const opened = z.object({ owner: z.string() });
const money = z.object({ cents: z.int().positive() });

export const account = decider('account', {
  events: { AccountOpened: opened, MoneyDeposited: money, MoneyWithdrawn: money },
  commands: { OpenAccount: opened, DepositMoney: money, WithdrawMoney: money },
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
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { cents }) => row && { ...row, balanceCents: row.balanceCents + cents },
    MoneyWithdrawn: (row, { cents }) => row && { ...row, balanceCents: row.balanceCents - cents },
  },
  queries: (query) => ({ balanceOf: query(byId, (rows, { id }) => rows.get(id)) }),
});

export const bank = daybook({ deciders: [account], readModels: [balances] });
