/** Export and import of a log as NDJSON, each by a right of its own (rule S5). */
import { exportLog, importLog, readEvent } from '@daybook/core';

import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { HttpProblem, problem, problemReply } from '../problem.ts';
import { checkNames, oneOf, parseQueryString } from '../request/query-string.ts';
import { permit } from './admin.ts';

/** `GET /admin/export?log=` */
export async function exportLines(call: Call): Promise<Reply> {
  await permit(call, { action: 'export', readModel: undefined, key: undefined });
  const log = logOf(call);
  const { app } = call.server;
  return {
    status: 200,
    headers: [
      'content-type',
      NDJSON,
      'cache-control',
      'no-store',
      'x-content-type-options',
      'nosniff',
    ],
    body:
      call.exchange.method === 'HEAD'
        ? ''
        : exportLog(app.events, { log, signal: call.exchange.signal }),
  };
}

/** `POST /admin/import?log=`: what `export` gave, line by line; answers how much was taken. */
export async function importLines(call: Call): Promise<Reply> {
  await permit(call, { action: 'import', readModel: undefined, key: undefined });
  const log = logOf(call);
  if (call.exchange.header('content-type')?.split(';')[0]?.trim().toLowerCase() !== NDJSON) {
    throw new HttpProblem(
      'unsupported-media-type',
      `An import must be ${NDJSON}, as the export gives it.`,
    );
  }
  const { app } = call.server;
  const report = await importLog(app.events, call.exchange.chunks(), {
    log,
    signal: call.exchange.signal,
    checkEvent: (event) => void readEvent(app.faces.events, event),
  });
  const { refused, imported, skipped } = report;
  if (refused === undefined) return jsonReply(200, report);
  const detail = `${imported} events were imported and ${skipped} were there already; ${refused.count} were not, from the first line that is wrong on. Mend the file and import it again.`;
  const errors = refused.lines.map(({ line, why }) => ({ pointer: `/${line}`, detail: why }));
  return problemReply({ ...problem('import-refused', detail, false), errors });
}

function logOf({ exchange, server: { settings } }: Call): string | undefined {
  const query = parseQueryString(exchange.search, settings.limits.queryParametersMax);
  checkNames(query, new Set(['log']));
  return oneOf(query, 'log');
}

const NDJSON = 'application/x-ndjson';
