/** `daybook export`: the log as text. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { exportLog, type AppFace } from '@daybook/core';

import { exitCodes, UsageError } from '../exit-code.ts';
import { startApp } from '../local-target.ts';
import { outputOf, write } from '../output.ts';
import { progressOf, type Progress } from '../progress.ts';
import { interruption, type GlobalOptions } from '../run.ts';

export async function exportCommand(file: string, options: GlobalOptions): Promise<number> {
  refuseUrl(options, 'export');
  const path = file === '-' ? undefined : resolve(file);
  const app = await startApp({ config: options.config, processing: false });
  const { signal, release } = interruption();
  const progress = progressOf(
    'exporting',
    process.stderr.isTTY && options.json !== true && path !== undefined,
  );
  try {
    if (path === undefined) {
      for await (const line of lines(app, signal, progress)) await write(line);
      return exitCodes.ok;
    }
    const events = await exportTo(path, app, signal, progress);
    progress.end();
    await outputOf(options.json === true).result(
      { file: path, events },
      `Exported ${events.toLocaleString('en')} events to ${path}.`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    progress.end();
    release();
    await app.close();
  }
}

/** These work on the store itself. */
export function refuseUrl({ url }: GlobalOptions, command: string): void {
  if (url === undefined) return;
  throw new UsageError(
    `${command} works on the store of a daybook.config.ts, not with --url. Run it where the store is.`,
  );
}

/** The file appears when it is whole. */
async function exportTo(
  path: string,
  app: AppFace,
  signal: AbortSignal,
  progress: Progress,
): Promise<number> {
  const part = `${path}.part`;
  let events = 0;
  const counted: Progress = {
    update(done, total) {
      events = done;
      progress.update(done, total);
    },
    end: () => progress.end(),
  };
  try {
    await pipeline(
      Readable.from(lines(app, signal, counted)),
      createWriteStream(part, { flush: true }),
      { signal },
    );
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return events;
}

function lines(app: AppFace, signal: AbortSignal, progress: Progress): AsyncIterable<string> {
  return exportLog(app.events, {
    signal,
    onProgress: ({ events, eventsTotal }) => progress.update(events, eventsTotal),
  });
}
