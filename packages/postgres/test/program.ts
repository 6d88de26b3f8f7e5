/** Runs programs of this folder as processes of their own; what is still running at the end of a test is killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { onTestFinished } from 'vitest';

export interface Program {
  readonly process: ChildProcess;
  /** What it has said, line by line; grows while it runs. */
  readonly lines: readonly string[];
  /** Resolves when it has said so many lines, or has ended. */
  said(count: number): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export function run(name: string, args: readonly string[]): Program {
  const child = spawn(
    process.execPath,
    ['--conditions=daybook-source', join(import.meta.dirname, 'programs', `${name}.ts`), ...args],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const closed = once(reader, 'close');
  let isClosed = false;
  reader.once('close', () => {
    isClosed = true;
  });
  const ended = once(child, 'close').then(async ([exitCode, signal]) => {
    await closed;
    return signal ?? exitCode;
  });
  return {
    process: child,
    lines,
    ended,
    async said(count) {
      while (lines.length < count && !isClosed) {
        await Promise.race([once(reader, 'line'), closed]);
      }
    },
  };
}
