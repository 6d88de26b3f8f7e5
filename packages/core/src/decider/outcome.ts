/** What a handler of `decide` gives: emitted events, or a refusal. */
import { DefinitionError } from '../errors.ts';
import type { EventFace } from '../message/event.ts';
import type { types } from '../message/face.ts';
import type { Json } from '../message/json.ts';
import { checkId, streamName } from '../message/names.ts';
import type { MessageFace } from '../message/message-face.ts';
import type { DecidedEvent, DecisionResult } from './decision-result.ts';

/** An event that is to happen; made by `emit`, or by a decider's `events` for a test. */
export interface Emitted<Type extends PropertyKey = string, Data = unknown> {
  readonly kind: 'emitted';
  readonly type: Type;
  readonly data: unknown;
  /** Whose stream it goes to; a decider's own needs no saying. */
  readonly streamId?: string;
  readonly [types]?: Data;
}

/** The answer that the command may not happen, made by `refuse`. */
export interface Refusal<Type extends PropertyKey = string, Data = unknown> {
  readonly kind: 'refusal';
  readonly type: Type;
  readonly data: unknown;
  readonly [types]?: Data;
}

/** One event, several, none (`[]`: nothing has to happen), or a refusal. */
export type Decision =
  | Emitted<PropertyKey>
  | Refusal<PropertyKey>
  | readonly Emitted<PropertyKey>[];

/** One tool for each name, such as `emit.MoneyDeposited`. */
export function toolsOf<Tool>(
  names: { keys(): Iterable<string> },
  toolOf: (name: string) => Tool,
): Readonly<Record<string, Tool>> {
  return Object.freeze(Object.fromEntries([...names.keys()].map((name) => [name, toolOf(name)])));
}

export function emitTool(type: string): (data?: unknown) => Emitted {
  return (data = {}) => ({ kind: 'emitted', type, data });
}

/** As {@link emitTool}, for a decision: the id of the stream comes first. */
export function emitToTool(type: string): (streamId: string, data?: unknown) => Emitted {
  return (streamId, data = {}) => ({ kind: 'emitted', type, data, streamId });
}

export function refuseTool(type: string): (data?: unknown) => Refusal {
  return (data = {}) => ({ kind: 'refusal', type, data });
}

/** Where an event of a type goes. */
export interface EmitTarget {
  readonly decider: { readonly name: string };
  readonly event: EventFace;
}

/** What is needed to turn a handler's answer into a result. */
export interface DecisionContext {
  /** Names the command or decision in errors. */
  readonly what: string;
  readonly refusals: ReadonlyMap<string, MessageFace>;
  /** The stream's id of events that name none. */
  readonly id?: string;
  target(type: string): EmitTarget | undefined;
}

/**
 * The validated result of a handler's answer.
 *
 * @throws {@link InvalidMessageError} when an emitted event or the refusal does not match its schema.
 * @throws {@link DefinitionError} when the handler returned neither.
 */
export function toResult(answer: unknown, context: DecisionContext): DecisionResult {
  if (Array.isArray(answer)) return { events: answer.map((item) => toDecided(item, context)) };
  if (isRefusal(answer)) return { refusal: toRefusal(answer, context) };
  return { events: [toDecided(answer, context)] };
}

function toDecided(item: unknown, context: DecisionContext): DecidedEvent {
  if (!isEmitted(item)) throw notADecision(item, context);
  const target = context.target(item.type);
  if (target === undefined) throw notADecision(item, context);
  const { decider, event } = target;
  const id = item.streamId ?? context.id;
  checkId(id, `The id of the stream that ${context.what} emits "${item.type}" to`);
  const data = event.write(item.data);
  return {
    stream: streamName(decider.name, id),
    type: item.type,
    schemaVersion: event.version,
    data,
    tags: event.tags?.(data) ?? [],
  };
}

function toRefusal(
  { type, data }: Refusal,
  context: DecisionContext,
): { type: string; data: Json } {
  const refusal = context.refusals.get(type);
  if (refusal === undefined) throw notADecision({ type }, context);
  return { type, data: refusal.write(data) };
}

function notADecision(answer: unknown, { what }: DecisionContext): DefinitionError {
  return new DefinitionError(
    `${what} returned ${describe(answer)}. It returns what emit or refuse gave, a list of emitted events, or [] when nothing has to happen.`,
  );
}

function describe(answer: unknown): string {
  if (isTyped(answer)) return `"${answer.type}", which is not declared`;
  return answer === undefined ? 'nothing' : `something of type ${typeof answer}`;
}

function isEmitted(value: unknown): value is Emitted {
  return isTyped(value) && value.kind === 'emitted';
}

function isRefusal(value: unknown): value is Refusal {
  return isTyped(value) && value.kind === 'refusal';
}

function isTyped(value: unknown): value is { readonly kind?: unknown; readonly type: string } {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  );
}
