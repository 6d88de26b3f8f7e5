/** What the numbers were taken on, in words that name nobody's computer. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, loadavg, totalmem, type } from 'node:os';

export interface Machine {
  readonly date: string;
  readonly system: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly sqlite: string;
  readonly commit: string;
  /** Processes that wanted to run in the minute before; above the cores, the machine was not ours alone. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    system: type(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    commit: commitOf(),
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

/** True when something else was busy before the measurement began: absolute numbers are then low, and ratios jump. */
export function isLoaded({ loadBefore, cores }: Machine): boolean {
  return loadBefore > cores / 2;
}

function commitOf(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim();
  } catch {
    return 'unknown';
  }
}
