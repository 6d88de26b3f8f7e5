import { UnknownCommandError } from '@daybook/core';
import type { DecisionAnswer } from '@daybook/protocol';

import { authorise } from '../authorise.ts';
import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import {
  acceptedHeaders,
  dataOf,
  logOf,
  readBody,
  refusalReply,
  refusePrecondition,
  sendOptions,
} from './commands.ts';

/** `POST /decisions/{decision}` */
export async function sendDecision(call: Call): Promise<Reply> {
  const [decision = ''] = call.params;
  const { app, settings } = call.server;
  const log = logOf(call);
  const body = await readBody(call);
  await authorise(settings, call.actor, { kind: 'decision', decision, data: body.value, log });
  if (!app.faces.decisions.has(decision)) throw new UnknownCommandError(decision);
  refusePrecondition(call);
  const outcome = await app.send(
    { kind: 'decision', decision, data: dataOf(body) },
    sendOptions(call, log, undefined),
  );
  if (outcome.status === 'refused') return refusalReply(outcome);
  const { commandId, position, token, events, streams } = outcome;
  const answer: DecisionAnswer = { commandId, position, token, events, streams };
  return jsonReply(200, answer, ...acceptedHeaders(outcome));
}
