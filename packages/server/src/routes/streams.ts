import { InvalidInstantError, type StateAt } from '@daybook/core';
import { headerNames, type StateAnswer, type StreamAnswer } from '@daybook/protocol';

import { authoriseHistory } from '../authorise.ts';
import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import {
  checkNames,
  integerOf,
  oneOf,
  parseQueryString,
  type QueryString,
} from '../request/query-string.ts';

/** `GET /streams/{stream}?from=&limit=` */
export async function readStream(call: Call): Promise<Reply> {
  const [stream = ''] = call.params;
  const { app, settings } = call.server;
  const query = parseQueryString(call.exchange.search, settings.limits.queryParametersMax);
  const log = oneOf(query, 'log');
  await authoriseHistory(settings, call.actor, { kind: 'stream', stream, log });
  checkNames(query, streamParameters);
  const from = integerOf(query, 'from', 0, Number.MAX_SAFE_INTEGER);
  const limit = integerOf(query, 'limit', 1, app.events.limits.pageSizeMax);
  const { events, next } = await app.readStream(stream, {
    ...(from === undefined ? {} : { from }),
    limit: limit ?? PAGE_SIZE,
    ...(log === undefined ? {} : { log }),
  });
  const answer: StreamAnswer = { stream, events, next };
  return jsonReply(200, answer);
}

/** `GET /streams/{stream}/state?at=` or `atRevision=` or `atPosition=` */
export async function readState(call: Call): Promise<Reply> {
  const [stream = ''] = call.params;
  const { app, settings } = call.server;
  const query = parseQueryString(call.exchange.search, settings.limits.queryParametersMax);
  await authoriseHistory(settings, call.actor, { kind: 'state', stream, log: undefined });
  checkNames(query, stateParameters);
  const { state, revision, position } = await app.stateOf(stream, stateAtOf(query));
  const answer: StateAnswer = { state, revision, position };
  return revision === null
    ? jsonReply(200, answer)
    : jsonReply(200, answer, headerNames.etag, `"${revision}"`);
}

function stateAtOf(query: QueryString): StateAt {
  const given: StateAt = {
    at: instantOf(oneOf(query, 'at')),
    atRevision: integerOf(query, 'atRevision', 0, Number.MAX_SAFE_INTEGER),
    atPosition: integerOf(query, 'atPosition', -1, Number.MAX_SAFE_INTEGER),
  };
  if (Object.values(given).filter((value) => value !== undefined).length > 1) {
    throw new InvalidInstantError('Give one of at, atRevision and atPosition, not several.');
  }
  return given;
}

/** Milliseconds, or a text; the `+` of an offset that was not escaped arrives as a space. */
function instantOf(text: string | undefined): string | number | undefined {
  if (text === undefined) return undefined;
  // Fewer digits are a year or a day somebody meant, and not milliseconds of 1970.
  if (/^\d{12,16}$/.test(text)) return Number(text);
  return text.replace(/ (\d{2}:?\d{2})$/, '+$1');
}

const PAGE_SIZE = 100;
const streamParameters: ReadonlySet<string> = new Set(['from', 'limit', 'log']);
const stateParameters: ReadonlySet<string> = new Set(['at', 'atRevision', 'atPosition']);
