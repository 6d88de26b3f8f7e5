/**
 * A disk that breaks when the test says so: a library put before libc's own `fsync`, `fdatasync` and `pwrite` by
 * `LD_PRELOAD`.
 *
 * - Syncs of one file (a WAL) are counted by the size of a file; while the file `fail` exists they fail with EIO, and
 *   the file `fail-once` is used up by one of them.
 * - A process dies in the middle of its n-th write to the files whose names begin with a path.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class BrokenDisk {
  readonly #directory: string;
  readonly #library: string;

  /** @throws where there is no C compiler; {@link whyNoBrokenDisk} says so before. */
  constructor(directory: string) {
    // What a descriptor is of is told by its real path.
    this.#directory = realpathSync(directory);
    this.#library = this.#path('broken-disk.so');
    const source = join(import.meta.dirname, 'broken-disk.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', this.#library, source, '-ldl']);
    writeFileSync(this.#path('count'), '');
  }

  /** The environment of a process whose syncs of a file of the directory are watched. */
  watching(file: string): Readonly<Record<string, string>> {
    return { ...this.#environment, DISK_SYNC_FILE: this.#path(file) };
  }

  /** The environment of a process that dies in its n-th write to a file of the directory, its WAL included. */
  dyingAt(write: number, file: string): Readonly<Record<string, string>> {
    const DISK_WRITE_FILE = this.#path(file);
    return { ...this.#environment, DISK_WRITE_FILE, DISK_DIE_AT: String(write) };
  }

  /** Syncs of the file so far, failed ones too. */
  get count(): number {
    return statSync(this.#path('count')).size;
  }

  failOnce(): void {
    writeFileSync(this.#path('fail-once'), '');
  }

  /** True once a sync has failed since {@link BrokenDisk.failOnce}. */
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

  get #environment(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, DISK_CONTROL: this.#directory };
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** Why no disk can be broken here; undefined where one can. */
export function whyNoBrokenDisk(): string | undefined {
  if (process.platform !== 'linux') return 'LD_PRELOAD is tried on Linux only';
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no C compiler "cc" to build the breaking disk with';
  }
}
