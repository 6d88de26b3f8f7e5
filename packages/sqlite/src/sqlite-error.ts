/** SQLite's errors in the words of the port, translated once. */
import { IncompatibleStoreError, StoreUnavailableError } from '@daybook/core';

/** The primary result code of an error of `node:sqlite`; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  // Extended codes carry the primary one in their low byte.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
}

/** True when another connection holds what was asked for. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === BUSY || code === LOCKED;
}

/** True when the disk, or the bound of the file, has no room. */
export function isFull(error: unknown): boolean {
  return resultCodeOf(error) === FULL;
}

/** True when the statement's own content is refused, so that others of its group may still succeed. */
export function isAboutContent(error: unknown): boolean {
  const code = resultCodeOf(error);
  return (
    code === undefined ||
    code === CONSTRAINT ||
    code === TOO_BIG ||
    code === MISMATCH ||
    code === FULL
  );
}

/** The error to throw to a caller. What is no error of SQLite stays as it is: it is a bug, and should be seen as one. */
export function toStoreError(error: unknown, path: string): unknown {
  const options = { cause: error };
  switch (resultCodeOf(error)) {
    case BUSY:
    case LOCKED:
      return new StoreUnavailableError(
        `The file ${path} is locked by another process for longer than busyTimeoutMs. Nothing was written; retry later.`,
        options,
      );
    case FULL:
      return new StoreUnavailableError(
        `There is no room for ${path}: the disk, or the file’s own bound, is full. Nothing was written; make room and retry.`,
        options,
      );
    case IO_ERROR:
      return new StoreUnavailableError(
        `The disk of ${path} failed (${messageOf(error)}). Nothing was written; look at the disk, then retry.`,
        options,
      );
    case NO_MEMORY:
      return new StoreUnavailableError(
        `There is not enough memory for ${path}. Nothing was written.`,
        options,
      );
    case READ_ONLY:
    case PERMISSION:
      return new IncompatibleStoreError(
        `The file ${path} cannot be written: it, its directory or its disk is read-only for this user. Change the permissions, or give another path.`,
        options,
      );
    case CANNOT_OPEN:
      return new IncompatibleStoreError(
        `The file ${path} cannot be opened or created (${messageOf(error)}). Check the path and the permissions of its directory.`,
        options,
      );
    case NOT_A_DATABASE:
      return new IncompatibleStoreError(
        `The file ${path} is no SQLite database. It was left as it is; give another path, or move it away.`,
        options,
      );
    case CORRUPT:
      return new IncompatibleStoreError(
        `The file ${path} is damaged (${messageOf(error)}). Stop writing to it, and restore a backup.`,
        options,
      );
    case undefined:
    default:
      return error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const PERMISSION = 3;
const BUSY = 5;
const LOCKED = 6;
const NO_MEMORY = 7;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const TOO_BIG = 18;
const CONSTRAINT = 19;
const MISMATCH = 20;
const NOT_A_DATABASE = 26;
