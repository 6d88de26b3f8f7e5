/** The parts that operations of the OpenAPI document are made of. */
import { headerNames, mediaTypes, type JsonSchema } from '@daybook/protocol';

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly JsonSchema[];
  readonly requestBody?: JsonSchema;
  readonly responses: JsonSchema;
  readonly security?: readonly JsonSchema[];
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function parameter(
  place: 'path' | 'query' | 'header',
  name: string,
  schema: JsonSchema,
  description?: string,
): JsonSchema {
  return {
    name,
    in: place,
    schema,
    ...(place === 'path' ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

export function jsonBody(schema: JsonSchema): JsonSchema {
  return { content: { [mediaTypes.json]: { schema } } };
}

/** 200 with a schema of the protocol, and problems by status. @param refusal the body of 422, where there is one. */
export function answers(
  name: string,
  statuses: readonly number[],
  refusal?: JsonSchema,
): JsonSchema {
  const problems = Object.fromEntries(
    statuses.map((status) => [String(status), problemResponse(status, ref('Problem'))]),
  );
  return {
    200: { description: 'Done.', content: { [mediaTypes.json]: { schema: ref(name) } } },
    ...problems,
    ...(refusal === undefined ? {} : { 422: problemResponse(422, refusal) }),
  };
}

function problemResponse(status: number, schema: JsonSchema): JsonSchema {
  return {
    description: statusNames[status] ?? 'A problem.',
    content: { [mediaTypes.problem]: { schema } },
  };
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'The request is not valid; every issue is listed.',
  401: 'Nobody was authenticated.',
  403: 'Not allowed.',
  404: 'There is no such thing.',
  409: 'Others kept changing it, or the token is of another store or timeline.',
  412: 'The stream is at another revision.',
  413: 'A bound was exceeded.',
  415: 'Only application/json is taken.',
  422: 'Refused by the decider, or the id cannot be used.',
  503: 'Not now; Retry-After says when.',
};

const text: JsonSchema = { type: 'string' };

/** Of every command and decision. */
export const messageHeaders: readonly JsonSchema[] = [
  parameter(
    'header',
    headerNames.idempotencyKey,
    text,
    'The command id: a repeat has one effect and gets the first answer.',
  ),
  parameter('header', headerNames.traceparent, text),
  parameter('header', headerNames.correlationId, text),
];

export const conditionalHeaders: readonly JsonSchema[] = [
  parameter(
    'header',
    headerNames.ifMatch,
    text,
    'The revision that the stream must have, as its ETag says: `"7"`.',
  ),
  parameter('header', headerNames.ifNoneMatch, { const: '*' }, 'The stream must not exist.'),
];

export const queryHeaders: readonly JsonSchema[] = [
  parameter(
    'header',
    headerNames.consistencyToken,
    text,
    'The answer is at least as fresh as this token, or says why not.',
  ),
  parameter(
    'header',
    headerNames.prefer,
    text,
    '`wait=S`: seconds to wait for that; 0 answers at once.',
  ),
];
