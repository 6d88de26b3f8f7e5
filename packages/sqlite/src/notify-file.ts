/**
 * The file by which processes wake one another: one byte is written to it after a COMMIT, and the others watch it.
 *
 * Why not the WAL itself: it changes before a commit can be seen, and who looks then finds nothing.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Beside the database, and as worthless as its `-shm`: it may be deleted when nobody has the database open. */
export function notifyPathOf(path: string): string {
  return `${path}-notify`;
}

export class NotifyFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(notifyPathOf(path), constants.O_RDWR | constants.O_CREAT, 0o644);
  }

  touch(): void {
    try {
      writeSync(this.#file, BYTE, 0, 1, 0);
    } catch {
      // The others poll as well: a full disk makes them slower, not blind.
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

const BYTE = new Uint8Array([10]);
