// Packs every published package as npm would and checks the tarballs: their entries, types and files.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const packed = join(root, '.cache', `packed-${process.pid}`);

mkdirSync(packed, { recursive: true });
try {
  const faults = pack().flatMap(faultsOf);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(packed, { recursive: true, force: true });
}

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function pack(): readonly Packed[] {
  const workspaces = readdirSync(join(root, 'packages')).filter((name) => !isPrivate(name));
  const output = execFileSync(
    'npm',
    [
      'pack',
      '--json',
      '--loglevel=error',
      `--pack-destination=${packed}`,
      ...workspaces.map((name) => `--workspace=packages/${name}`),
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(output.toString()) as readonly Packed[];
}

function isPrivate(name: string): boolean {
  const manifest = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { private?: boolean }).private === true;
}

function faultsOf({ name, filename, files }: Packed): readonly string[] {
  const tarball = join(packed, filename);
  return [
    ...files
      .filter(({ path }) => /(^|\/)(test|\.tsbuildinfo)(\/|$)/.test(path))
      .map(({ path }) => `${name} would publish ${path}, which is nobody's but ours.`),
    ...tool('publint', ['run', tarball, '--strict']),
    ...tool('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']),
  ];
}

/** Runs a tool of node_modules; its output is a fault only when it fails. */
function tool(command: string, args: readonly string[]): readonly string[] {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0
    ? []
    : [`${command} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`];
}
