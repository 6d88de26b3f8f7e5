/**
 * Effects before the server has answered: what is under way, laid over everything that is watched.
 *
 * What always holds:
 * - An effect that was shown stays until the server's own answer has it, in each view by itself, or until the operation
 *   was refused, failed, taken back, parked, or is `conflicted`: each is said.
 * - Nothing here changes what the server said, and nothing waits for a time to pass.
 * - An operation is settled when every open view shows an answer that contains it.
 */
import {
  categoryOf,
  face,
  mergeTokens,
  type Daybook,
  type DaybookFaces,
  type Emitted,
  type QueryMessage,
  type Token,
} from '@daybook/core';
import type { OutcomesFrame } from '@daybook/protocol';
import { FrameGate } from '../frame-gate.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { TrackedOperation } from '../outbox/operation.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type * as engine from './engine.ts';
import type { Overlay } from './overlay.ts';
import type { Effect, Prediction, Predictor, StreamState } from './predict.ts';
import { contentOf, type BasePlace, type PredictionRules } from './rules.ts';
import { StreamBase } from './stream-base.ts';
import { streamsOf } from './streams-read.ts';

/** Whatever shows answers of the server with effects laid over them. */
export interface View {
  /** Whose rows it shows; undefined for a stream's state. */
  readonly readModel: string | undefined;
  readonly stream?: string;
  /** Where the answer stands that it shows now; undefined while there is none. */
  shownPlace(): BasePlace | undefined;
  /** Where the answer stands that is known, and shown as soon as effects are laid over it. */
  knownPlace(): BasePlace | undefined;
  /** Has the server tell when the view stands at the token. */
  reach(token: Token): void;
  /** Effects changed. */
  refresh(): void;
  close(): void;
}

export class Optimism {
  readonly gate: FrameGate;
  /** A view that is opened now has to see at least this: no operation is laid over it any more. */
  settledToken: Token | undefined;
  readonly #faces: DaybookFaces | undefined;
  readonly #outbox: Outbox;
  readonly #connection: LiveConnection;
  readonly #rules: PredictionRules;
  /** Resolves when predictions can be made, or never will be. Nothing is asked of the server before. */
  readonly ready: Promise<void>;
  #engine: typeof engine | undefined;
  #predictor: Predictor | undefined;
  readonly #views = new Set<View>();
  /** Streams that are watched, the one used last at the end. */
  readonly #streams = new Map<string, StreamBase>();
  /** Events that were given with a command. */
  readonly #given = new Map<string, readonly Emitted[]>();
  #prediction: Prediction = { effects: [], states: new Map() };
  #isRunning = false;
  #isChanged = false;
  #isClosed = false;

  constructor(
    definitions: Daybook | undefined,
    outbox: Outbox,
    connection: LiveConnection,
    rules: PredictionRules,
  ) {
    this.#faces = definitions?.[face];
    this.#outbox = outbox;
    this.#connection = connection;
    this.#rules = rules;
    this.gate = new FrameGate(
      () => (rules.asksFirst && this.#predictor !== undefined ? this.#underWay() : []),
      (found) => this.#note(found),
    );
    outbox.subscribe(() => this.changed());
    this.ready = this.#faces === undefined ? Promise.resolve() : this.#load(this.#faces);
  }

  /** What lays operations over a query, once ready; undefined for a query that these definitions do not have. */
  overlayOf(message: QueryMessage): Overlay | undefined {
    const readModel = this.#faces?.readModels.get(message.readModel);
    const query = readModel?.queries.get(message.query);
    if (this.#engine === undefined || readModel === undefined || query === undefined)
      return undefined;
    return new this.#engine.Overlay(
      readModel,
      query,
      message,
      this.#rules,
      (stream) => this.#streams.get(stream)?.absentUntil ?? -1,
    );
  }

  /** The effects that an answer does not contain, in order. */
  effectsOver(base: BasePlace): readonly Effect[] {
    return this.#prediction.effects.filter(
      ({ operation }) => !this.#rules.isIncluded(operation, base),
    );
  }

  /** A stream as it will be, as far as that is known; else as the server said it. */
  predictedState(stream: string): StreamState | undefined {
    return this.#prediction.states.get(stream) ?? this.#streams.get(stream)?.state;
  }

  /** Operations that are not in what the server says of the stream. */
  pendingOf(stream: string): readonly TrackedOperation[] {
    const { state: base, epoch } = this.#streams.get(stream) ?? {};
    const place: BasePlace = { position: base?.position ?? -1, epoch };
    return this.#prediction.effects
      .filter(
        ({ operation, events }) =>
          events.some((event) => event.stream === stream) &&
          !this.#rules.isIncluded(operation, place),
      )
      .map(({ operation }) => operation);
  }

  /** The events that a command will have, for when its stream's state is not known. */
  expect(id: string, events: readonly Emitted[]): void {
    this.#given.set(id, events);
  }

  add(view: View): void {
    this.#views.add(view);
    this.changed();
  }

  remove(view: View): void {
    this.#views.delete(view);
    this.changed();
  }

