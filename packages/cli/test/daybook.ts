/** Runs the program as people do: as a process of its own, in a folder with a configuration. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { sqlite } from '@daybook/sqlite';
import { onTestFinished } from 'vitest';

import { bank } from './bank.ts';

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Folder {
  readonly path: string;
  /** Runs one command line to its end. */
  run(args: readonly string[], input?: string): Promise<Result>;
  /** As `run`, with `--json`: the documents on standard output. */
  json(
    args: readonly string[],
    input?: string,
  ): Promise<{
    readonly code: number | null;
    readonly documents: readonly Json[];
    readonly err: string;
  }>;
  /** Does something with the application in this process: quicker than a process for each command. */
  seed(work: (app: Bank) => Promise<unknown>): Promise<void>;
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
  write(name: string, content: string): string;
}

export type Bank = Awaited<ReturnType<typeof bank.start>>;

/** What the tests look into without asking twice. */
type Json = Readonly<Record<string, unknown>>;

const root = join(import.meta.dirname, '..', '..', '..');
const main = join(import.meta.dirname, '..', 'src', 'main.ts');

const config = `
import { config } from '@daybook/cli/config';
import { sqlite } from '@daybook/sqlite';
import { bank } from '${import.meta.dirname}/bank.ts';
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
  write('daybook.config.ts', config);
  const start = (args: readonly string[]): ChildProcessWithoutNullStreams => {
    const { NODE_OPTIONS: _, FORCE_COLOR: __, ...env } = process.env;
    const child = spawn(
      process.execPath,
      ['--conditions=daybook-source', '--disable-warning=ExperimentalWarning', main, ...args],
      {
        cwd: path,
        env: { ...env, NO_COLOR: '1' },
      },
    );
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
    async seed(work) {
      const app = await bank.start({ store: sqlite(join(path, 'bank.db')), processing: false });
      try {
        await work(app);
      } finally {
        await app.close();
      }
    },
    async json(args, input) {
      const { code, out, err } = await run([...args, '--json'], input);
      const documents = out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Json);
      return { code, documents, err };
    },
  };
}
