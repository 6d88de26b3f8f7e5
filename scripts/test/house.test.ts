import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const bin = join(root, 'node_modules', '.bin');

/** A small copy of the house outside of the repository, whose ignored folders no tool looks into. */
let house: string;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'daybook-house-'));
  copy('oxlint.config.ts');
  copy('tsconfig.base.json');
  link('oxlint', join(root, 'node_modules', 'oxlint'));
  link('@types', join(root, 'node_modules', '@types'));
  for (const name of ['core', 'protocol', 'sqlite', 'server', 'client']) {
    copy(`packages/${name}/package.json`);
    copy(`packages/${name}/tsconfig.json`);
    build(`packages/${name}/src/index.ts`, 'export {};\n');
    link(`@daybook/${name}`, join(house, 'packages', name));
  }
});

afterEach(() => rmSync(house, { recursive: true, force: true }));

function copy(file: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  cpSync(join(root, file), join(house, file));
}

function link(name: string, target: string): void {
  const path = join(house, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}

function build(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
}

function run(tool: string, ...args: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(join(bin, tool), args, {
    cwd: house,
    encoding: 'utf8',
  });
  return { code: status, output: `${stdout}${stderr}` };
}

/** The faults that the linter finds, as `file: rule`, each once. */
function lint(): readonly string[] {
  const { diagnostics } = JSON.parse(run('oxlint', '--format=json', 'packages').output) as {
    readonly diagnostics: readonly { readonly filename: string; readonly code: string }[];
  };
  return [...new Set(diagnostics.map(({ filename, code }) => `${filename}: ${code}`))].toSorted();
}

function buildImports(imports: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(imports).map(([file, imported]) => {
    build(`packages/${file}`, `export type { One } from '${imported}';\n`);
    return `packages/${file}: eslint(no-restricted-imports)`;
  });
}

describe('the linter', () => {
  test('refuses in core an import from a row above, or of its own doors', () => {
    const refused = buildImports({
      'core/src/errors.ts': './message/event.ts',
      'core/src/message/a.ts': '../decider/decider.ts',
      'core/src/message/b.ts': '../index.ts',
      'core/src/store/token.ts': '../handling/handler.ts',
      'core/src/handling/load.ts': './../processing/subscription.ts',
      'core/src/projection/rows.ts': '../query/rows.ts',
      'core/src/reaction/manager.ts': '../app/daybook.ts',
      'core/src/app/a.ts': '../testing/given.ts',
      'core/src/app/b.ts': '../testing.ts',
      'core/src/app/deeper/c.ts': '../../testing/given.ts',
      'core/src/testing/given.ts': '../app/start.ts',
      'core/src/app/d.ts': '../message/event.ts',
      'core/src/app/e.ts': './d.ts',
      'core/src/projection/applied.ts': '../message/event.ts',
    });
    const accepted = ['testing/given', 'app/d', 'app/e', 'projection/applied'];
    expect(lint()).toEqual(
      refused
        .filter((fault) => !accepted.some((file) => fault.includes(`/src/${file}.ts:`)))
        .toSorted(),
    );
  });

  test('refuses an import that the table of packages does not allow', () => {
    const refused = buildImports({
      'core/src/a.ts': 'zod',
      'core/src/b.ts': 'node:fs',
      'core/src/c.ts': '@standard-schema/spec',
      'core/src/d.ts': '@daybook/protocol',
      'core/src/store/a.ts': 'node:fs',
      'core/src/store/b.ts': '@daybook/protocol',
      'protocol/src/a.ts': '@daybook/core',
      'sqlite/src/a.ts': '@daybook/server',
      'sqlite/src/b.ts': '@daybook/core/src/errors.ts',
      'sqlite/src/c.ts': '../../core/src/errors.ts',
      'server/src/a.ts': '@daybook/client',
      'server/src/b.ts': '@daybook/sqlite',
      'client/src/a.ts': '@daybook/server',
      'client/src/b.ts': 'ws',
      'client/src/c.ts': 'node:http',
    });
    expect(lint()).toEqual(refused.toSorted());
  });

  test('accepts the imports that the table of packages allows', () => {
    buildImports({
      'sqlite/src/a.ts': '@daybook/core',
      'sqlite/src/b.ts': 'node:sqlite',
      'server/src/a.ts': '@daybook/protocol',
      'server/src/b.ts': 'ws',
      'client/src/a.ts': '@daybook/core',
    });
    expect(lint()).toEqual([]);
  });

  test('refuses a circle of imports, of values and of types', () => {
    build('packages/sqlite/src/a.ts', "import { b } from './b.ts';\nexport const a = () => b;\n");
    build('packages/sqlite/src/b.ts', "import { a } from './a.ts';\nexport const b = () => a;\n");
    build(
      'packages/server/src/a.ts',
      "import type { B } from './b.ts';\nexport interface A {\n  b: B;\n}\n",
    );
    build(
      'packages/server/src/b.ts',
      "import type { A } from './a.ts';\nexport interface B {\n  a: A;\n}\n",
    );
    expect(lint()).toEqual(
      ['server/src/a.ts', 'server/src/b.ts', 'sqlite/src/a.ts', 'sqlite/src/b.ts'].map(
        (file) => `packages/${file}: import(no-cycle)`,
      ),
    );
  });

  test('refuses a promise that nobody waits for', () => {
    build(
      'packages/sqlite/src/append.ts',
      'export async function append(): Promise<void> {}\nexport function save(): void {\n  append();\n}\n',
    );
    expect(lint()).toEqual(['packages/sqlite/src/append.ts: typescript(no-floating-promises)']);
  });

  test('refuses any and the non-null assertion', () => {
    build('packages/sqlite/src/any.ts', 'export const first = (list: any): unknown => list;\n');
    build('packages/sqlite/src/bang.ts', 'export const first = (list: string[]) => list[0]!;\n');
    expect(lint()).toEqual([
      'packages/sqlite/src/any.ts: typescript(no-explicit-any)',
      'packages/sqlite/src/bang.ts: typescript(no-non-null-assertion)',
    ]);
  });
});

describe('the compiler', () => {
  test.each([
    [
      'core',
      "import { readFileSync } from 'node:fs';\nexport const read: unknown = readFileSync;\n",
    ],
    ['core', 'export const id: unknown = process.pid;\n'],
    ['core', 'export const page: unknown = document.body;\n'],
    ['protocol', 'export const bytes: unknown = Buffer.alloc(1);\n'],
    ['client', 'export const id: unknown = process.pid;\n'],
  ])('refuses the platform in %s: %j', (name, text) => {
    build(`packages/${name}/src/probe.ts`, text);
    expect(run('tsc', '-b', `packages/${name}`).output).toMatch(
      /probe\.ts.*(Cannot find|error TS)/,
    );
  });

  test('accepts in core what every platform has', () => {
    build(
      'packages/core/src/probe.ts',
      "export const id: string = crypto.randomUUID();\nexport const isText: boolean = 'a'.isWellFormed();\n",
    );
    expect(run('tsc', '-b', 'packages/core')).toEqual({ code: 0, output: '' });
  });

  test('refuses a circle of packages', () => {
    const path = 'packages/core/tsconfig.json';
    const config = JSON.parse(readFileSync(join(root, path), 'utf8')) as object;
    build(path, JSON.stringify({ ...config, references: [{ path: '../sqlite' }] }));
    expect(run('tsc', '-b', 'packages/sqlite').output).toMatch(/circular/i);
  });
});
