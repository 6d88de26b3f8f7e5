/** The bank's server as a process of its own, as `npm start` runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it wrote so far, to both of its outputs. */
  readonly output: () => string;
  /** Waits until it has written what matches. */
  readonly wrote: (pattern: RegExp) => Promise<void>;
  /** Sends the signal and waits for the end. */
  readonly stop: (signal: NodeJS.Signals) => Promise<number | null>;
}

export interface ServerProcessOptions {
  readonly dataDir: string;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Waits until it says its address. @throws when it ends before, with what it wrote. */
export async function startServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const { child, output } = runServer(options);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const found = /open on (http:\S+)\nTry:(?:\n .*){3}\n/.exec(output());
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output()}`)));
  });
  return {
    url,
    child,
    output,
    async wrote(pattern) {
      for (;;) {
        if (pattern.test(output())) return;
        if (child.stdout !== null) await once(child.stdout, 'data');
      }
    },
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

/** Runs it to its end. */
export async function serverEnd(
  options: ServerProcessOptions,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = runServer(options);
  await once(child, 'close');
  return { code: child.exitCode, output: output() };
}

/** A folder for a test's bank; `Symbol.dispose` removes it. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'daybook-bank-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function runServer({ dataDir, flags = [], environment = {} }: ServerProcessOptions): {
  readonly child: ChildProcess;
  readonly output: () => string;
} {
  const server = join(import.meta.dirname, '..', 'server.ts');
  const child = spawn(process.execPath, ['--conditions=daybook-source', server, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ...environment },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  return { child, output: () => written };
}
