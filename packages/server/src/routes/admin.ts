import { ReadModelNotFoundError, type Operator } from '@daybook/core';
import type { ParkedAnswer } from '@daybook/protocol';

import type { AdminAsked } from '../authorisation.ts';
import { authoriseAdmin } from '../authorise.ts';
import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { HttpProblem } from '../problem.ts';
import { readJson } from '../request/json-body.ts';
import { checkNames, oneOf, parseQueryString } from '../request/query-string.ts';

/** `GET /admin/parked?readModel=` */
export async function listParked(call: Call): Promise<Reply> {
  const { app, settings } = call.server;
  const query = parseQueryString(call.exchange.search, settings.limits.queryParametersMax);
  const readModel = oneOf(query, 'readModel');
  await permit(call, { action: 'parked', readModel, key: undefined });
  checkNames(query, new Set(['readModel']));
  if (readModel !== undefined) checkReadModel(call, readModel);
  const answer: ParkedAnswer = { parked: await app.parked(readModel) };
  return jsonReply(200, answer);
}

/** `POST /admin/parked/{readModel}/{key}/retry` or `…/skip`, with `{ reason? }` */
export async function repairParked(call: Call): Promise<Reply> {
  const [readModel = '', key = '', repair = ''] = call.params;
  const { app } = call.server;
  if (repair !== 'retry' && repair !== 'skip') {
    throw new HttpProblem('not-found', 'A parked key can be sent "retry" or "skip".');
  }
  await permit(call, { action: repair, readModel, key });
  checkReadModel(call, readModel);
  const by = await operatorOf(call);
  const { token } = await (repair === 'retry'
    ? app.retryParked(readModel, key, by)
    : app.skipParked(readModel, key, by));
  return jsonReply(202, { readModel, key, repair, token });
}

/** `POST /admin/read-models/{readModel}/rebuild` */
export async function rebuild(call: Call): Promise<Reply> {
  const [readModel = ''] = call.params;
  await permit(call, { action: 'rebuild', readModel, key: undefined });
  checkReadModel(call, readModel);
  const { generation } = await call.server.app.rebuild(readModel);
  return jsonReply(202, { readModel, generation });
}

/** @throws {@link HttpProblem} unless the caller may do it. */
export async function permit(
  { server: { settings }, actor, exchange }: Call,
  asked: AdminAsked,
): Promise<void> {
  await authoriseAdmin(settings, actor, asked, exchange.remoteAddress);
}

function checkReadModel({ server: { app } }: Call, readModel: string): void {
  if (!app.faces.readModels.has(readModel)) throw new ReadModelNotFoundError(readModel);
}

async function operatorOf({ server: { settings }, exchange, actor }: Call): Promise<Operator> {
  const body = await readJson(exchange, settings.limits);
  const reason: unknown =
    typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined;
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > REASON_LENGTH_MAX)) {
    throw new HttpProblem('invalid-message', 'The reason is not one.', [
      { path: '/reason', message: `must be a text of at most ${REASON_LENGTH_MAX} characters` },
    ]);
  }
  return { actor: actor?.id, ...(typeof reason === 'string' ? { reason } : {}) };
}

const REASON_LENGTH_MAX = 1_000;
