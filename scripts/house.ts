// The rules of the house that no tool knows: names of files, and how long a file may be.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const linesMax = 450;

const forbiddenNames: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /(^|\/)(utils?|helpers?|common)(\/|\.[cm]?[jt]sx?$)/,
    why: 'a function without a home is its one caller’s or the domain’s',
  },
  { pattern: /(^|\/)types\.ts$/, why: 'a type lives with the code that makes it' },
  {
    pattern: /^packages\/[^/]+\/src\/.+\/index\.ts$/,
    why: 'only a package has a door: import the file',
  },
];

const root = join(import.meta.dirname, '..');
const found = trackedFiles().flatMap(faultsOf);
for (const fault of found) console.error(fault);
process.exitCode = found.length === 0 ? 0 : 1;

function trackedFiles(): readonly string[] {
  return execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  })
    .toString()
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}

function faultsOf(file: string): readonly string[] {
  const faults = forbiddenNames
    .filter(({ pattern }) => pattern.test(file))
    .map(({ why }) => `${file}: this name is not used here, since ${why}.`);
  if (!/\.(ts|mjs)$/.test(file)) return faults;
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
  return lines > linesMax
    ? [...faults, `${file}: ${lines} lines, of at most ${linesMax}.`]
    : faults;
}
