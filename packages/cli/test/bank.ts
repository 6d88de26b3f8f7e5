/** A small bank for the command line's tests; with POISON=1 in the environment, its read model fails on 666 cents. */
import { daybook, decider, decision, readModel } from '@daybook/core';
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
  refusals: { InsufficientFunds: z.object({ balanceCents: z.int() }) },
  initialState: { balanceCents: 0 },
  evolve: {
    AccountOpened: (state) => state,
    MoneyDeposited: (state, { cents }) => ({ balanceCents: state.balanceCents + cents }),
    MoneyWithdrawn: (state, { cents }) => ({ balanceCents: state.balanceCents - cents }),
  },
  decide: {
    OpenAccount: (command, _, { emit }) => emit.AccountOpened(command),
    DepositMoney: (command, _, { emit }) => emit.MoneyDeposited(command),
    WithdrawMoney: (command, { balanceCents }, { emit, refuse }) =>
      command.cents > balanceCents
        ? refuse.InsufficientFunds({ balanceCents })
        : emit.MoneyWithdrawn(command),
  },
});
export const transfer = decision('Transfer', {
  command: z.object({ from: z.string(), to: z.string(), cents: z.int().positive() }),
  reads: ({ from, to }) => ({ accounts: [account.stream(from), account.stream(to)] }),
  emits: [account],
  decide: ({ from, to, cents }, _, { emit }) => [
    emit.MoneyWithdrawn(from, { cents }),
    emit.MoneyDeposited(to, { cents }),
  ],
});
const isPoison = (cents: number): boolean => cents === 666 && process.env['POISON'] === '1';
const balances = readModel('balances', {
  from: [account],
  row: z.object({ owner: z.string(), balanceCents: z.int() }),
  indexes: ['owner'],
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { cents }) => {
      if (isPoison(cents)) throw new Error('the beast');
      return row && { ...row, balanceCents: row.balanceCents + cents };
    },
    MoneyWithdrawn: (row, { cents }) => row && { ...row, balanceCents: row.balanceCents - cents },
  },
  queries: (query) => ({
    balanceOf: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    all: query((rows) => rows.find({ limit: 10 })),
  }),
});
export const bank = daybook({ deciders: [account], decisions: [transfer], readModels: [balances] });
