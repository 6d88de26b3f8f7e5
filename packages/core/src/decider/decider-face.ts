/** A decider's runtime half: lookups by name, all data `unknown`. */
import { UnknownCommandError, UnknownEventTypeError } from '../errors.ts';
import type { EventFace } from '../message/event.ts';
import type { MessageFace } from '../message/message-face.ts';
import { checkId, checkName, streamName } from '../message/names.ts';
import type { StandardSchemaV1 } from '../message/schema.ts';
import type { DecisionResult } from './decision-result.ts';
import { eventFaces, handlersOf, messageFaces } from './definition-maps.ts';
import type { AnyHandler } from './handlers.ts';
import { initialStateOf } from './initial-state.ts';
import { emitTool, refuseTool, toResult, toolsOf } from './outcome.ts';

/** A decider to the runtime. */
export interface DeciderFace {
  readonly kind: 'decider';
  readonly name: string;
  /** By type: every event that its streams may hold. */
  readonly events: ReadonlyMap<string, EventFace>;
  /** By name: `read` gives the data that `decide` takes. */
  readonly commands: ReadonlyMap<string, MessageFace>;
  readonly refusals: ReadonlyMap<string, MessageFace>;
  initialState(): unknown;
  /** The state after an event whose data was read by its {@link EventFace}. */
  evolve(state: unknown, type: string, data: unknown): unknown;
  /** Decides a command of the stream `name-id`; `data` was read by the command's schema. Events are validated. */
  decide(command: string, id: string, data: unknown, state: unknown): DecisionResult;
}

/** One stream that a decision reads, to the runtime: the decider that folds it. */
export interface StreamRead {
  readonly kind: 'stream';
  readonly decider: DeciderFace;
  readonly id: string;
  readonly stream: string;
}

/** A decider's definition without its types. */
export interface UntypedDecider {
  readonly events: Readonly<Record<string, StandardSchemaV1>>;
  readonly commands: Readonly<Record<string, StandardSchemaV1>>;
  readonly refusals?: Readonly<Record<string, StandardSchemaV1>>;
  readonly initialState: unknown;
  readonly evolve: Readonly<Record<string, AnyHandler>>;
  readonly decide: Readonly<Record<string, AnyHandler>>;
}

/** @throws {@link DefinitionError} for a name that breaks the rules, or a handler that is missing or has no name. */
export function deciderFaceOf(name: string, definition: UntypedDecider): DeciderFace {
  checkName(name, 'lower', 'A decider');
  const events = eventFaces(definition.events);
  const commands = messageFaces(definition.commands, 'command');
  const refusals = messageFaces(definition.refusals ?? {}, 'refusal');
  const evolve = handlersOf(definition.evolve, events, `evolve of ${name}`);
  const decide = handlersOf(definition.decide, commands, `decide of ${name}`);
  const tools = {
    emit: toolsOf(events, emitTool),
    refuse: toolsOf(refusals, refuseTool),
  };
  const self: DeciderFace = {
    kind: 'decider',
    name,
    events,
    commands,
    refusals,
    initialState: initialStateOf(definition.initialState),
    evolve(state, type, data) {
      const handler = evolve.get(type);
      if (handler === undefined) throw new UnknownEventTypeError(type);
      return handler(state, data);
    },
    decide(command, id, data, state) {
      const handler = decide.get(command);
      if (handler === undefined) throw new UnknownCommandError(`${name}.${command}`);
      return toResult(handler(data, state, tools), {
        what: `decide.${command} of ${name}`,
        refusals,
        id,
        target: (type) => targets.get(type),
      });
    },
  };
  const targets = new Map([...events].map(([type, event]) => [type, { decider: self, event }]));
  return self;
}

/** The stream of the instance `id`. @throws {@link InvalidMessageError} when it cannot be an id. */
export function streamReadOf(decider: DeciderFace, id: string): StreamRead {
  checkId(id, `The id of a stream of ${decider.name}`);
  return { kind: 'stream', decider, id, stream: streamName(decider.name, id) };
}
