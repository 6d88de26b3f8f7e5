/** Which Node and which SQLite may open a file; the sentences say what to do otherwise. */
import { IncompatibleStoreError } from '@daybook/core';

/**
 * Returns when this Node has a `node:sqlite` that can be relied on: 22.23 and later of 22, or 24.15 and later.
 *
 * @param version as in `process.versions.node`.
 * @throws {@link IncompatibleStoreError}
 */
export function checkNode(version: string): void {
  const [major = 0, minor = 0] = numbersOf(version);
  if (major === 22 ? minor >= 23 : major > 24 || (major === 24 && minor >= 15)) return;
  throw new IncompatibleStoreError(
    `Node ${version} has no SQLite that can be relied on. Use Node 24.15 or later, or 22.23 or later of Node 22.`,
  );
}

/**
 * Returns when this SQLite is free of the WAL-reset bug: 3.7.0 to 3.51.2 can corrupt a file that several connections
 * write or checkpoint at once, which is what is done here. 3.50.7 and 3.44.6 have the repair too.
 *
 * @param version as `sqlite_version()` answers.
 * @throws {@link IncompatibleStoreError}
 */
export function checkSqlite(version: string): void {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  if (major > 3 || (major === 3 && isRepaired(minor, patch))) return;
  throw new IncompatibleStoreError(
    `SQLite ${version} can corrupt a file that several connections use (the WAL-reset bug). Use a Node that brings SQLite 3.51.3 or later.`,
  );
}

function isRepaired(minor: number, patch: number): boolean {
  if (minor === 50) return patch >= 7;
  if (minor === 44) return patch >= 6;
  return minor > 51 || (minor === 51 && patch >= 3);
}

function numbersOf(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10));
}
