/** What every command shares: its target, its output, its end. */
import { exitCodes } from './exit-code.ts';
import { outputOf, type Output } from './output.ts';
import type { Target } from './target.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly url?: string;
  readonly header?: readonly string[];
}

export interface Run {
  readonly target: Target;
  readonly output: Output;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Runs `work` on the target that the options mean, and closes it whatever happens. */
export async function withTarget(
  options: GlobalOptions,
  processing: boolean,
  work: (run: Run) => Promise<number>,
): Promise<number> {
  const { signal, release } = interruption();
  const target = await openTarget(options, processing);
  try {
    return await work({ target, output: outputOf(options.json === true), signal });
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    release();
    await target.close();
  }
}

async function openTarget(options: GlobalOptions, processing: boolean): Promise<Target> {
  const { url } = options;
  if (url !== undefined) {
    const { remoteTarget } = await import('./remote-target.ts');
    return remoteTarget({ url, headers: headersOf(options.header ?? []) });
  }
  const { localTarget } = await import('./local-target.ts');
  return localTarget({ config: options.config, processing });
}

/** A signal for the first SIGINT or SIGTERM; the second ends the process at once. */
export function interruption(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Error('Interrupted.'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.indexOf(':');
      return [
        line.slice(0, end < 0 ? undefined : end).trim(),
        end < 0 ? '' : line.slice(end + 1).trim(),
      ];
    }),
  );
}
