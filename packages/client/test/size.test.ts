/** What a page pays for the client, bundled and minified as a page's tools do it. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

/** Gzipped bytes of an entry with all that it needs at once, and of what it fetches beside. */
async function bytesOf(
  entry: string,
): Promise<{ readonly atOnce: number; readonly beside: number }> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(`../src/${entry}`, import.meta.url)),
    resolve: { conditionNames: ['daybook-source', 'import', 'default'] },
    platform: 'browser',
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  const chunks = output.filter((part) => part.type === 'chunk');
  const main = chunks.find(({ isEntry }) => isEntry);
  const first = new Set([main?.fileName, ...(main?.imports ?? [])]);
  const bytes = (isFirst: boolean): number =>
    chunks
      .filter(({ fileName }) => first.has(fileName) === isFirst)
      .reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  return { atOnce: bytes(true), beside: bytes(false) };
}

test('the client is within its size, with everything that it needs of the core', async () => {
  const { atOnce, beside } = await bytesOf('index.ts');
  expect(atOnce).toBeGreaterThan(1_000);
  expect(atOnce).toBeLessThanOrEqual(13.25 * 1_024);
  expect(beside).toBeGreaterThan(1_000);
  expect(beside).toBeLessThanOrEqual(4.75 * 1_024);
});

test('the storage in IndexedDB is within its size', async () => {
  expect((await bytesOf('indexed-db.ts')).atOnce).toBeLessThanOrEqual(2 * 1_024);
});
