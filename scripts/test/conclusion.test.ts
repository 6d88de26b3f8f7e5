import { describe, expect, test } from 'vitest';

import { conclude, type Report } from '../conclusion.ts';

function report(...files: readonly (readonly [status: string, ...tests: string[]])[]): Report {
  return {
    testResults: files.map(([status, ...tests]) => ({
      name: 'a.test.ts',
      status,
      message: status === 'failed' ? 'It broke.' : '',
      assertionResults: tests.map((outcome) => ({ status: outcome })),
    })),
  };
}

describe('the conclusion of a test run', () => {
  test('counts what passed, failed and was skipped over all files', () => {
    const files = report(
      ['passed', 'passed', 'skipped', 'todo'],
      ['failed', 'passed', 'failed', 'pending'],
    );
    expect(conclude(files, 1)).toEqual({
      lines: ['2 passed, 1 failed, 3 skipped'],
      exitCode: 1,
    });
  });

  test('is good when something passed and nothing failed', () => {
    expect(conclude(report(['passed', 'passed', 'skipped']), 0).exitCode).toBe(0);
  });

  test('counts a file that failed as a whole as one failure', () => {
    const { lines, exitCode } = conclude(report(['failed'], ['failed', 'passed']), 1);
    expect(lines.at(-1)).toBe('1 passed, 2 failed, 0 skipped');
    expect(exitCode).toBe(1);
  });

  test('is bad when a test failed though vitest says otherwise', () => {
    expect(conclude(report(['failed', 'passed', 'failed']), 0).exitCode).toBe(1);
  });

  test('is bad when an error was thrown outside of every test', () => {
    const { lines, exitCode } = conclude(report(['passed', 'passed']), 1);
    expect(lines).toHaveLength(2);
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 0 skipped');
    expect(exitCode).toBe(1);
  });

  test.each([[report()], [report(['passed'])], [report(['passed', 'skipped'])]])(
    'is bad when nothing ran at all (%#)',
    (files) => {
      expect(conclude(files, 0).exitCode).toBe(1);
    },
  );
});
