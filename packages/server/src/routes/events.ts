import type { EventQuery, ReadOptions } from '@daybook/core';
import { mediaTypes, type EventsAnswer } from '@daybook/protocol';

import { authoriseHistory } from '../authorise.ts';
import type { Call, Server } from '../call.ts';
import { cloudEventOf } from '../cloud-event.ts';
import { eventStream } from '../event-stream.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { invalidParameter } from '../request/query-string.ts';
import {
  checkNames,
  integerOf,
  listOf,
  oneOf,
  parseQueryString,
  type QueryString,
} from '../request/query-string.ts';

/** `GET /events?after=&types=A,B&tags=&limit=`: a page, or a live tail where an event stream is accepted. */
export async function readEvents(call: Call): Promise<Reply> {
  const { server, exchange, actor } = call;
  const { app, settings } = server;
  const query = parseQueryString(exchange.search, settings.limits.queryParametersMax);
  const log = oneOf(query, 'log');
  await authoriseHistory(settings, actor, { kind: 'events', stream: undefined, log });
  checkNames(query, parameters);
  const options = await readOptions(server, query, log);
  const accept = exchange.header('accept') ?? '';
  if (accept.includes(mediaTypes.eventStream)) return eventStream(call, options);
  const { events, scannedTo, head } = await app.readEvents(options);
  if (accept.includes(mediaTypes.cloudEventsBatch)) {
    return {
      status: 200,
      headers: [
        'content-type',
        mediaTypes.cloudEventsBatch,
        'cache-control',
        'no-store',
        'link',
        `<${nextPath(server, query, scannedTo.position)}>; rel="next"`,
      ],
      body: JSON.stringify(events.map(cloudEventOf)),
    };
  }
  const answer: EventsAnswer = { events, next: scannedTo.position, head: head.position };
  return jsonReply(200, answer);
}

async function readOptions(
  { app }: Server,
  query: QueryString,
  log: string | undefined,
): Promise<ReadOptions> {
  const meant = eventQueryOf(query);
  const limit = integerOf(query, 'limit', 1, app.events.limits.pageSizeMax) ?? PAGE_SIZE;
  const inLog = log === undefined ? {} : { log };
  const after =
    oneOf(query, 'after') === 'head'
      ? (await app.events.head(log)).position
      : integerOf(query, 'after', -1, Number.MAX_SAFE_INTEGER);
  return {
    ...(meant === undefined ? {} : { query: meant }),
    ...(after === undefined ? {} : { after }),
    limit,
    ...inLog,
  };
}

function eventQueryOf(query: QueryString): EventQuery | undefined {
  const types = listOf(query, 'types');
  const tags = listOf(query, 'tags');
  // An empty list would mean "no type at all", which nobody asks for.
  if (types?.length === 0) throw invalidParameter('types', 'must name event types');
  if (tags?.length === 0) throw invalidParameter('tags', 'must name tags');
  if (types === undefined && tags === undefined) return undefined;
  return {
    items: [{ ...(types === undefined ? {} : { types }), ...(tags === undefined ? {} : { tags }) }],
  };
}

function nextPath({ settings }: Server, query: QueryString, after: number): string {
  const next = new URLSearchParams();
  for (const [name, values] of query)
    if (name !== 'after') for (const value of values) next.append(name, value);
  next.set('after', String(after));
  return `${settings.basePath}/events?${next.toString()}`;
}

const PAGE_SIZE = 100;
const parameters: ReadonlySet<string> = new Set(['after', 'types', 'tags', 'limit', 'log']);
