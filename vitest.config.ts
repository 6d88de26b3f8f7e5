import './scripts/assert-node.mjs';

import { defineConfig } from 'vitest/config';

const conditions = ['daybook-source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'benchmarks/test/**/*.test.ts',
      'scripts/test/**/*.test.ts',
    ],
    globalSetup: ['scripts/servers/global-setup.ts'],
    isolate: false,
    pool: 'forks',
    execArgv: ['--conditions=daybook-source'],
    env: { NODE_OPTIONS: '--conditions=daybook-source' },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 10_000,
  },
});
