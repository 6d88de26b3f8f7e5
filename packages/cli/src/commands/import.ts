/** `daybook import`: what `daybook export` wrote, into this store. */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';

import { importLog, readEvent, type ImportReport } from '@daybook/core';
import pc from 'picocolors';

import { exitCodes, UsageError } from '../exit-code.ts';
import { startApp } from '../local-target.ts';
import { outputOf } from '../output.ts';
import { progressOf } from '../progress.ts';
import { interruption, type GlobalOptions } from '../run.ts';
import { printable, table } from '../table.ts';
import { refuseUrl } from './export.ts';

export async function importCommand(file: string, options: GlobalOptions): Promise<number> {
  refuseUrl(options, 'import');
  const path = file === '-' ? undefined : resolve(file);
  if (path !== undefined) await checkReadable(path);
  const app = await startApp({ config: options.config, processing: false });
  const { signal, release } = interruption();
  const progress = progressOf('importing', process.stderr.isTTY && options.json !== true);
  try {
    const source = path === undefined ? process.stdin : createReadStream(path);
    const report = await importLog(app.events, source as AsyncIterable<Uint8Array>, {
      signal,
      checkEvent: (event) => void readEvent(app.faces.events, event),
      recordedAtMax: app.platform.now(),
      onProgress: ({ imported, skipped, eventsTotal }) =>
        progress.update(imported + skipped, eventsTotal),
    });
    progress.end();
    await outputOf(options.json === true).result(report, describe(report));
    return report.refused === undefined ? exitCodes.ok : exitCodes.attention;
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    progress.end();
    release();
    await app.close();
  }
}

async function checkReadable(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new UsageError(
      `${path} cannot be read. Give the path of a file that "daybook export" wrote, or - for standard input.`,
      { cause },
    );
  });
}

function describe({ imported, skipped, outcomes, place, refused }: ImportReport): string {
  const done = `Imported ${imported.toLocaleString('en')} events (${skipped.toLocaleString('en')} were there already) and ${outcomes.toLocaleString('en')} outcomes; the log stands at ${place.position}.`;
  if (refused === undefined) return done;
  const wrong = table(
    ['line', 'why'],
    refused.lines.map(({ line, why }) => [String(line), printable(why)]),
  );
  return `${done}\n${pc.red(`${refused.count.toLocaleString('en')} lines were not imported.`)} Mend the file and import it again; it goes on from there.\n${wrong.trimEnd()}`;
}
