import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { expect, test } from 'vitest';

test('a test runs on the Node that the repository brings', () => {
  expect(process.version).toMatch(/^v24\./);
});

test('a package is found in its sources, with no build, by a test, its threads and its processes', async () => {
  const source = /packages\/core\/src\/index\.ts$/;
  expect(import.meta.resolve('@daybook/core')).toMatch(source);

  const script = "console.log(import.meta.resolve('@daybook/core'))";
  const child = execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(child.toString().trim()).toMatch(source);

  const worker = new Worker(
    "require('node:worker_threads').parentPort.postMessage(require.resolve('@daybook/core'))",
    { eval: true },
  );
  const [resolved] = await once(worker, 'message');
  expect(resolved).toMatch(source);
});
