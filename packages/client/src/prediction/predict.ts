/**
 * What operations under way will do, by the deciders' own code.
 *
 * The operations are gone through in the order of dispatch, over the states of their streams as the server last said them.
 * An operation that is accepted gives its committed events, and is not decided again; one whose place is known but not its
 * events keeps the events that were predicted last; any other one is decided anew on every change. A stream whose state is
 * not known predicts nothing, unless the events were given with the command.
 */
import {
  categoryOf,
  readEvent,
  streamIdOf,
  streamName,
  type DaybookFaces,
  type DecidedEvent,
  type DecisionResult,
  type Emitted,
  type ReadEvent,
  type RecordedEvent,
} from '@daybook/core';
import type { TrackedOperation } from '../outbox/operation.ts';
import { streamsRead } from './streams-read.ts';

/** A stream as the server said it last. */
export interface StreamState {
  readonly state: unknown;
  /** -1 where there is no stream. */
  readonly revision: number;
  /** Every event of the stream up to here is in the state. */
  readonly position: number;
}

/** What one operation does, as far as it is known. */
export interface Effect {
  readonly operation: TrackedOperation;
  readonly events: readonly ReadEvent[];
  /** The events are the recorded ones, with their places, and not a prediction. */
  readonly isCommitted: boolean;
}

export interface Prediction {
  /** In the order of dispatch; operations that nothing is known of have none. */
  readonly effects: readonly Effect[];
  /** The streams that the operations touch, as they will be. */
  readonly states: ReadonlyMap<string, StreamState>;
}

export class Predictor {
  readonly #faces: DaybookFaces;
  /** What was predicted last, by operation. */
  #predicted = new Map<string, readonly ReadEvent[]>();

  constructor(faces: DaybookFaces) {
    this.#faces = faces;
  }

  /** Marks operations as conflicted, or no longer, as it goes. */
  predict(
    operations: readonly TrackedOperation[],
    given: ReadonlyMap<string, readonly Emitted[]>,
    stateOf: (stream: string) => StreamState | undefined,
  ): Prediction {
    const walk = new Walk(this.#faces, stateOf);
    const predicted = new Map<string, readonly ReadEvent[]>();
    const effects: Effect[] = [];
    for (const operation of operations) {
      const events = this.#eventsOf(operation, given.get(operation.id), walk);
      if (events === undefined) continue;
      predicted.set(operation.id, events);
      effects.push({ operation, events, isCommitted: operation.phase === 'accepted' });
    }
    this.#predicted = predicted;
    return { effects, states: walk.known() };
  }

  #eventsOf(
    operation: TrackedOperation,
    given: readonly Emitted[] | undefined,
    walk: Walk,
  ): readonly ReadEvent[] | undefined {
    if (operation.phase === 'accepted') {
      const events = walk.read(committedEvents(operation));
      for (const event of events) walk.evolve(event, event.revision);
      return events;
    }
    if (!operation.isOpen) return undefined;
    const { place } = operation;
    if (place !== undefined) {
      const events = this.#predicted.get(operation.id) ?? [];
      for (const event of events) walk.evolvePlaced(event, place.position ?? -1);
      return events;
    }
    const result =
      decide(this.#faces, operation, walk) ?? givenResult(this.#faces, operation, given);
    operation.setConflicted(result !== undefined && result.events === undefined);
    if (result?.events === undefined) return undefined;
    const events = walk.read(recordedOf(operation, result.events, walk));
    for (const event of events) walk.evolve(event, event.revision);
    return events;
  }
}

/** The states as they become, operation by operation. */
class Walk {
  readonly #faces: DaybookFaces;
  readonly #stateOf: (stream: string) => StreamState | undefined;
  readonly #states = new Map<string, StreamState | undefined>();

  constructor(faces: DaybookFaces, stateOf: (stream: string) => StreamState | undefined) {
    this.#faces = faces;
    this.#stateOf = stateOf;
  }

