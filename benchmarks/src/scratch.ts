/** Places on this repository's disk, outside of what git and the tools look at: a temporary folder may be memory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'daybook-benchmarks');

/** Where peers are installed, once. */
export const PEERS = join(cache, 'peers');

/** Gives `work` an empty folder and takes it away again. */
export async function withScratch<Value>(
  work: (folder: string) => Promise<Value> | Value,
): Promise<Value> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'data-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
