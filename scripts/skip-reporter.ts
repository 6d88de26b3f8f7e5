import { relative } from 'node:path';

import type { Reporter, TestModule } from 'vitest/node';

const namesMax = 10;

/**
 * Says after the run which tests were skipped and why, as `context.skip('why')` put it.
 *
 * Tests left out by a name filter or `test.skip` count as skipped without a reason.
 */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const namesByReason = new Map<string, string[]>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const reason =
          (result.state === 'skipped' ? result.note : undefined) ?? 'no reason was given';
        const names = namesByReason.get(reason) ?? [];
        names.push(`${relative(process.cwd(), module.moduleId)} › ${test.fullName}`);
        namesByReason.set(reason, names);
      }
    }
    for (const [reason, names] of namesByReason) {
      console.log(`\nSKIPPED ${names.length}: ${reason}`);
      for (const name of names.slice(0, namesMax)) console.log(`  ${name}`);
      if (names.length > namesMax) console.log(`  and ${names.length - namesMax} more`);
    }
  }
}
