/**
 * Notices what other processes committed: by the notify file at once, by looking now and then as the thing relied on.
 *
 * Looks are {@link FAST_POLL_MS} apart while things change and back off to {@link SLOW_POLL_MS}. Neither the watcher nor
 * the timer keeps the process alive.
 */
import { watch, type FSWatcher } from 'node:fs';

import { notifyPathOf } from './notify-file.ts';

export interface ChangeWatchOptions {
  readonly path: string;
  /** Looks whether something was committed since it was asked last, and tells whoever listens. */
  readonly look: () => boolean;
}

export class ChangeWatch {
  readonly #look: () => boolean;
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FAST_POLL_MS;
  #isLooking = false;
  #isClosed = false;

  constructor({ path, look }: ChangeWatchOptions) {
    this.#look = look;
    this.#watcher = watchFile(notifyPathOf(path), () => this.lookSoon());
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    clearTimeout(this.#timer);
  }

  /** Looks when what goes on in this turn is done: whoever appended goes first, and many touches are one look. */
  lookSoon(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      if (!this.#isClosed) this.#look();
    });
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#delayMs = this.#look() ? FAST_POLL_MS : Math.min(this.#delayMs * 2, SLOW_POLL_MS);
      if (!this.#isClosed) this.#schedule();
    }, this.#delayMs);
    this.#timer.unref();
  }
}

function watchFile(path: string, onTouched: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onTouched);
    // A watcher that fails later, too, leaves the looks.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    // Out of watches, or a file system without them.
    return undefined;
  }
}

const FAST_POLL_MS = 20;
const SLOW_POLL_MS = 250;
