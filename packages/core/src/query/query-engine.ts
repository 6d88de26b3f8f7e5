/**
 * Queries over read models, with tokens (RULES T1 to T3): fresh, or a typed answer that says why not; never silently
 * stale. A query that is not fresh yet waits for the projector's next commits, within a bound.
 */
import { InvalidMessageError, TokenOfAnotherStoreError, UnknownQueryError } from '../errors.ts';
import type { AppLimits } from '../handling/limits.ts';
import type { QueryMessage } from '../message/command.ts';
import type { RecordedEvent } from '../message/event.ts';
import { categoryOf } from '../message/names.ts';
import type { QueryFace, ReadModelFace } from '../projection/read-model-face.ts';
import type {
  Checkpoint,
  ParkedKey,
  ReadModelStore,
  View,
  GenerationRef,
} from '../projection/read-model-store.ts';
import { repairsStream } from '../projection/repairs.ts';
import type { EventStore } from '../store/event-store.ts';
import { LOG_START, type LogPlace } from '../store/log-place.ts';
import { decodeToken, encodeToken, mergeContents, type Token } from '../store/token.ts';
import type {
  FreshAnswer,
  LiveOptions,
  NotFreshAnswer,
  NotFreshStatus,
  QueryAnswer,
  QueryOptions,
  ReadModelFreshness,
  WaitOptions,
} from './answer.ts';
import { ReadModelViews, type DefinedReadModel } from './read-model-view.ts';
import { ReadRecord, rowsOfView, type ReadSet } from './rows-of-view.ts';
import { Waiters } from './waiters.ts';

export interface QueryEngineOptions {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly definitions: ReadonlyMap<string, DefinedReadModel>;
  readonly limits: AppLimits;
  /** Why this process stopped filling a generation, if it did. */
  readonly whyStopped: (ref: GenerationRef) => Error | undefined;
}

export class QueryEngine {
  readonly #options: QueryEngineOptions;
  readonly #views: ReadModelViews;
  readonly #waiters: Waiters;
  readonly #live: Waiters;
  readonly #ends: () => void;

