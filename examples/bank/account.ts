/** An account: its events, its commands, why a command may be refused, and its state. */
import { decider } from '@daybook/core';
import { z } from 'zod';

/** Whole cents: money is never a fraction of one. Beyond a safe integer nothing is accepted. */
const wholeCents = z.int();
const allowed = wholeCents.nonnegative();
const amount = wholeCents.positive();
/** Ten thousand million: far from where a balance would no longer be a safe integer. */
const orderedAmount = amount.max(1_000_000_000_000);

/** One movement, and the balance after it. The last three stand in movements of an entry (`PostEntry`). */
const movement = z.object({
  cents: amount,
  balanceCents: wholeCents,
  entryId: z.string().optional(),
  payee: z.string().optional(),
  memo: z.string().optional(),
});

/** The stream `account-{id}`. A closed account may be opened again; its history goes on. */
export const account = decider('account', {
  events: {
    AccountOpened: z.object({ owner: z.string(), overdraftCents: allowed }),
    MoneyDeposited: movement,
    MoneyWithdrawn: movement,
    AccountClosed: z.object({}),
  },
  commands: {
    OpenAccount: z.object({
      owner: z.string().min(1),
      overdraftCents: allowed.default(0),
    }),
    DepositMoney: z.object({ cents: orderedAmount }),
    WithdrawMoney: z.object({ cents: orderedAmount }),
    CloseAccount: z.object({}),
  },
  refusals: {
    NotOpen: z.object({}),
    AlreadyOpen: z.object({}),
    InsufficientFunds: z.object({ balanceCents: wholeCents }),
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
