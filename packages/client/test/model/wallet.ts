/** Wallets whose rows name every command that touched them, so that an effect can be told from every other. */
import { daybook, decider, decision, readModel } from '@daybook/core';
import { z } from 'zod';

const entry = z.object({ cents: z.int().positive(), memo: z.string() });

export const wallet = decider('wallet', {
  events: { Added: entry, Taken: entry },
  commands: { Add: entry, Take: entry },
  refusals: { TooLittle: z.object({}) },
  initialState: { cents: 0 },
  evolve: {
    Added: (state, { cents }) => ({ cents: state.cents + cents }),
    Taken: (state, { cents }) => ({ cents: state.cents - cents }),
  },
  decide: {
    Add: (command, _, { emit }) => emit.Added(command),
    Take: (command, { cents }, { emit, refuse }) =>
      command.cents > cents ? refuse.TooLittle() : emit.Taken(command),
  },
});

export const move = decision('Move', {
  command: z.object({
    from: z.string(),
    to: z.string(),
    cents: z.int().positive(),
    memo: z.string(),
  }),
  reads: ({ from, to }) => ({ from: wallet.stream(from), to: wallet.stream(to) }),
  emits: [wallet],
  refusals: { TooLittle: z.object({}) },
  decide: ({ from, to, cents, memo }, states, { emit, refuse }) =>
    cents > states.from.cents
      ? refuse.TooLittle()
      : [emit.Taken(from, { cents, memo }), emit.Added(to, { cents, memo })],
});

const row = z.object({ id: z.string(), cents: z.int(), memos: z.array(z.string()) });

export type Wallet = z.infer<typeof row>;

export const wallets = readModel('wallets', {
  from: [wallet],
  row,
  indexes: ['cents'],
  initialRow: { id: '', cents: 0, memos: [] },
  on: {
    Added: (before, { cents, memo }, { streamId }) => ({
      id: streamId,
      cents: before.cents + cents,
      memos: [...before.memos, memo],
    }),
    Taken: (before, { cents, memo }, { streamId }) => ({
      id: streamId,
      cents: before.cents - cents,
      memos: [...before.memos, memo],
    }),
  },
  queries: (query) => ({
    one: query(z.object({ id: z.string() }), (rows, { id }) => rows.get(id)),
    all: query((rows) => rows.find({ orderBy: { cents: 'desc' } })),
  }),
});

export const purse = daybook({ deciders: [wallet], decisions: [move], readModels: [wallets] });
