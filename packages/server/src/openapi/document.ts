/**
 * The OpenAPI 3.1 document of an application: the fixed paths, and one path for each command, decision and query, with
 * the schemas of their definitions (by Standard JSON Schema, where the validator gives it).
 */
import { jsonSchemaOf, type MessageFace, type StandardSchemaV1 } from '@daybook/core';
import { schemas, type JsonSchema } from '@daybook/protocol';

import type { Server } from '../call.ts';
import { adminPaths, fixedPaths } from './fixed-paths.ts';
import {
  answers,
  conditionalHeaders,
  jsonBody,
  messageHeaders,
  parameter,
  queryHeaders,
  ref,
  type Operation,
} from './operation.ts';

export function openApiOf({ app, settings }: Server): JsonSchema {
  const { deciders, decisions, readModels } = app.faces;
  const paths: Record<string, Readonly<Record<string, Operation>>> = {};
  for (const decider of deciders.values()) {
    for (const [name, command] of decider.commands) {
      paths[`/commands/${decider.name}/{id}/${name}`] = {
        post: commandOperation(decider.name, name, command, decider.refusals),
      };
    }
  }
  for (const { name, command, refusals } of decisions.values()) {
    paths[`/decisions/${name}`] = { post: decisionOperation(name, command, refusals) };
  }
  for (const readModel of readModels.values()) {
    for (const [name, { params }] of readModel.queries) {
      const schema = params === undefined ? undefined : schemaOf(params.schema, 'input');
      paths[`/queries/${readModel.name}/${name}`] = queryOperations(readModel.name, name, schema);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: settings.title,
      version: '1',
      description: 'Commands, decisions and queries of this application, and the log behind them.',
      license: { name: 'as the application says', identifier: 'LicenseRef-Unspecified' },
    },
    servers: [{ url: settings.basePath === '' ? '/' : settings.basePath }],
    tags: tagNames([...deciders.keys()], [...readModels.keys()]),
    security: settings.authorize === undefined ? [] : [{ bearer: [] }],
    paths: { ...paths, ...fixedPaths, ...adminPaths },
    components: {
      schemas,
      ...(settings.authorize === undefined
        ? {}
        : { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function commandOperation(
  decider: string,
  name: string,
  command: MessageFace,
  refusals: ReadonlyMap<string, MessageFace>,
): Operation {
  return {
    operationId: `${decider}.${name}`,
    tags: [decider],
    summary: name,
    parameters: [
      parameter(
        'path',
        'id',
        { type: 'string', minLength: 1 },
        `Which ${decider}; the stream is \`${decider}-{id}\`.`,
      ),
      ...messageHeaders,
      ...conditionalHeaders,
    ],
    requestBody: jsonBody(schemaOf(command.schema, 'input')),
    responses: answers(
      'CommandAnswer',
      [400, 401, 403, 404, 409, 412, 413, 415, 503],
      refusalSchema(refusals),
    ),
  };
}

function decisionOperation(
  name: string,
  command: MessageFace,
  refusals: ReadonlyMap<string, MessageFace>,
): Operation {
  return {
    operationId: name,
    tags: ['decisions'],
    summary: name,
    parameters: messageHeaders,
    requestBody: jsonBody(schemaOf(command.schema, 'input')),
    responses: answers(
      'DecisionAnswer',
      [400, 401, 403, 404, 409, 413, 415, 503],
      refusalSchema(refusals),
    ),
  };
}

function queryOperations(
  readModel: string,
  name: string,
  params: JsonSchema | undefined,
): { readonly get: Operation; readonly post: Operation } {
  const common = {
    tags: [readModel],
    summary: name,
    responses: answers('QueryAnswer', [400, 401, 403, 404, 409, 503]),
  } as const;
  return {
    get: {
      ...common,
      operationId: `${readModel}.${name}`,
      parameters: [...queryParameters(params), ...queryHeaders],
    },
    post: {
      ...common,
      operationId: `${readModel}.${name}.post`,
      parameters: queryHeaders,
      requestBody: jsonBody(params ?? {}),
    },
  };
}

function queryParameters(params: JsonSchema | undefined): readonly JsonSchema[] {
  const properties = params?.['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  const required = Array.isArray(params?.['required'])
    ? new Set<unknown>(params['required'])
    : new Set<unknown>();
  return Object.entries(properties).map(([name, schema]) => ({
    ...parameter('query', name, schema ?? {}),
    ...(required.has(name) ? { required: true } : {}),
  }));
}

/** The problem of a refusal, with each refusal's own data. */
function refusalSchema(refusals: ReadonlyMap<string, MessageFace>): JsonSchema {
  const known = [...refusals].map(([type, { schema }]) => ({
    type: 'object',
    required: ['type', 'data'],
    properties: { type: { const: type }, data: schemaOf(schema, 'output') },
  }));
  if (known.length === 0) return ref('Problem');
  return { allOf: [ref('Problem'), { type: 'object', properties: { refusal: { oneOf: known } } }] };
}

/** A schema to be put inside the document: without its own dialect line, which is the document's. */
function schemaOf(schema: StandardSchemaV1, side: 'input' | 'output'): JsonSchema {
  const found = jsonSchemaOf(schema, side);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return {};
  return Object.fromEntries(Object.entries(found).filter(([keyword]) => keyword !== '$schema'));
}

function tagNames(
  deciders: readonly string[],
  readModels: readonly string[],
): readonly JsonSchema[] {
  const names = new Set([...deciders, 'decisions', ...readModels, 'history', 'operation', 'admin']);
  return [...names].map((name) => ({ name }));
}
