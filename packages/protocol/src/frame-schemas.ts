/** Of the types in `frames.ts`. The bounds on texts are the server's: a frame that breaks one is refused whole. */
import { integer, list, nullable, object, ref, text } from './schema-parts.ts';
import type { JsonSchema } from './json-schema.ts';

const id: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 };
const token: JsonSchema = { type: 'string', minLength: 1, maxLength: 8_192 };
const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 60 };

/** What a client sends, by type name; `type` says which. */
export const upFrameSchemas: Readonly<Record<string, JsonSchema>> = {
  HelloFrame: object({ type: { const: 'hello' }, v: integer }, { token }),
  SubFrame: object(
    {
      type: { const: 'sub' },
      id,
      query: object({ readModel: name, query: name }, { params: {} }),
    },
    { after: token, rows: { type: 'boolean' } },
  ),
  WatchFrame: object({
    type: { const: 'watch' },
    id,
    stream: { type: 'string', minLength: 1, maxLength: 300 },
  }),
  UnsubFrame: object({ type: { const: 'unsub' }, id }),
  ReachFrame: object({ type: { const: 'reach' }, id, token }),
  AskFrame: object({
    type: { const: 'ask' },
    id,
    commands: { type: 'array', items: id, maxItems: 100 },
  }),
  AwaitFrame: object(
    { type: { const: 'await' }, id, token },
    {
      models: { type: 'array', items: name, maxItems: 100 },
      waitMs: { type: 'integer', minimum: 0 },
    },
  ),
  PingFrame: object({ type: { const: 'ping' } }),
};

const answer = {
  sub: id,
  generation: integer,
  position: integer,
  token: text,
  data: {},
  exact: { type: 'boolean' },
} satisfies Record<string, JsonSchema>;

const reads = object({
  rows: list(
    object(
      { key: text, asOf: { type: 'object', additionalProperties: integer } },
      { at: text, row: {} },
    ),
  ),
  absent: list(text),
  finds: list(object({ request: {}, keys: list(text), next: nullable('string') })),
  counts: list(object({ request: {}, count: integer })),
});

/** What a server sends. */
export const downFrameSchemas: Readonly<Record<string, JsonSchema>> = {
  WelcomeFrame: object({
    type: { const: 'welcome' },
    v: integer,
    epoch: text,
    limits: { type: 'object', additionalProperties: integer },
    heartbeatMs: integer,
  }),
  SnapFrame: object({ type: { const: 'snap' }, ...answer }, { partial: integer, reads }),
  NextFrame: object(
    { type: { const: 'next' }, ...answer, from: integer, to: integer },
    { partial: integer, reads },
  ),
  PosFrame: object({
    type: { const: 'pos' },
    sub: id,
    generation: integer,
    position: integer,
    token: text,
    from: integer,
    to: integer,
  }),
  StateFrame: object({
    type: { const: 'state' },
    sub: id,
    state: {},
    revision: integer,
    position: integer,
  }),
  OutcomesFrame: object({
    type: { const: 'outcomes' },
    id,
    commands: list(
      object({
        commandId: text,
        log: text,
        first: nullable('integer'),
        position: nullable('integer'),
      }),
    ),
  }),
  ReadyFrame: object({
    type: { const: 'ready' },
    id,
    models: list(
      object({
        readModel: text,
        status: { enum: ['fresh', 'behind', 'failed', 'rebuilding', 'timed-out', 'lost-timeline'] },
        position: integer,
      }),
    ),
  }),
  ResetFrame: object({
    type: { const: 'reset' },
    sub: id,
    reason: { enum: ['new-generation', 'lost-timeline', 'went-back'] },
  }),
  ProblemFrame: object({ type: { const: 'problem' }, problem: ref('Problem') }, { id }),
  ByeFrame: object({ type: { const: 'bye' }, retryAfterMs: integer }),
  PongFrame: object({ type: { const: 'pong' } }),
};
