/** A line on standard error that says how far something is; nothing where standard error is no terminal. */

export interface Progress {
  update(done: number, total: number): void;
  /** Clears the line. */
  end(): void;
}

export function progressOf(what: string, isShown: boolean = process.stderr.isTTY): Progress {
  if (!isShown) return { update: ignore, end: ignore };
  let shownAt = 0;
  return {
    update(done, total) {
      const now = performance.now();
      if (now - shownAt < SHOW_EVERY_MS && done < total) return;
      shownAt = now;
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(share * WIDTH);
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      process.stderr.write(
        `\r\u001b[K${what} ${bar} ${String(Math.floor(share * 100)).padStart(3)}% ${done.toLocaleString('en')}`,
      );
    },
    end() {
      process.stderr.write('\r\u001b[K');
    },
  };
}

function ignore(): void {
  // There is nobody to see it.
}

const WIDTH = 30;
const SHOW_EVERY_MS = 80;
