import { jsonSchemaOf, UnknownQueryError } from '@daybook/core';
import { headerNames, type JsonSchema, type QueryAnswer } from '@daybook/protocol';

import { authorise } from '../authorise.ts';
import type { Call, Server } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { HttpProblem, notFreshProblem, problemReply } from '../problem.ts';
import { withForced } from '../request/forced-parameters.ts';
import { parameterReader, type ParameterReader } from '../request/query-parameters.ts';
import { checkNames, oneOf, parseQueryString, type QueryString } from '../request/query-string.ts';
import { tokensOf, waitMsOf } from '../request/request-headers.ts';
import { readBody, type SentBody } from './commands.ts';

/** `GET /queries/{readModel}/{query}?…`: the query string holds the parameters. */
export async function askByGet(call: Call): Promise<Reply> {
  const { exchange, server, params } = call;
  const query = parseQueryString(exchange.search, server.settings.limits.queryParametersMax);
  const read = readerOf(server, params[0] ?? '', params[1] ?? '');
  return ask(call, query, { value: read(query) });
}

/** `POST /queries/{readModel}/{query}`: the body is the parameters. */
export async function askByPost(call: Call): Promise<Reply> {
  const { exchange, server } = call;
  const query = parseQueryString(exchange.search, server.settings.limits.queryParametersMax);
  checkNames(query, new Set(['log', ...timeTravel]));
  return ask(call, query, await readBody(call));
}

async function ask(call: Call, query: QueryString, sent: SentBody): Promise<Reply> {
  const { server, exchange, actor } = call;
  const { app, settings } = server;
  const [readModel = '', name = ''] = call.params;
  const log =
    hasSeveralLogs(server) || exchange.method === 'POST' ? oneOf(query, 'log') : undefined;
  const asked = { kind: 'query', readModel, query: name, params: sent.value, log } as const;
  const forced = await authorise(settings, actor, asked);
  if (app.faces.readModels.get(readModel)?.queries.has(name) !== true) {
    throw new UnknownQueryError(`${readModel}/${name}`);
  }
  refuseTimeTravel(query);
  if (sent.fault !== undefined) throw sent.fault;
  const waitMs = waitMsOf(exchange, app.limits.waitMsMax);
  const answer = await app.query(
    { kind: 'query', readModel, query: name, params: withForced(sent.value, forced) },
    { after: tokensOf(exchange), waitMs, log, signal: exchange.signal },
  );
  const applied =
    waitMs === undefined ? [] : [headerNames.preferenceApplied, `wait=${waitMs / 1_000}`];
  if (answer.status !== 'fresh') return problemReply(notFreshProblem(answer), applied);
  const { data = null, position, token, exact, partial } = answer;
  const body: QueryAnswer = {
    data,
    position,
    token,
    exact,
    ...(partial === undefined ? {} : { partial }),
  };
  return jsonReply(200, body, headerNames.consistencyToken, token, ...applied);
}

function refuseTimeTravel(query: QueryString): void {
  const name = timeTravel.find((parameter) => query.has(parameter));
  if (name === undefined) return;
  throw new HttpProblem(
    'unsupported-capability',
    `Queries cannot be asked for the past yet, so "${name}" is refused rather than ignored. The state of one stream can: GET /streams/{stream}/state?${name}=…`,
  );
}

const timeTravel: readonly string[] = ['at', 'atPosition'];

function hasSeveralLogs({ app }: Server): boolean {
  return app.events.capabilities.logs === 'several';
}

/** Made at the first question and kept as long as the server. */
const readers = new WeakMap<Server, Map<string, ParameterReader>>();

function readerOf(server: Server, readModel: string, name: string): ParameterReader {
  const reserved = new Set(hasSeveralLogs(server) ? ['log', ...timeTravel] : timeTravel);
  const query = server.app.faces.readModels.get(readModel)?.queries.get(name);
  if (query === undefined) return parameterReader(undefined, reserved);
  const known = readers.get(server) ?? new Map<string, ParameterReader>();
  readers.set(server, known);
  const key = `${readModel}/${name}`;
  const reader = known.get(key) ?? parameterReader(schemaOf(query.params?.schema), reserved);
  known.set(key, reader);
  return reader;
}

function schemaOf(schema: Parameters<typeof jsonSchemaOf>[0] | undefined): JsonSchema | undefined {
  const found = schema === undefined ? undefined : jsonSchemaOf(schema, 'input');
  return typeof found === 'object' && found !== null
    ? Object.fromEntries(Object.entries(found))
    : undefined;
}
