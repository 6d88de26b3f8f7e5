/**
 * The file by which processes wake one another: one byte is written to it after a COMMIT, and the others watch it.
 *
 * Why not the WAL itself: it changes before a commit can be seen, and who looks then finds nothing.
 *
 * Why not at once: a client that appends one after another would wait for it each time, by a tenth of what an append
 * takes. So it is done when the writer has nothing else to do, and while it is busy once in {@link TOUCH_MS_MAX}.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Beside the database, and as worthless as its `-shm`: it may be deleted when nobody has the database open. */
export function notifyPathOf(path: string): string {
  return `${path}-notify`;
}

export class NotifyFile {
  readonly #file: number;
  /** When the first commit came that nobody was told of. */
  #dueSince: number | undefined;

  constructor(path: string) {
    this.#file = openSync(notifyPathOf(path), constants.O_RDWR | constants.O_CREAT, 0o644);
  }

  /** Something was committed. */
  raise(): void {
    this.#dueSince ??= performance.now();
  }

  touchIfLate(): void {
    if (this.#dueSince !== undefined && performance.now() - this.#dueSince > TOUCH_MS_MAX) {
      this.touch();
    }
  }

  touch(): void {
    if (this.#dueSince === undefined) return;
    this.#dueSince = undefined;
    try {
      writeSync(this.#file, BYTE, 0, 1, 0);
    } catch {
      // The others poll as well: a full disk makes them slower, not blind.
    }
  }

  close(): void {
    this.touch();
    closeSync(this.#file);
  }
}

const BYTE = new Uint8Array([10]);
/** How long a commit may go unannounced while others follow it. */
const TOUCH_MS_MAX = 1;
