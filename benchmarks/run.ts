// Every benchmark, or those that are named, each in a process of its own: `npm run bench -- append-sqlite [--quick]`.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const unknown = [
  ...asked.filter((name) => !names.includes(name)),
  ...flags.filter((flag) => flag !== '--quick'),
];

if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}. There are ${names.join(', ')}, and --quick.`);
  process.exitCode = 1;
} else {
  const failed = (asked.length === 0 ? names : asked).filter((name) => !isRun(name));
  if (failed.length > 0) {
    console.error(`Not measured, for it failed: ${failed.join(', ')}.`);
    process.exitCode = 1;
  }
}

function isRun(name: string): boolean {
  const file = join(import.meta.dirname, `${name}.ts`);
  const { status } = spawnSync(process.execPath, ['--conditions=daybook-source', file, ...flags], {
    stdio: 'inherit',
  });
  return status === 0;
}
