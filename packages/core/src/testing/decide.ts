/** Deciding from a history that a test gives, as the command handler does from a store. */
import type { DeciderFace, StreamRead } from '../decider/decider-face.ts';
import type { DecisionFace, ReadFace } from '../decider/decision-face.ts';
import type { StreamRef } from '../decider/decider.ts';
import type { FoldFace } from '../decider/fold.ts';
import type { Emitted } from '../decider/outcome.ts';
import {
  DefinitionError,
  InvalidMessageError,
  UnknownCommandError,
  UnknownEventTypeError,
} from '../errors.ts';
import type { CommandMessage, DecisionMessage } from '../message/command.ts';
import type { EventFace } from '../message/event.ts';
import { face } from '../message/face.ts';
import type { Json } from '../message/json.ts';
import { streamName } from '../message/names.ts';

/** Events of one stream, or streams each with its events. */
export type History = readonly (
  | Emitted<PropertyKey>
  | readonly [StreamRef, ...Emitted<PropertyKey>[]]
)[];

/** What deciding came to, as a test compares it. */
export type TestResult =
  | { readonly events: readonly TestEvent[] }
  | { readonly refusal: { readonly type: string; readonly data: unknown } };

/** One event, and its stream where there are several. */
export interface TestEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: Json;
}

interface PastEvent extends TestEvent {
  readonly event: EventFace;
}

/** @throws {@link InvalidMessageError} for a command that is not of this decider, or whose data is wrong. */
export function decideCommand(
  decider: DeciderFace,
  history: History,
  message: CommandMessage | DecisionMessage,
): TestResult {
  if (message.kind !== 'command' || message.decider !== decider.name) throw notOf(decider.name);
  const command = decider.commands.get(message.command);
  if (command === undefined) throw new UnknownCommandError(message.command);
  const past = pastOf(history, streamName(decider.name, message.id), decider.events);
  const data = command.read(message.data);
  return resultOf(decider.decide(message.command, message.id, data, foldOf(decider, past)));
}

/** @throws {@link InvalidMessageError} for a request that is not for this decision, or whose data is wrong. */
export function decideRequest(
  decision: DecisionFace,
  history: History,
  message: CommandMessage | DecisionMessage,
): TestResult {
  if (message.kind !== 'decision' || message.decision !== decision.name) throw notOf(decision.name);
  const data = decision.command.read(message.data);
  const past = pastOf(history, '', new Map());
  const states = [...decision.reads(data)].map(([name, read]) => [name, stateOf(read, past)]);
  return resultOf(decision.decide(data, Object.fromEntries(states)));
}

/** Expected events as deciding would give them: their data validated, their streams named. */
export function emittedOf(
  definition: DeciderFace | DecisionFace,
  events: History,
  message: CommandMessage | DecisionMessage,
): TestResult {
  const past =
    definition.kind === 'decider' && message.kind === 'command'
      ? pastOf(events, streamName(definition.name, message.id), definition.events)
      : pastOf(events, '', new Map());
  return { events: past.map(({ stream, type, data }) => ({ stream, type, data })) };
}

function pastOf(
  history: History,
  stream: string,
  events: ReadonlyMap<string, EventFace>,
): readonly PastEvent[] {
  return history.flatMap((item) => {
    if ('kind' in item) return [pastEvent(item, stream, events)];
    const [ref, ...emitted] = item;
    return emitted.map((one) => pastEvent(one, ref.stream, ref[face].decider.events));
  });
}

function pastEvent(
  emitted: Emitted<PropertyKey>,
  stream: string,
  events: ReadonlyMap<string, EventFace>,
): PastEvent {
  const type = String(emitted.type);
  if (stream === '') {
    throw new DefinitionError(`Say whose "${type}" it is: [account.stream('acc-1'), …events].`);
  }
  const event = events.get(type);
  if (event === undefined) throw new UnknownEventTypeError(type);
  return { stream, type, data: event.write(emitted.data), event };
}

function stateOf(read: ReadFace, past: readonly PastEvent[]): unknown {
  if (read.kind === 'stream') return streamState(read, past);
  if (read.kind === 'streams') return read.list.map((item) => streamState(item, past));
  const found = past.filter((event) => isRead(read, event));
  return foldOf(read, found);
}

function streamState({ decider, stream }: StreamRead, past: readonly PastEvent[]): unknown {
  return foldOf(
    decider,
    past.filter((event) => event.stream === stream),
  );
}

function isRead({ events, tags }: FoldFace, { event, type, data }: PastEvent): boolean {
  const own = event.tags?.(data) ?? [];
  return events.has(type) && tags.every((tag) => own.includes(tag));
}

function foldOf(definition: DeciderFace | FoldFace, past: readonly PastEvent[]): unknown {
  return past.reduce(
    (state, { event, type, data }) =>
      definition.evolve(state, type, event.read(event.version, data)),
    definition.initialState(),
  );
}

function resultOf(result: ReturnType<DeciderFace['decide']>): TestResult {
  if (result.refusal !== undefined) return { refusal: result.refusal };
  return { events: result.events.map(({ stream, type, data }) => ({ stream, type, data })) };
}

function notOf(name: string): InvalidMessageError {
  return new InvalidMessageError(`This message is not for ${name}, which was given.`);
}
