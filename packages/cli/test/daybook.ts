/** Runs the program as people do: as a process of its own, in a folder with a configuration. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { onTestFinished } from 'vitest';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Folder {
  readonly path: string;
  /** Runs one command line to its end. */
  run(args: readonly string[], input?: string): Promise<Result>;
  /** As `run`, with `--json`: the documents on standard output. */
  json(args: readonly string[], input?: string): Promise<{ readonly code: number | null; readonly documents: readonly Json[]; readonly err: string }>;
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  write(name: string, content: string): string;
}

/** What the tests look into without asking twice. */
export type Json = Readonly<Record<string, unknown>>;

const root = join(import.meta.dirname, '..', '..', '..');
const main = join(import.meta.dirname, '..', 'src', 'main.ts');

const bank = `
import { daybook, decider, decision, readModel } from '@daybook/core';
import { z } from 'zod';
const money = z.object({ cents: z.int().positive() });
export const account = decider('account', {
  events: { AccountOpened: z.object({ owner: z.string() }), MoneyDeposited: money, MoneyWithdrawn: money },
  commands: { OpenAccount: z.object({ owner: z.string() }), DepositMoney: money, WithdrawMoney: money },
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
      command.cents > balanceCents ? refuse.InsufficientFunds({ balanceCents }) : emit.MoneyWithdrawn(command),
  },
});
export const transfer = decision('Transfer', {
  command: z.object({ from: z.string(), to: z.string(), cents: z.int().positive() }),
  reads: ({ from }) => ({ from: account.stream(from) }),
  emits: [account],
  decide: ({ from, to, cents }, state, { emit }) => [emit.MoneyWithdrawn(from, { cents }), emit.MoneyDeposited(to, { cents })],
});
const isPoison = (cents: number): boolean => cents === 666 && process.env['POISON'] === '1';
export const balances = readModel('balances', {
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
`;

const config = `
import { config } from '@daybook/cli/config';
import { sqlite } from '@daybook/sqlite';
import { bank } from './bank.ts';
export default config({ app: bank, store: sqlite('bank.db'), server: { port: 0 } });
`;

/** A folder of a test, with a small bank in it; removed afterwards. */
export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'daybook-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  const write = (name: string, content: string): string => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  write('package.json', '{ "type": "module" }');
  write('bank.ts', bank);
  write('daybook.config.ts', config);
  const start = (args: readonly string[]): ChildProcessWithoutNullStreams => {
    const { NODE_OPTIONS: _, FORCE_COLOR: __, ...env } = process.env;
    const child = spawn(process.execPath, ['--conditions=daybook-source', '--disable-warning=ExperimentalWarning', main, ...args], {
      cwd: path,
      env: { ...env, NO_COLOR: '1' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const run = async (args: readonly string[], input = ''): Promise<Result> => {
    const child = start(args);
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err };
  };
  return {
    path,
    start,
    run,
    write,
    async json(args, input) {
      const { code, out, err } = await run([...args, '--json'], input);
      const documents = out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Json);
      return { code, documents, err };
    },
  };
}
