/** The paths that every application has. */
import { mediaTypes, type JsonSchema } from '@daybook/protocol';

import { answers, jsonBody, parameter, ref, type Operation } from './operation.ts';

const text: JsonSchema = { type: 'string' };
const whole: JsonSchema = { type: 'integer', minimum: 0 };
const instant: JsonSchema = {
  type: 'string',
  description: 'ISO 8601 with an offset or Z, or milliseconds.',
};

type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

export const fixedPaths: Paths = {
  '/streams/{stream}': {
    get: {
      operationId: 'readStream',
      tags: ['history'],
      summary: 'The events of one stream.',
      parameters: [
        parameter('path', 'stream', text, '`{decider}-{id}`'),
        parameter('query', 'from', whole, 'First revision.'),
        parameter('query', 'limit', whole),
      ],
      responses: answers('StreamAnswer', [400, 401, 403, 404]),
    },
  },
  '/streams/{stream}/state': {
    get: {
      operationId: 'readState',
      tags: ['history'],
      summary: 'The state of one stream, now or as folded then.',
      parameters: [
        parameter('path', 'stream', text, '`{decider}-{id}`'),
        parameter('query', 'at', instant),
        parameter('query', 'atRevision', whole),
        parameter('query', 'atPosition', { type: 'integer', minimum: -1 }),
      ],
      responses: answers('StateAnswer', [400, 401, 403, 404]),
    },
  },
  '/events': {
    get: {
      operationId: 'readEvents',
      tags: ['history'],
      summary: 'The log: a page, or a live tail with `Accept: text/event-stream`.',
      parameters: [
        parameter(
          'query',
          'after',
          text,
          'Position to go on after; -1 for the beginning, `head` for the end.',
        ),
        parameter('query', 'types', text, 'Separated by commas: any of them.'),
        parameter('query', 'tags', text, 'Separated by commas: all of them.'),
        parameter('query', 'limit', whole),
      ],
      responses: {
        ...answers('EventsAnswer', [400, 401, 403, 409]),
        200: {
          description: 'A page, or the tail.',
          content: {
            [mediaTypes.json]: { schema: ref('EventsAnswer') },
            [mediaTypes.cloudEventsBatch]: { schema: { type: 'array', items: ref('CloudEvent') } },
            [mediaTypes.eventStream]: { schema: text },
          },
        },
      },
    },
  },
  '/live': {
    get: {
      operationId: 'live',
      tags: ['operation'],
      summary:
        'WebSocket: live queries, and being told when a token was seen. Frames are the schemas named `…Frame`.',
      responses: { 101: { description: 'Switched to WebSocket.' }, ...problems([403, 429, 503]) },
    },
  },
  '/meta': {
    get: {
      operationId: 'meta',
      tags: ['operation'],
      summary: 'Definitions, capabilities, limits and retention.',
      responses: answers('MetaAnswer', [401, 403]),
    },
  },
  '/health': {
    get: {
      operationId: 'health',
      tags: ['operation'],
      summary: 'Whether anything failed.',
      security: [],
      responses: { ...answers('HealthAnswer', []), 503: healthResponse('Something failed.') },
    },
  },
  '/ready': {
    get: {
      operationId: 'ready',
      tags: ['operation'],
      summary: 'Whether requests should be sent here.',
      security: [],
      responses: { ...answers('HealthAnswer', []), 503: healthResponse('Starting or stopping.') },
    },
  },
};

export const adminPaths: Paths = {
  '/admin/parked': {
    get: {
      operationId: 'listParked',
      tags: ['admin'],
      summary: 'Keys that were set aside.',
      parameters: [parameter('query', 'readModel', text)],
      responses: answers('ParkedAnswer', [401, 403, 404]),
    },
  },
  '/admin/parked/{readModel}/{key}/{repair}': {
    post: {
      operationId: 'repairParked',
      tags: ['admin'],
      summary:
        'Has the events of a parked key applied again, or leaves out the one that it is parked at.',
      parameters: [
        parameter('path', 'readModel', text),
        parameter('path', 'key', text),
        parameter('path', 'repair', { enum: ['retry', 'skip'] }),
      ],
      requestBody: jsonBody({ type: 'object', properties: { reason: text } }),
      responses: { 202: { description: 'Asked for.' }, ...problems([400, 401, 403, 404, 415]) },
    },
  },
  '/admin/read-models/{readModel}/rebuild': {
    post: {
      operationId: 'rebuild',
      tags: ['admin'],
      summary: 'Starts a new generation of a read model.',
      parameters: [parameter('path', 'readModel', text)],
      responses: { 202: { description: 'Started.' }, ...problems([401, 403, 404]) },
    },
  },
  '/admin/export': {
    get: {
      operationId: 'export',
      tags: ['admin'],
      summary: 'The log as NDJSON.',
      parameters: [parameter('query', 'log', text)],
      responses: {
        200: { description: 'Lines.', content: { 'application/x-ndjson': { schema: text } } },
        ...problems([401, 403]),
      },
    },
  },
  '/admin/import': {
    post: {
      operationId: 'import',
      tags: ['admin'],
      summary: 'Takes what an export gave into an empty log, or goes on with it.',
      parameters: [parameter('query', 'log', text)],
      requestBody: { content: { 'application/x-ndjson': { schema: text } } },
      responses: {
        200: { description: 'Everything is there.' },
        ...problems([401, 403, 415, 422]),
      },
    },
  },
};

function problems(statuses: readonly number[]): JsonSchema {
  const { 200: _none, ...rest } = answers('HealthAnswer', statuses);
  return rest;
}

function healthResponse(description: string): JsonSchema {
  return { description, content: { [mediaTypes.json]: { schema: ref('HealthAnswer') } } };
}
