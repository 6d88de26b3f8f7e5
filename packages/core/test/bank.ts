/** The bank: accounts, and entries that move money between them. */
import { daybook, decider, decision, readModel } from '@daybook/core';
import { z } from 'zod';

const cents = z.int();
const id = z.object({ id: z.string() });
const movement = z.object({
  cents: cents.positive(),
  balanceCents: cents,
  entryId: z.string().optional(),
  payee: z.string().optional(),
  memo: z.string().optional(),
});

export const account = decider('account', {
  events: {
    AccountOpened: z.object({ owner: z.string(), overdraftCents: cents.nonnegative() }),
    MoneyDeposited: movement,
    MoneyWithdrawn: movement,
    AccountClosed: z.object({}),
  },
  commands: {
    OpenAccount: z.object({ owner: z.string(), overdraftCents: cents.nonnegative().default(0) }),
    DepositMoney: z.object({ cents: cents.positive() }),
    WithdrawMoney: z.object({ cents: cents.positive() }),
    CloseAccount: z.object({}),
  },
  refusals: {
    NotOpen: z.object({}),
    AlreadyOpen: z.object({}),
    InsufficientFunds: z.object({ balanceCents: cents }),
    NotEmpty: z.object({ balanceCents: cents }),
  },
  initialState: { isOpen: false, overdraftCents: 0, balanceCents: 0 },
  evolve: {
    AccountOpened: (state, { overdraftCents }) => ({ ...state, isOpen: true, overdraftCents }),
    MoneyDeposited: (state, { balanceCents }) => ({ ...state, balanceCents }),
    MoneyWithdrawn: (state, { balanceCents }) => ({ ...state, balanceCents }),
    AccountClosed: (state) => ({ ...state, isOpen: false }),
  },
  decide: {
    OpenAccount: (command, { isOpen }, { emit, refuse }) =>
      isOpen ? refuse.AlreadyOpen() : emit.AccountOpened(command),
    DepositMoney: (command, { isOpen, balanceCents }, { emit, refuse }) =>
      isOpen
        ? emit.MoneyDeposited({ ...command, balanceCents: balanceCents + command.cents })
        : refuse.NotOpen(),
    WithdrawMoney: (command, { isOpen, balanceCents, overdraftCents }, { emit, refuse }) => {
      if (!isOpen) return refuse.NotOpen();
      const rest = balanceCents - command.cents;
      if (rest < -overdraftCents) return refuse.InsufficientFunds({ balanceCents });
      return emit.MoneyWithdrawn({ ...command, balanceCents: rest });
    },
    CloseAccount: (_, { isOpen, balanceCents }, { emit, refuse }) => {
      if (!isOpen) return [];
      return balanceCents === 0 ? emit.AccountClosed() : refuse.NotEmpty({ balanceCents });
    },
  },
});

const posting = z.object({ account: z.string(), cents: cents.refine((value) => value !== 0) });
const entry = z
  .object({
    entryId: z.string(),
    postings: z.array(posting).min(1).max(100),
    payee: z.string().optional(),
    memo: z.string().optional(),
  })
  .refine(({ postings }) => sum(postings.map((item) => item.cents)) === 0, 'the cents sum to 0')
  .refine(({ postings }) => areDistinct(postings.map((item) => item.account)), {
    message: 'an account stands once in an entry',
    path: ['postings'],
  });

export const postEntry = decision('PostEntry', {
  command: entry,
  reads: ({ postings }) => ({ accounts: postings.map((item) => account.stream(item.account)) }),
  emits: [account],
  refusals: {
    NotOpen: z.object({ account: z.string() }),
    InsufficientFunds: z.object({ account: z.string(), balanceCents: cents }),
  },
  decide: ({ postings, ...about }, { accounts }, { emit, refuse }) => {
    const events = [];
    for (const [index, { account: name, cents: change }] of postings.entries()) {
      const state = accounts[index];
      if (state === undefined || !state.isOpen) return refuse.NotOpen({ account: name });
      const balanceCents = state.balanceCents + change;
      if (change < 0 && balanceCents < -state.overdraftCents) {
        return refuse.InsufficientFunds({ account: name, balanceCents: state.balanceCents });
      }
      const emitMovement = change < 0 ? emit.MoneyWithdrawn : emit.MoneyDeposited;
      events.push(emitMovement(name, { cents: Math.abs(change), balanceCents, ...about }));
    }
    return events;
  },
});

export const balances = readModel('balances', {
  from: [account],
  row: z.object({ owner: z.string(), balanceCents: cents }),
  indexes: ['owner', 'balanceCents'],
  on: {
    AccountOpened: (_, { owner }) => ({ owner, balanceCents: 0 }),
    MoneyDeposited: (row, { balanceCents }) => row && { ...row, balanceCents },
    MoneyWithdrawn: (row, { balanceCents }) => row && { ...row, balanceCents },
  },
  queries: (query) => ({
    balanceOf: query(id, (rows, params) => rows.get(params.id)),
    richest: query(
      z.object({ limit: z.coerce.number<number | string>().default(10) }),
      (rows, { limit }) => rows.find({ orderBy: { balanceCents: 'desc' }, limit }),
    ),
    ofOwner: query(z.object({ owner: z.string() }), (rows, { owner }) =>
      rows.find({ where: { owner } }),
    ),
  }),
});

export const statements = readModel('statements', {
  from: [account],
  row: z.object({
    account: z.string(),
    position: z.int(),
    cents,
    balanceCents: cents,
    entryId: z.string().optional(),
    payee: z.string().optional(),
    memo: z.string().optional(),
  }),
  indexes: [['account', 'position']],
  key: (event) => event.id,
  on: {
    MoneyDeposited: (_, data, { streamId, position }) => ({ ...data, account: streamId, position }),
    MoneyWithdrawn: (_, data, { streamId, position }) => ({
      ...data,
      cents: -data.cents,
      account: streamId,
      position,
    }),
  },
  queries: (query) => ({
    statementOf: query(
      z.object({
        id: z.string(),
        limit: z.coerce.number<number | string>().optional(),
        cursor: z.string().optional(),
      }),
      (rows, params) =>
        rows.find({
          where: { account: params.id },
          orderBy: { position: 'asc' },
          limit: params.limit,
          cursor: params.cursor,
        }),
    ),
  }),
});

export const bank = daybook({
  deciders: [account],
  decisions: [postEntry],
  readModels: [balances, statements],
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
