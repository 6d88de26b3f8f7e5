/**
 * A disk whose syncs fail when the test says so: a library put before libc's `fsync` and `fdatasync` by `LD_PRELOAD`.
 *
 * It looks only at syncs of one file (a WAL). Each is counted by a byte in a file; while the file `fail` exists, syncs
 * fail with EIO, and the file `fail-once` is used up by one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class FailingSync {
  readonly environment: Readonly<Record<string, string>>;
  readonly #directory: string;

  /** @throws where there is no C compiler; {@link whyNoFailingSync} says so before. */
  constructor(directory: string, watchedPath: string) {
    this.#directory = directory;
    const library = join(directory, 'failing-sync.so');
    const source = join(import.meta.dirname, 'failing-sync.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
    writeFileSync(this.#path('count'), '');
    this.environment = { LD_PRELOAD: library, SYNC_FILE: watchedPath, SYNC_CONTROL: directory };
  }

  /** Syncs of the file so far, failed ones too. */
  get count(): number {
    return statSync(this.#path('count')).size;
  }

  failOnce(): void {
    writeFileSync(this.#path('fail-once'), '');
  }

  /** True once a sync has failed since {@link FailingSync.failOnce}. */
  get hasFailedOnce(): boolean {
    return !existsSync(this.#path('fail-once'));
  }

  fail(): void {
    writeFileSync(this.#path('fail'), '');
  }

  work(): void {
    rmSync(this.#path('fail'), { force: true });
    rmSync(this.#path('fail-once'), { force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** Why syncs cannot be made to fail here; undefined where they can. */
export function whyNoFailingSync(): string | undefined {
  if (process.platform !== 'linux') return 'LD_PRELOAD is tried on Linux only';
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no C compiler "cc" to build the failing disk with';
  }
}
