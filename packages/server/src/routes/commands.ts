import {
  InvalidMessageError,
  UnknownCommandError,
  type AcceptedOutcome,
  type CommandOutcome,
  type SendOptions,
} from '@daybook/core';
import { headerNames, type CommandAnswer } from '@daybook/protocol';

import { authorise } from '../authorise.ts';
import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { HttpProblem, problemReply, refusalProblem } from '../problem.ts';
import { readJson } from '../request/json-body.ts';
import { asJson } from '../request/json-text.ts';
import { checkNames, oneOf, parseQueryString } from '../request/query-string.ts';
import {
  commandIdOf,
  correlationIdOf,
  expectedRevisionOf,
  traceparentOf,
} from '../request/request-headers.ts';

/** `POST /commands/{decider}/{id}/{command}` */
export async function sendCommand(call: Call): Promise<Reply> {
  const [decider = '', id = '', command = ''] = call.params;
  const { app, settings } = call.server;
  const log = logOf(call);
  const body = await readBody(call);
  if (settings.authorize !== undefined) {
    await authorise(settings, call.actor, {
      kind: 'command',
      decider,
      id,
      command,
      data: body.value,
      log,
    });
  }
  if (app.faces.deciders.get(decider)?.commands.has(command) !== true) {
    throw new UnknownCommandError(`${decider}/${command}`);
  }
  const outcome = await app.send(
    { kind: 'command', decider, id, command, data: dataOf(body) },
    sendOptions(call, log, expectedRevisionOf(call.exchange)),
  );
  return outcome.status === 'refused' ? refusalReply(outcome) : commandReply(outcome);
}

/** What was sent as data, or why it could not be read: authorisation comes before the fault is told. */
export type SentBody =
  | { readonly value: unknown; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: unknown };

export async function readBody({ exchange, server: { settings } }: Call): Promise<SentBody> {
  try {
    return { value: await readJson(exchange, settings.limits) };
  } catch (fault) {
    return { fault };
  }
}

/** @throws what kept the body from being read. */
export function dataOf(body: SentBody): ReturnType<typeof asJson> {
  if (body.fault !== undefined) throw body.fault;
  return asJson(body.value);
}

/** The log that the caller names, where the store has several. */
export function logOf({ exchange, server: { settings } }: Call): string | undefined {
  if (exchange.search === '') return undefined;
  const query = parseQueryString(exchange.search, settings.limits.queryParametersMax);
  checkNames(query, logOnly);
  return oneOf(query, 'log');
}

export function sendOptions(
  { exchange, actor }: Call,
  log: string | undefined,
  expectedRevision: SendOptions['expectedRevision'],
): SendOptions {
  return {
    id: commandIdOf(exchange),
    actor: actor?.id,
    correlationId: correlationIdOf(exchange),
    traceparent: traceparentOf(exchange),
    expectedRevision,
    log,
  };
}

export function refusalReply(
  outcome: Extract<CommandOutcome, { readonly status: 'refused' }>,
): Reply {
  return problemReply(refusalProblem(outcome), outcome.isRepeated ? replayed : []);
}

/** Headers of every accepted command, names and values in turn. */
export function acceptedHeaders({ token, isRepeated }: AcceptedOutcome): readonly string[] {
  return isRepeated
    ? [headerNames.consistencyToken, token, ...replayed]
    : [headerNames.consistencyToken, token];
}

function commandReply(outcome: AcceptedOutcome): Reply {
  const { commandId, stream, revision, position, token, events } = outcome;
  // A command always has its stream; without one this is no command's outcome.
  if (stream === null) throw new InvalidMessageError('The outcome belongs to a decision.');
  const answer: CommandAnswer = { commandId, stream, revision, position, token, events };
  return revision === null
    ? jsonReply(200, answer, ...acceptedHeaders(outcome))
    : jsonReply(200, answer, ...acceptedHeaders(outcome), headerNames.etag, `"${revision}"`);
}

/** Why a decision cannot have a precondition. */
export function refusePrecondition(call: Call): void {
  if (expectedRevisionOf(call.exchange) === undefined) return;
  throw new HttpProblem(
    'invalid-request',
    'A decision reads several streams, so If-Match and If-None-Match say nothing about it.',
  );
}

const replayed: readonly string[] = [headerNames.idempotencyReplayed, 'true'];
const logOnly: ReadonlySet<string> = new Set(['log']);