  at(stream: string): StreamState | undefined {
    if (!this.#states.has(stream)) this.#states.set(stream, this.#stateOf(stream));
    return this.#states.get(stream);
  }

  known(): ReadonlyMap<string, StreamState> {
    return new Map([...this.#states].flatMap(([name, state]) => (state ? [[name, state]] : [])));
  }

  /** Events in today's shape; those that these definitions cannot read are left out. */
  read(events: readonly RecordedEvent[]): readonly ReadEvent[] {
    return events.flatMap((event) => {
      try {
        return [readEvent(this.#faces.events, event)];
      } catch {
        return [];
      }
    });
  }

  /** Takes an event in, unless the state has it. */
  evolve({ stream, type, data }: ReadEvent, revision: number): void {
    const before = this.at(stream);
    const decider = this.#faces.deciders.get(categoryOf(stream));
    if (before === undefined || decider === undefined || revision <= before.revision) return;
    try {
      const state = decider.evolve(before.state, type, data);
      this.#states.set(stream, { ...before, state, revision });
    } catch {
      // The same code fails on the server too; until it says how, nothing more is known of the stream.
      this.#states.set(stream, undefined);
    }
  }

  /** As `evolve`, for an event that is at or before a position of the log. */
  evolvePlaced(event: ReadEvent, position: number): void {
    const before = this.at(event.stream);
    if (before !== undefined && before.position < position) this.evolve(event, before.revision + 1);
  }
}

function decide(
  faces: DaybookFaces,
  { message, stored: { expectedRevision } }: TrackedOperation,
  walk: Walk,
): DecisionResult | undefined {
  try {
    if (message.kind === 'command') {
      const { decider: name, id, command } = message;
      const decider = faces.deciders.get(name);
      const stream = walk.at(streamName(name, id));
      if (decider === undefined || stream === undefined) return undefined;
      const data = decider.commands.get(command)?.read(message.data);
      const isOther = expectedRevision !== undefined && expectedOf(stream) !== expectedRevision;
      return isOther ? REVISION_MOVED : decider.decide(command, id, data, stream.state);
    }
    const decision = faces.decisions.get(message.decision);
    const reads = decision && streamsRead(decision, message.data);
    if (decision === undefined || reads === undefined) return undefined;
    const states: [string, unknown][] = [];
    for (const [name, read] of reads) {
      const found = read.streams.map((stream) => walk.at(stream));
      if (found.includes(undefined)) return undefined;
      const list = found.map((stream) => stream?.state);
      states.push([name, read.isList ? list : list[0]]);
    }
    return decision.decide(decision.command.read(message.data), Object.fromEntries(states));
  } catch {
    // What cannot be decided here is not predicted; the server says what is wrong with it.
    return undefined;
  }
}

/** The events that the application itself expects, where the state is not at hand. */
function givenResult(
  faces: DaybookFaces,
  { message }: TrackedOperation,
  given: readonly Emitted[] | undefined,
): DecisionResult | undefined {
  if (given === undefined || message.kind !== 'command') return undefined;
  const decider = faces.deciders.get(message.decider);
  const stream = streamName(message.decider, message.id);
  const events = given.flatMap(({ type, data }): DecidedEvent[] => {
    const event = decider?.events.get(type);
    if (event === undefined) return [];
    return [{ stream, type, schemaVersion: event.version, data: event.write(data), tags: [] }];
  });
  return { events };
}

/** Events as they might be recorded: ids and places are not the ones that they will have. */
function recordedOf(
  { id, stored: { createdAt, correlationId = id } }: TrackedOperation,
  events: readonly DecidedEvent[],
  walk: Walk,
): readonly RecordedEvent[] {
  const revisions = new Map<string, number>();
  const after = Math.max(-1, ...events.map(({ stream }) => walk.at(stream)?.position ?? -1));
  return events.map((event, index) => {
    const { stream } = event;
    const revision = (revisions.get(stream) ?? walk.at(stream)?.revision ?? -1) + 1;
    revisions.set(stream, revision);
    return {
      ...event,
      id: `${id}-${index}`,
      log: '',
      position: after + 1 + index,
      commit: after + events.length,
      streamId: streamIdOf(stream),
      revision,
      metadata: { correlationId, causationId: id },
      recordedAt: createdAt,
    };
  });
}

/** The events of an accepted operation, which came from the server as JSON. */
function committedEvents({ outcome }: TrackedOperation): readonly RecordedEvent[] {
  return outcome?.status === 'accepted' ? (outcome.events as readonly RecordedEvent[]) : [];
}

function expectedOf({ revision }: StreamState): number | 'no-stream' {
  return revision < 0 ? 'no-stream' : revision;
}

const REVISION_MOVED: DecisionResult = { refusal: { type: 'RevisionMoved', data: null } };
