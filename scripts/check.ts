// Every check but the tests; all of them run, so that one round of mending is enough.

import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');

const checks: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'build and types', command: ['tsc', '-b'] },
  { name: 'unused code', command: ['knip'] },
  { name: 'house', command: ['node', 'scripts/house.ts'] },
  { name: 'packages', command: ['node', 'scripts/packages.ts'] },
];

const failed = checks.filter(({ name, command: [program = '', ...args] }) => {
  const startedAt = performance.now();
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: {
      ...process.env,
      PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${name} (${seconds} s)`);
  return status !== 0;
});

if (failed.length > 0) {
  console.log(`The check failed: ${failed.map(({ name }) => name).join(', ')}.`);
  process.exitCode = 1;
}
