// Runs the tests and closes with the plain line `N passed, N failed, N skipped`, counted from vitest's JSON report.
// `--soak` runs every round of the fault loops; every other argument goes to vitest.

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { conclude, type Report } from './conclusion.ts';

const root = join(import.meta.dirname, '..');
const reportPath = join(root, '.cache', `test-report-${process.pid}.json`);
const isSoak = process.argv.includes('--soak');

const exitCode = await runVitest(process.argv.slice(2).filter((argument) => argument !== '--soak'));
const conclusion = conclude(readReport(), exitCode);
for (const line of conclusion.lines) console.log(line);
process.exitCode = conclusion.exitCode;

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
