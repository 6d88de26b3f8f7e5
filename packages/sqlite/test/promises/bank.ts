/**
 * A small bank whose rows give away every fault of a projection: an event left out, applied twice or out of order changes
 * `movements` or `trail`, whatever it does to the balance.
 */
import { daybook, decider, decision, readModel } from '@daybook/core';
import { z } from 'zod';

const cents = z.int();
const id = z.object({ id: z.string() });

export const account = decider('account', {
  events: {
    AccountOpened: z.object({ overdraftCents: cents }),
    MoneyMoved: z.object({ cents }),
  },
  commands: {
    OpenAccount: z.object({ overdraftCents: cents }),
    MoveMoney: z.object({ cents }),
  },
  refusals: {
    AlreadyOpen: z.object({}),
    InsufficientFunds: z.object({ balanceCents: cents }),
  },
  initialState: { isOpen: false, overdraftCents: 0, balanceCents: 0 },
  evolve: {
    AccountOpened: (state, { overdraftCents }) => ({ ...state, isOpen: true, overdraftCents }),
    MoneyMoved: (state, data) => ({ ...state, balanceCents: state.balanceCents + data.cents }),
  },
  decide: {
    OpenAccount: (command, { isOpen }, { emit, refuse }) =>
      isOpen ? refuse.AlreadyOpen() : emit.AccountOpened(command),
    MoveMoney: (command, { balanceCents, overdraftCents }, { emit, refuse }) =>
      balanceCents + command.cents < -overdraftCents
        ? refuse.InsufficientFunds({ balanceCents })
        : emit.MoneyMoved(command),
  },
});

const posting = z.object({ account: z.string(), cents });

export const postEntry = decision('PostEntry', {
  command: z.object({ postings: z.array(posting) }),
  reads: ({ postings }) => ({ accounts: postings.map((item) => account.stream(item.account)) }),
  emits: [account],
  refusals: { InsufficientFunds: z.object({ account: z.string(), balanceCents: cents }) },
  decide: ({ postings }, { accounts }, { emit, refuse }) => {
    for (const [index, { account: name, cents: change }] of postings.entries()) {
      const { balanceCents, overdraftCents } = accounts[index] ?? NEVER_OPENED;
      if (balanceCents + change < -overdraftCents) {
        return refuse.InsufficientFunds({ account: name, balanceCents });
      }
    }
    return postings.map((item) => emit.MoneyMoved(item.account, { cents: item.cents }));
  },
});

const NEVER_OPENED = { balanceCents: 0, overdraftCents: 0 };

const balanceRow = z.object({
  account: z.string(),
  balanceCents: cents,
  movements: z.int(),
  /** Tells every sequence of movements from every other, near enough. */
  trail: z.int(),
});

export type BalanceRow = z.infer<typeof balanceRow>;

/** The row after one more movement; also how the tests fold by hand. */
export function moved(row: BalanceRow, change: number): BalanceRow {
  return {
    ...row,
    balanceCents: row.balanceCents + change,
    movements: row.movements + 1,
    trail: (row.trail * 31 + change + TRAIL_OFFSET) % TRAIL_MODULUS,
  };
}

export function openedRow(name: string): BalanceRow {
  return { account: name, balanceCents: 0, movements: 0, trail: 7 };
}

const TRAIL_OFFSET = 1_000_000;
const TRAIL_MODULUS = 1_000_000_007;

export const balances = balancesWith(() => false);

/** @param isBroken while it says so, a movement of {@link POISON_CENTS} throws. */
export function balancesWith(isBroken: () => boolean) {
  return readModel('balances', {
    from: [account],
    row: balanceRow,
    indexes: ['balanceCents'],
    on: {
      AccountOpened: (_, _data, { streamId }) => openedRow(streamId),
      MoneyMoved: (row, data) => {
        if (data.cents === POISON_CENTS && isBroken()) throw new Error('poison');
        return row && moved(row, data.cents);
      },
    },
    queries: (query) => ({
      balanceOf: query(id, (rows, params) => rows.get(params.id)),
      /** Every row, in as many pages as there are rows by threes: all of them must be of one state. */
      all: query(async (rows) => {
        const found: BalanceRow[] = [];
        let cursor: string | null = null;
        do {
          const page: { readonly rows: readonly BalanceRow[]; readonly next: string | null } =
            await rows.find({ orderBy: { balanceCents: 'asc' }, limit: 3, cursor });
          found.push(...page.rows);
          cursor = page.next;
        } while (cursor !== null);
        return found;
      }),
    }),
  });
}

export const POISON_CENTS = 13;

/** @param isBroken as for {@link balancesWith}. */
export function bankWith(isBroken: () => boolean) {
  return daybook({
    deciders: [account],
    decisions: [postEntry],
    readModels: [balancesWith(isBroken)],
  });
}

export const bank = bankWith(() => false);

/** Moves money from one account to another, or asks to. */
export function transfer(from: string, to: string, change: number) {
  return postEntry({
    postings: [
      { account: from, cents: -change },
      { account: to, cents: change },
    ],
  });
}
