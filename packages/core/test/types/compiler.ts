/** Runs the compiler on one file, as a user's project with these settings would. */
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the compiler said of the file. */
export interface Compiled {
  /** By line, from 1: each error with all that belongs to it. */
  readonly errors: ReadonlyMap<number, string>;
  readonly instantiations: number;
}

/** @param source a module whose relative imports begin two folders below `packages/core/test`. */
export async function compile(source: string): Promise<Compiled> {
  // The compiler leaves out folders that begin with a dot, so no other project sees the file.
  const cache = join(import.meta.dirname, '../.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'types-'));
  try {
    await writeFile(join(folder, 'source.ts'), source);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    return parse(await runCompiler(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const settings = {
  extends: '../../../../../tsconfig.program.json',
  compilerOptions: { incremental: false, noUnusedLocals: false, noUnusedParameters: false },
  files: ['source.ts'],
  include: [],
};

function runCompiler(folder: string): Promise<string> {
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const flags = ['-p', folder, '--singleThreaded', '--extendedDiagnostics', '--pretty', 'false'];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [tsc, ...flags],
      { timeout: COMPILE_TIMEOUT_MS, maxBuffer: 64 * 1_048_576, cwd: folder },
      (error, stdout) => {
        // Errors in the source end the compiler with 1 or 2, which is what is looked for here.
        if (error?.killed === true) reject(new Error('the compiler did not end', { cause: error }));
        else resolve(stdout);
      },
    );
  });
}

function parse(output: string): Compiled {
  const errors = new Map<number, string>();
  let line: number | undefined;
  for (const text of output.split('\n')) {
    const head = /^source\.ts\((\d+),\d+\): (.*)$/.exec(text);
    if (head !== null) line = Number(head[1]);
    else if (!text.startsWith(' ')) line = undefined;
    if (line !== undefined) errors.set(line, `${errors.get(line) ?? ''}${head?.[2] ?? text}\n`);
  }
  const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(output)?.[1]);
  return { errors, instantiations };
}

const COMPILE_TIMEOUT_MS = 100_000;
