/** The part of vitest's JSON report that is counted. */
export interface Report {
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

interface Conclusion {
  /** What to print; the last line is always `N passed, N failed, N skipped`. */
  readonly lines: readonly string[];
  /** 0 only when something passed and nothing went wrong, inside a test or outside of one. */
  readonly exitCode: number;
}

/** Concludes a run from vitest's report and exit code. A file that failed as a whole counts as one failure. */
export function conclude({ testResults }: Report, vitestExitCode: number): Conclusion {
  const statuses = testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const broken = testResults.filter(isBroken);
  const passed = statuses.filter((status) => status === 'passed').length;
  const failedTests = statuses.filter((status) => status === 'failed').length;
  const failed = failedTests + broken.length;
  const skipped = statuses.length - passed - failedTests;

  const lines = broken.map(({ name, message }) => `Counted as one failure: ${name}: ${message}`);
  if (statuses.length === 0) lines.push('No test was found or could start, which is a failure.');
  if (vitestExitCode !== 0 && failed === 0) {
    lines.push(
      `No test failed, yet vitest ended with code ${vitestExitCode}: its errors stand above.`,
    );
  }
  lines.push(`${passed} passed, ${failed} failed, ${skipped} skipped`);

  const isGood = vitestExitCode === 0 && failed === 0 && passed > 0;
  return { lines, exitCode: isGood ? 0 : Math.max(1, vitestExitCode) };
}

/** Whether a file failed beside what its tests say: a wrong import, a failing `afterAll`, a dead worker. */
function isBroken({ status, assertionResults }: FileResult): boolean {
  return status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
}