  constructor(options: QueryEngineOptions) {
    this.#options = options;
    this.#views = new ReadModelViews(options.events, options.readModels);
    this.#waiters = new Waiters('waitersMax', options.limits.waitersMax);
    this.#live = new Waiters('liveQueriesMax', options.limits.liveQueriesMax);
    this.#ends = options.readModels.onCommitted((readModel) => {
      this.#waiters.wake(readModel);
      this.#live.wake(readModel);
    });
  }

  async query(message: QueryMessage, options: QueryOptions = {}): Promise<QueryAnswer> {
    return this.#ask(this.#asked(message), options);
  }

  async #ask(asked: Asked, options: QueryOptions): Promise<QueryAnswer> {
    const wanted = await this.#wanted(options.after);
    if (wanted === undefined) return notFresh('lost-timeline', -1, asked.defined.readModel);
    return this.#untilFresh(asked.defined.readModel, options, () => this.#attempt(asked, wanted));
  }

  async *live(
    message: QueryMessage,
    { after, signal, reads, positions }: LiveOptions,
  ): AsyncGenerator<QueryAnswer, void, undefined> {
    const asked: Asked = { ...this.#asked(message), hasReads: reads === true };
    const { wakeUp, leave } = this.#live.join(message.readModel, signal);
    try {
      let answer = await this.#ask(asked, { after, signal });
      let given: QueryAnswer | undefined;
      // What was asked to be seen is asked until it is; then positions only grow.
      let wanted = await this.#wanted(after);
      let last = '';
      while (!signal.aborted && !this.#live.isClosed) {
        const content = contentOf(answer);
        const moved = content === last && given !== undefined ? movedOn(given, answer) : answer;
        if (content !== last || (positions === true && moved !== undefined)) {
          given = moved ?? answer;
          yield given;
        }
        last = content;
        if (answer.status === 'fresh') wanted = new Map();
        await wakeUp.wait(LIVE_POLL_MS);
        if (signal.aborted || this.#live.isClosed || wanted === undefined) return;
        const next = await this.#attempt(asked, wanted);
        // An answer of the same generation never goes back; one that would was read before a switch.
        if (!isBefore(next, answer)) answer = next;
      }
    } finally {
      leave();
    }
  }

  async awaitToken(
    tokens: readonly Token[],
    names: readonly string[] | undefined,
    options: WaitOptions = {},
  ): Promise<readonly ReadModelFreshness[]> {
    const wanted = await this.#wanted(tokens);
    const all = names ?? [...this.#options.definitions.keys()];
    return Promise.all(all.map((name) => this.#awaitOne(name, wanted, options)));
  }

  /** Ends every wait and every live query. */
  close(): void {
    this.#ends();
    this.#waiters.close();
    this.#live.close();
  }

  async #awaitOne(
    name: string,
    wanted: ReadonlyMap<string, LogPlace> | undefined,
    options: WaitOptions,
  ): Promise<ReadModelFreshness> {
    const defined = this.#defined(name, name);
    const nothing: Asked = {
      defined,
      query: { params: undefined, run: () => null },
      params: undefined,
    };
    const answer =
      wanted === undefined
        ? notFresh('lost-timeline', -1, defined.readModel)
        : await this.#untilFresh(defined.readModel, options, () => this.#attempt(nothing, wanted));
    return { readModel: name, status: answer.status, position: answer.position };
  }

  #asked(message: QueryMessage): Asked {
    const name = `${message.readModel}.${message.query}`;
    const defined = this.#defined(message.readModel, name);
    const query = defined.readModel.queries.get(message.query);
    if (query === undefined) throw new UnknownQueryError(name);
    return { defined, query, params: query.params?.read(message.params) };
  }

  #defined(readModel: string, name: string): DefinedReadModel {
    const defined = this.#options.definitions.get(readModel);
    if (defined === undefined) throw new UnknownQueryError(name);
    return defined;
  }

  /** The places that tokens ask for; undefined when their timeline is not that of the log. */
  async #wanted(
    after: Token | readonly Token[] | undefined,
  ): Promise<ReadonlyMap<string, LogPlace> | undefined> {
    const tokens = after === undefined ? [] : typeof after === 'string' ? [after] : after;
    if (tokens.length === 0) return new Map();
    const { events } = this.#options;
    const { epoch, places } = mergeContents(tokens.map(decodeToken));
    if (epoch !== events.epoch) return undefined;
    const logs = await events.logs();
    for (const [log, { position, mark }] of places) {
      if (!logs.includes(log)) throw new TokenOfAnotherStoreError();
      if (position >= 0 && (await events.placeAt(position, log))?.mark !== mark) return undefined;
    }
    return places;
  }

  async #untilFresh(
    readModel: ReadModelFace,
    { waitMs, signal }: WaitOptions,
    attempt: () => Promise<QueryAnswer>,
  ): Promise<QueryAnswer> {
    const bound = this.#waitOf(waitMs);
    const first = await attempt();
    if (!canChange(first) || bound === 0) return first;
    const until = performance.now() + bound;
    const { wakeUp, leave } = this.#waiters.join(readModel.name, signal);
    try {
      for (;;) {
        const answer = await attempt();
        if (!canChange(answer)) return answer;
        const left = until - performance.now();
        const isOver = left <= 0 || signal?.aborted === true || this.#waiters.isClosed;
        if (isOver) return answer.status === 'behind' ? timedOut(answer, readModel, bound) : answer;
        await wakeUp.wait(left);
      }
    } finally {
      leave();
    }
  }

  #waitOf(waitMs: number | undefined): number {
    const { waitMsDefault, waitMsMax } = this.#options.limits;
    if (waitMs === undefined) return waitMsDefault;
    if (!(waitMs >= 0)) throw new InvalidMessageError('waitMs is a number of milliseconds from 0');
    return Math.min(waitMs, waitMsMax);
  }

  async #attempt(
    { defined, query, params, hasReads }: Asked,
    wanted: ReadonlyMap<string, LogPlace>,
  ): Promise<QueryAnswer> {
    const { readModel } = defined;
    const record = hasReads === true ? new ReadRecord() : undefined;
    const readSet: ReadSet = { keys: new Set(), hasScanned: false, record };
    const look = await this.#views.look(defined, async (source) => {
      readSet.keys.clear();
      record?.clear();
      const data = await query.run(rowsOfView(readModel, source, readSet), params);
      const parked = readSet.keys.size === 0 ? [] : await source.parked([...readSet.keys]);
      return { data, parked };
    });
    if (look.status !== 'seen') {
      const stopped = look.info === undefined ? undefined : this.#options.whyStopped(look.info);
      if (stopped === undefined || look.status !== 'rebuilding')
        return notFresh(look.status, -1, readModel);
      return { status: 'failed', position: -1, why: stopped.message };
    }
    const { view, generation } = look;
    const position = Math.max(-1, ...[...view.checkpoints.values()].map((place) => place.position));
    // First whether it is behind: a repair of a parked key may be on its way.
    const behind = await this.#eventsBehind(readModel, view.checkpoints, wanted);
    if (behind > 0) {
      const stopped = this.#options.whyStopped({ readModel: readModel.name, generation });
      if (stopped !== undefined) return { status: 'failed', position, why: stopped.message };
      const isDense = this.#options.events.capabilities.densePositions;
      return { ...notFresh('behind', position, readModel), ...(isDense ? { behind } : {}) };
    }
    const failed = view.value.parked.find((entry) => fails(entry, wanted));
    if (failed !== undefined) return { status: 'failed', position, why: whyFailed(failed) };
    return this.#fresh(view, generation, position, readSet);
  }

  #fresh(
    view: View<{ readonly data: unknown }>,
    generation: number,
    position: number,
    { hasScanned, record }: ReadSet,
  ): FreshAnswer {
    return {
      status: 'fresh',
      data: view.value.data ?? null,
      position,
      token: encodeToken({ epoch: this.#options.events.epoch, places: view.checkpoints }),
      exact: view.exact,
      ...(hasScanned && view.parkedCount > 0 ? { partial: view.parkedCount } : {}),
      generation,
      ...(record === undefined ? {} : { reads: record }),
    };
  }

  /**
   * 0 when everything that concerns the read model up to the wanted places is in it; else how many positions lie between.
   * One page is looked at: where more lies between, the projector will be there sooner than we are through it.
   */
  async #eventsBehind(
    readModel: ReadModelFace,
    checkpoints: ReadonlyMap<string, Checkpoint>,
    wanted: ReadonlyMap<string, LogPlace>,
  ): Promise<number> {
    let behind = 0;
    for (const [log, { position: upTo }] of wanted) {
      const after = (checkpoints.get(log) ?? LOG_START).position;
      if (after >= upTo) continue;
      const page = await this.#options.events.read({ after, upTo, log, limit: BEHIND_LOOK_MAX });
      const isSeen =
        page.scannedTo.position >= upTo && !page.events.some((event) => concerns(readModel, event));
      if (!isSeen) behind += upTo - after;
    }
    return behind;
  }
}

