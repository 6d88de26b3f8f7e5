/** Tests on real servers: each of the run's, or, where it has none, tests that are skipped and say why. */
import { beforeEach, describe, inject } from 'vitest';

import type { PostgresTarget } from '../../../scripts/servers/global-setup.ts';

/** Defines the same tests for every server that the run has. */
export function onEveryServer(name: string, define: (target: PostgresTarget) => void): void {
  const targets = inject('postgres');
  const why = inject('postgresMissing');
  describe.each(targets.length > 0 ? targets : [NO_SERVER])(`${name}, $name`, (target) => {
    beforeEach((context) => context.skip(why !== '', why));
    define(target);
  });
}

const NO_SERVER: PostgresTarget = { name: 'no server', url: '' };