  /** The stream is watched from now on, until nobody needs it. */
  watch(stream: string): StreamBase {
    const known = this.#streams.get(stream);
    const base = known ?? new StreamBase(this.#connection, stream, () => this.changed());
    this.#streams.delete(stream);
    this.#streams.set(stream, base);
    return base;
  }

  /** A view has another answer. */
  moved(view: View): void {
    for (const operation of this.#accepted()) this.#reach(view, operation);
    this.#settle();
  }

  /** Operations, streams or views changed: everything is predicted again. */
  changed(): void {
    this.#isChanged = true;
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    while (this.#isChanged) {
      this.#isChanged = false;
      this.#run();
    }
    this.#isRunning = false;
  }

  /** Closes every view. */
  close(): void {
    this.#isClosed = true;
    for (const view of this.#views) view.close();
    for (const base of this.#streams.values()) base.close();
    this.#streams.clear();
    this.gate.clear();
  }

  async #load(faces: DaybookFaces): Promise<void> {
    try {
      this.#engine = await import('./engine.ts');
      this.#predictor = new this.#engine.Predictor(faces);
      this.changed();
    } catch {
      // It could not be fetched: effects are shown when the server has them.
    }
  }

  #run(): void {
    const operations = this.#outbox.list();
    for (const operation of operations) {
      // A place that was asked for has no epoch: the answer's counts.
      if (operation.phase === 'accepted' && operation.place?.isAnswered !== true)
        operation.place = placeOf(operation);
    }
    this.#watchStreams(operations);
    if (this.#predictor !== undefined) {
      this.#prediction = this.#predictor.predict(
        operations,
        this.#given,
        (stream) => this.#streams.get(stream)?.state,
      );
    }
    for (const view of this.#views) view.refresh();
    for (const operation of this.#accepted()) {
      for (const view of this.#views) this.#reach(view, operation);
    }
    this.#settle();
  }

  /** States are needed to decide; nobody has to see them while nothing is shown. */
  #watchStreams(operations: readonly TrackedOperation[]): void {
    if (this.#predictor === undefined) return;
    const isShown = this.#views.size > 0;
    const needed = new Set(
      operations
        .filter(({ isOpen }) => isOpen && isShown)
        .flatMap(({ message }) => streamsOf(this.#faces, message)),
    );
    for (const view of this.#views) if (view.stream !== undefined) needed.add(view.stream);
    for (const stream of needed) if (!this.#streams.has(stream)) this.watch(stream);
    for (const [stream, base] of this.#streams) {
      if (needed.has(stream) || (isShown && this.#streams.size <= STREAMS_KEPT_MAX)) continue;
      base.close();
      this.#streams.delete(stream);
    }
  }

  #underWay(): readonly string[] {
    return this.#outbox
      .list()
      .filter(({ isOpen, place, stored }) => isOpen && place === undefined && stored.attempts > 0)
      .map(({ id }) => id);
  }

  #note(found: OutcomesFrame['commands']): void {
    // One that recorded nothing has no place: what became of it is said by its answer, and by nothing else.
    const placed = found.filter(({ position }) => position !== null);
    const places = new Map(placed.map((place) => [place.commandId, place]));
    for (const operation of this.#outbox.list()) {
      const place = places.get(operation.id);
      if (place !== undefined) operation.place ??= place;
    }
    if (placed.length > 0) this.changed();
  }

  #accepted(): readonly TrackedOperation[] {
    return this.#outbox.list().filter(({ phase }) => phase === 'accepted');
  }

  #hasReached(view: View, operation: TrackedOperation): boolean {
    return this.#isIn(view, operation, view.shownPlace());
  }

  #reach(view: View, operation: TrackedOperation): void {
    const { outcome } = operation;
    if (outcome === undefined || this.#isIn(view, operation, view.knownPlace())) return;
    view.reach(outcome.token);
  }

  #isIn(view: View, operation: TrackedOperation, place: BasePlace | undefined): boolean {
    if (!this.#concerns(view, operation)) return true;
    return place !== undefined && this.#rules.isIncluded(operation, place);
  }

  #settle(): void {
    const views = [...this.#views];
    for (const operation of this.#accepted()) {
      if (!views.every((view) => this.#hasReached(view, operation))) continue;
      this.settledToken = laterOf(this.settledToken, operation.outcome?.token);
      this.#given.delete(operation.id);
      this.#outbox.settle(operation);
    }
  }

  #concerns(view: View, operation: TrackedOperation): boolean {
    const streams = streamsWritten(operation);
    if (view.stream !== undefined) return streams.includes(view.stream);
    const sources = this.#faces?.readModels.get(view.readModel ?? '')?.sources;
    return sources === undefined || streams.some((stream) => sources.includes(categoryOf(stream)));
  }
}

function laterOf(known: Token | undefined, token: Token | undefined): Token | undefined {
  if (known === undefined || token === undefined) return token ?? known;
  try {
    return mergeTokens([known, token]);
  } catch {
    // Of another epoch: the newer one counts.
    return token;
  }
}

function streamsWritten({ outcome }: TrackedOperation): readonly string[] {
  return outcome?.status === 'accepted' ? outcome.events.map(({ stream }) => stream) : [];
}

function placeOf({ outcome }: TrackedOperation): TrackedOperation['place'] {
  if (outcome?.status !== 'accepted') return undefined;
  const [event] = outcome.events;
  return {
    isAnswered: true,
    epoch: contentOf(outcome.token)?.epoch,
    log: event?.log ?? '',
    first: event?.position ?? null,
    position: outcome.position,
  };
}

/** Streams that stay watched while something is shown, though no operation needs them now. */
const STREAMS_KEPT_MAX = 16;
