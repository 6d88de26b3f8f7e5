import type { Health } from '@daybook/core';
import type { HealthAnswer } from '@daybook/protocol';

import { authorise } from '../authorise.ts';
import type { Call } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { actorOf } from '../authentication.ts';

/** `GET /health`: 503 when something failed, a parked key too; for people and alarms. */
export async function health(call: Call): Promise<Reply> {
  const found = await call.server.app.health();
  const status = found.status === 'failing' ? 503 : 200;
  return jsonReply(status, (await isTold(call)) ? answerOf(found) : { status: found.status });
}

/**
 * `GET /ready`: 200 when requests should be sent here; for load balancers.
 *
 * A parked key does not take the server out of service: every other key goes on.
 */
export async function ready({ server: { app, connections } }: Call): Promise<Reply> {
  if (connections.isDraining) return jsonReply(503, { status: 'closing' }, 'retry-after', '1');
  const { status } = await app.health();
  return status === 'starting'
    ? jsonReply(503, { status }, 'retry-after', '1')
    : jsonReply(200, { status });
}

/** Names, positions and counts are for those who may see what the application is made of (G10). */
async function isTold({ server, exchange }: Call): Promise<boolean> {
  if (server.settings.authorize === undefined) return true;
  try {
    await authorise(server.settings, await actorOf(server, exchange), { kind: 'describe' });
    return true;
  } catch {
    return false;
  }
}

function answerOf({ status, logs, readModels }: Health): HealthAnswer {
  return { status, logs: logs.map(({ log, head }) => ({ log, head })), readModels };
}