/** Handled, or of a type that nobody declares in a stream of its own deciders, or a repair of one of its keys. */
function concerns(readModel: ReadModelFace, { type, stream }: RecordedEvent): boolean {
  if (stream === repairsStream(readModel.name)) return true;
  if (!readModel.sources.includes(categoryOf(stream))) return false;
  return readModel.types.includes(type) || !readModel.events.has(type);
}

interface Asked {
  readonly defined: DefinedReadModel;
  readonly query: QueryFace;
  readonly params: unknown;
  /** The answer says what it read. */
  readonly hasReads?: boolean;
}

function canChange({ status }: QueryAnswer): boolean {
  return status === 'behind' || status === 'rebuilding';
}

/** A parked key fails whoever must see the event that it is parked at, or asks for the newest. */
function fails({ log, parkedAt }: ParkedKey, wanted: ReadonlyMap<string, LogPlace>): boolean {
  const place = wanted.get(log);
  return place === undefined || place.position >= parkedAt;
}

function whyFailed({ key, parkedAt, error }: ParkedKey): string {
  return `The key "${key}" is parked at position ${parkedAt}: ${error.message} Repair the read model and retry the key, or skip the event.`;
}

function timedOut(answer: QueryAnswer, readModel: ReadModelFace, waitedMs: number): NotFreshAnswer {
  const behind = 'behind' in answer && answer.behind !== undefined ? { behind: answer.behind } : {};
  const why = `Read model "${readModel.name}" did not reach the token within ${waitedMs} ms. Ask again, or without the token for what it has.`;
  return { status: 'timed-out', position: answer.position, why, ...behind };
}

function notFresh(
  status: Exclude<NotFreshStatus, 'failed' | 'timed-out'>,
  position: number,
  { name }: ReadModelFace,
): NotFreshAnswer {
  return { status, position, why: `Read model "${name}" ${WHY[status]}` };
}

const WHY = {
  behind: 'has not reached the token yet. Ask again, or without the token for what it has.',
  rebuilding: 'is being built for the first time in this version. Ask again later.',
  'lost-timeline':
    'or the token comes from a log that was replaced by another copy. Drop the token; if that does not help, rebuild the read model.',
} as const;

function contentOf(answer: QueryAnswer): string {
  if (answer.status !== 'fresh') return answer.status;
  const { data, partial = 0, generation, reads } = answer;
  const seen = [...(reads?.rows ?? [])].map(([key, stored]) => [key, stored?.asOf]);
  return JSON.stringify([data, partial, generation, seen]);
}

/** The answer with the objects of the last one, which are the same; undefined when its position is the same too. */
function movedOn(last: QueryAnswer, next: QueryAnswer): QueryAnswer | undefined {
  if (next.status !== 'fresh' || last.status !== 'fresh') return undefined;
  if (next.position <= last.position) return undefined;
  const { data, reads } = last;
  return reads === undefined ? { ...next, data } : { ...next, data, reads };
}

function isBefore(next: QueryAnswer, last: QueryAnswer): boolean {
  if (next.status !== 'fresh' || last.status !== 'fresh') return false;
  return next.generation === last.generation && next.position < last.position;
}

/** Events looked at to tell whether a read model has seen what concerns it. */
const BEHIND_LOOK_MAX = 200;
/** Longest sleep of a live query without a look: the floor where wake-ups fail. */
const LIVE_POLL_MS = 1_000;
