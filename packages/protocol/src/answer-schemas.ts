import { integer, list, nullable, object, ref, text } from './schema-parts.ts';
import type { JsonSchema } from './json-schema.ts';

/** Of the types in `answers.ts`. */
export const answerSchemas: Readonly<Record<string, JsonSchema>> = {
  EventAnswer: object({
    id: text,
    log: text,
    position: integer,
    commit: integer,
    stream: text,
    streamId: text,
    revision: integer,
    type: text,
    schemaVersion: integer,
    data: {},
    metadata: { type: 'object' },
    tags: list(text),
    recordedAt: { ...integer, description: 'Milliseconds since 1970, UTC.' },
  }),
  CommandAnswer: object({
    commandId: text,
    stream: text,
    revision: nullable('integer'),
    position: nullable('integer'),
    token: text,
    events: list(ref('EventAnswer')),
  }),
  DecisionAnswer: object({
    commandId: text,
    position: nullable('integer'),
    token: text,
    events: list(ref('EventAnswer')),
    streams: { type: 'object', additionalProperties: nullable('integer') },
  }),
  QueryAnswer: object(
    { data: {}, position: integer, token: text, exact: { type: 'boolean' } },
    { partial: integer },
  ),
  StreamAnswer: object({
    stream: text,
    events: list(ref('EventAnswer')),
    next: nullable('integer'),
  }),
  StateAnswer: object({ state: {}, revision: nullable('integer'), position: integer }),
  EventsAnswer: object({ events: list(ref('EventAnswer')), next: integer, head: integer }),
  ParkedAnswer: object({
    parked: list(
      object({
        readModel: text,
        generation: integer,
        key: text,
        log: text,
        parkedAt: integer,
        error: object({ code: text, message: text }),
        since: integer,
      }),
    ),
  }),
  HealthAnswer: object(
    { status: { enum: ['ok', 'starting', 'failing'] } },
    {
      logs: list(object({ log: text, head: integer })),
      readModels: list(ref('ReadModelHealthAnswer')),
    },
  ),
  ReadModelHealthAnswer: object(
    {
      name: text,
      generation: nullable('integer'),
      state: text,
      processor: { enum: ['running', 'idle', 'stopped'] },
      position: integer,
      lagEvents: integer,
      lagSeconds: { type: 'number' },
      parkedCount: integer,
    },
    { error: object({ code: text, message: text }) },
  ),
  MetaAnswer: object({
    protocol: integer,
    title: text,
    epoch: text,
    outcomeRetentionMs: integer,
    limits: { type: 'object', additionalProperties: { type: 'number' } },
    capabilities: object({
      events: { type: 'object' },
      readModels: { type: 'object' },
      live: list(text),
    }),
    definitions: object({
      deciders: {
        type: 'object',
        additionalProperties: object({
          commands: list(text),
          events: list(text),
          refusals: list(text),
        }),
      },
      decisions: { type: 'object', additionalProperties: object({ refusals: list(text) }) },
      readModels: {
        type: 'object',
        additionalProperties: object({
          version: integer,
          queries: list(text),
          indexes: list(list(text)),
        }),
      },
    }),
  }),
  CloudEvent: object(
    {
      specversion: { const: '1.0' },
      id: text,
      source: text,
      subject: text,
      type: text,
      time: text,
      datacontenttype: { const: 'application/json' },
      data: {},
      sequence: text,
      partitionkey: text,
      revision: integer,
      schemaversion: integer,
    },
    { correlationid: text, causationid: text, traceparent: text },
  ),
};
