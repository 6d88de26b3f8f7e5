/** An account: its events, its commands, why a command may be refused, and its state. */
import { decider } from '@daybook/core';
import { z } from 'zod';

/** Whole cents: money is never a fraction of one. Beyond a safe integer nothing is accepted. */
const cents = z.int();
const overdraftCents = cents.nonnegative();

/** One movement, and the balance after it. The last three stand in movements of an entry (`PostEntry`). */
const movement = z.object({
  cents: cents.positive(),
  balanceCents: cents,
  entryId: z.string().optional(),
  payee: z.string().optional(),
  memo: z.string().optional(),
});

/** The stream `account-{id}`. A closed account may be opened again; its history goes on. */
export const account = decider('account', {
  events: {
    AccountOpened: z.object({ owner: z.string(), overdraftCents }),
    MoneyDeposited: movement,
    MoneyWithdrawn: movement,
    AccountClosed: z.object({}),
  },
  commands: {
    OpenAccount: z.object({
      owner: z.string().min(1),
      overdraftCents: overdraftCents.default(0),
    }),
    DepositMoney: z.object({ cents: cents.positive() }),
    WithdrawMoney: z.object({ cents: cents.positive() }),
    CloseAccount: z.object({}),
  },
  refusals: {
    NotOpen: z.object({}),
    AlreadyOpen: z.object({}),
    InsufficientFunds: z.object({ balanceCents: cents }),
    NotEmpty: z.object({}),
  },
  initialState: { isOpen: false, balanceCents: 0, overdraftCents: 0 },
  evolve: {
    AccountOpened: (state, { overdraftCents }) => ({ ...state, isOpen: true, overdraftCents }),
    MoneyDeposited: (state, { balanceCents }) => ({ ...state, balanceCents }),
    MoneyWithdrawn: (state, { balanceCents }) => ({ ...state, balanceCents }),
    AccountClosed: (state) => ({ ...state, isOpen: false }),
  },
  decide: {
    OpenAccount: (command, { isOpen }, { emit, refuse }) =>
      isOpen ? refuse.AlreadyOpen() : emit.AccountOpened(command),
    DepositMoney: ({ cents }, { isOpen, balanceCents }, { emit, refuse }) =>
      isOpen
        ? emit.MoneyDeposited({ cents, balanceCents: balanceCents + cents })
        : refuse.NotOpen(),
    WithdrawMoney: ({ cents }, { isOpen, balanceCents, overdraftCents }, { emit, refuse }) => {
      if (!isOpen) return refuse.NotOpen();
      const rest = balanceCents - cents;
      if (rest < -overdraftCents) return refuse.InsufficientFunds({ balanceCents });
      return emit.MoneyWithdrawn({ cents, balanceCents: rest });
    },
    CloseAccount: (_, { isOpen, balanceCents }, { emit, refuse }) => {
      if (!isOpen) return refuse.NotOpen();
      return balanceCents === 0 ? emit.AccountClosed() : refuse.NotEmpty();
    },
  },
});
