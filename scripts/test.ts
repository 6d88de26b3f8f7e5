// Runs the tests and closes with the plain line `N passed, N failed, N skipped`, counted from vitest's JSON report.
// `--soak` runs every round of the fault loops; every other argument goes to vitest.

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Report {
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const root = join(import.meta.dirname, '..');
const reportPath = join(root, '.cache', `test-report-${process.pid}.json`);
const isSoak = process.argv.includes('--soak');

const exitCode = await runVitest(process.argv.slice(2).filter((argument) => argument !== '--soak'));
process.exitCode = conclude(readReport(), exitCode);

function runVitest(extra: readonly string[]): Promise<number> {
  const vitest = spawn(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      `--reporter=${join(root, 'scripts', 'skip-reporter.ts')}`,
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
      ...extra,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: isSoak ? { ...process.env, ROUNDS: process.env['ROUNDS'] ?? '1' } : process.env,
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => vitest.kill(signal));
  }
  return new Promise((resolve, reject) => {
    vitest.once('error', reject);
    vitest.once('exit', (code) => resolve(code ?? 1));
  });
}

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
  } catch {
    // Without a report no test is known to have run; the count below says so.
    return { testResults: [] };
  } finally {
    rmSync(reportPath, { force: true });
  }
}

/** Prints the closing line, and answers the exit code: 0 only when something ran and nothing went wrong. */
function conclude({ testResults }: Report, vitestExitCode: number): number {
  const statuses = testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const broken = testResults.filter(isBroken);
  const failed = statuses.filter((status) => status === 'failed').length + broken.length;
  const skipped = statuses.length - passed - (failed - broken.length);

  for (const { name, message } of broken) {
    console.log(
      `Counted as failed, since it did not load or finish: ${relative(root, name)} ${message}`,
    );
  }
  if (statuses.length === 0) console.log('No test was found or could start, which is a failure.');
  if (vitestExitCode !== 0 && failed === 0) {
    console.log(
      `No single test failed, yet vitest ended with code ${vitestExitCode}: its errors stand above.`,
    );
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return vitestExitCode === 0 && failed === 0 && passed > 0 ? 0 : Math.max(1, vitestExitCode);
}

/** Whether a file failed as a whole, beside what its tests say: a wrong import, a failing `afterAll`, a dead worker. */
function isBroken(file: FileResult): boolean {
  return (
    file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')
  );
}
