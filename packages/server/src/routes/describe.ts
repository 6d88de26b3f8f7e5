import type { MetaAnswer } from '@daybook/protocol';
import { PROTOCOL_VERSION } from '@daybook/protocol';

import { authorise } from '../authorise.ts';
import type { Call, Server } from '../call.ts';
import { jsonReply, type Reply } from '../exchange.ts';
import { openApiOf } from '../openapi/document.ts';

/** `GET /meta` */
export async function describeMeta({ server, actor }: Call): Promise<Reply> {
  await authorise(server.settings, actor, { kind: 'describe' });
  return jsonReply(200, metaOf(server));
}

/** `GET /openapi.json` */
export async function describeOpenApi({ server, actor }: Call): Promise<Reply> {
  await authorise(server.settings, actor, { kind: 'describe' });
  const body = documents.get(server) ?? JSON.stringify(openApiOf(server));
  documents.set(server, body);
  return {
    status: 200,
    headers: [
      'content-type',
      'application/json',
      'cache-control',
      'no-cache',
      'x-content-type-options',
      'nosniff',
    ],
    body,
  };
}

/** Definitions do not change while a server runs. */
const documents = new WeakMap<Server, string>();

function metaOf({ app, settings }: Server): MetaAnswer {
  const { faces, events, readModels, limits } = app;
  return {
    protocol: PROTOCOL_VERSION,
    title: settings.title,
    epoch: events.epoch,
    outcomeRetentionMs: limits.outcomeRetentionMs,
    limits: { ...events.limits, ...limits, ...settings.limits },
    capabilities: {
      events: { ...events.capabilities },
      readModels: { ...readModels.capabilities },
      live: ['websocket'],
    },
    definitions: {
      deciders: mapped(faces.deciders, (decider) => ({
        commands: [...decider.commands.keys()],
        events: [...decider.events.keys()],
        refusals: [...decider.refusals.keys()],
      })),
      decisions: mapped(faces.decisions, ({ refusals }) => ({ refusals: [...refusals.keys()] })),
      readModels: mapped(faces.readModels, ({ version, queries, indexes }) => ({
        version,
        queries: [...queries.keys()],
        indexes,
      })),
    },
  };
}

function mapped<Value, Result>(
  map: ReadonlyMap<string, Value>,
  toResult: (value: Value) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries([...map].map(([name, value]) => [name, toResult(value)]));
}
