/**
 * Folding one page of a log into the rows of one generation, key by key.
 *
 * Nothing is changed here but the answer: it is written whole, or thrown away. A key whose handler fails is parked with
 * the row as it was before, later events of it wait, and all others go on; an event with several keys parks only the
 * failing one. Handlers are pure, so trying the same again at once would fail the same way.
 */
import { ProjectionFailedError, UnknownEventTypeError, type DaybookError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import { deepFreeze } from '../message/deep-freeze.ts';
import { categoryOf } from '../message/names.ts';
import { TimeSlice } from '../decider/time-slice.ts';
import type { ParkedKey, RowChange, StoredRow } from './read-model-store.ts';
import type { ReadEvent, ReadModelFace } from './read-model-face.ts';
import { removed } from './remove.ts';
import { repairOf, type Repair } from './repairs.ts';
import type { RowCache } from './row-cache.ts';

/** Keys that may be parked at once; one more stops the read model. */
export const PARKED_KEYS_MAX = 1_000;

export interface FoldContext {
  readonly readModel: ReadModelFace;
  readonly log: string;
  readonly cache: RowCache;
  readonly parked: ReadonlyMap<string, ParkedKey>;
  /** `position key` of events that are left out. */
  readonly skipped: ReadonlySet<string>;
  readonly now: () => number;
  /** The event with its data in today's shape, or the error that reading it gave; the same for all read models. */
  read(event: RecordedEvent): ReadEvent | DaybookError;
  /** Rows that the cache does not have. */
  loadRows(keys: readonly string[]): Promise<readonly StoredRow[]>;
  /** Pages of events from a position to another, both inclusive, among them all that may concern the key. */
  eventsBetween(from: number, to: number, key: string): AsyncIterable<readonly RecordedEvent[]>;
}

export interface FoldedPage {
  readonly rows: readonly RowChange[];
  readonly parked: readonly ParkedKey[];
  readonly freed: readonly string[];
  readonly skipped: readonly string[];
}

/** @throws {@link ProjectionFailedError} where no key can be told: the read model has to stop. */
export async function foldPage(
  context: FoldContext,
  events: readonly RecordedEvent[],
): Promise<FoldedPage> {
  const slice = new TimeSlice();
  const steps = await stepsOf(context, events, slice);
  const fold = new PageFold(context);
  await fold.prefetch(steps);
  for (const step of steps) {
    if (step.repair !== undefined) await fold.repair(step.repair, step.event, slice);
    else fold.apply(step);
    if (slice.isOver()) await slice.rest();
  }
  return fold.result();
}

/** What one event means for the read model: keys to apply it to, or a repair, or keys to park for an error. */
interface Step {
  readonly event: RecordedEvent;
  readonly keys: readonly string[];
  readonly read?: ReadEvent;
  readonly error?: DaybookError;
  readonly repair?: Repair;
}

class PageFold {
  readonly #context: FoldContext;
  readonly #changes = new Map<string, RowChange>();
  /** Every row that the page needs, as it was before; undefined where there is none. */
  readonly #loaded = new Map<string, Json | undefined>();
  /** Where the store wrote a row before a checkpoint that never came, the position that the row has seen. */
  readonly #seen = new Map<string, number>();
  readonly #parked = new Map<string, ParkedKey>();
  readonly #freed = new Set<string>();
  readonly #skipped = new Set<string>();

  constructor(context: FoldContext) {
    this.#context = context;
  }

  /** The cache may drop a row at any time, so what the page needs is taken out of it before anything is folded. */
  async prefetch(steps: readonly Step[]): Promise<void> {
    const { cache, log } = this.#context;
    const missing: string[] = [];
    for (const key of new Set(steps.flatMap(({ keys }) => keys))) {
      this.#loaded.set(key, cache.get(key));
      if (!cache.has(key)) missing.push(key);
    }
    if (missing.length === 0) return;
    for (const { key, row, asOf } of await this.#context.loadRows(missing)) {
      this.#loaded.set(key, deepFreeze(row));
      this.#seen.set(key, asOf[log] ?? -1);
    }
  }

  apply({ event, keys, read, error }: Step): void {
    for (const key of keys) {
      if (this.#isParked(key) || this.#isSkipped(event.position, key)) continue;
      if (event.position <= (this.#seen.get(key) ?? -1)) continue;
      const failure = error ?? this.#applyOne(read, key);
      if (failure !== undefined) this.#park(key, event, failure);
    }
  }

  /** A retry goes over the key's events from where it stopped up to the repair itself, in order. */
  async repair(repair: Repair, at: RecordedEvent, slice: TimeSlice): Promise<void> {
    if (repair.kind === 'skip') {
      this.#skipped.add(skipOf(repair.position, repair.key));
      return;
    }
    const entry = this.#parked.get(repair.key) ?? this.#context.parked.get(repair.key);
    if (entry === undefined || entry.log !== this.#context.log || !this.#isParked(repair.key))
      return;
    this.#parked.delete(repair.key);
    this.#freed.add(repair.key);
    const { key } = repair;
    for await (const events of this.#context.eventsBetween(entry.parkedAt, at.commit, key)) {
      const own = events.filter(
        ({ position }) => position >= entry.parkedAt && position < at.position,
      );
      for (const step of await stepsOf(this.#context, own, slice)) {
        if (step.repair === undefined && step.keys.includes(key))
          this.apply({ ...step, keys: [key] });
        if (slice.isOver()) await slice.rest();
      }
    }
  }

  result(): FoldedPage {
    return {
      rows: [...this.#changes.values()],
      parked: [...this.#parked.values()],
      freed: [...this.#freed],
      skipped: [...this.#skipped],
    };
  }

  #applyOne(event: ReadEvent | undefined, key: string): unknown {
    if (event === undefined) return undefined;
    try {
      const row = this.#context.readModel.apply(this.#rowOf(key), event, key);
      if (row === undefined) return undefined;
      const after = row === removed ? undefined : deepFreeze(row);
      this.#changes.set(key, { key, row: after, asOf: event.position });
      return undefined;
    } catch (failure) {
      return failure ?? new Error('A handler threw nothing');
    }
  }

  #rowOf(key: string): Json | undefined {
    const change = this.#changes.get(key);
    if (change !== undefined) return change.row;
    return this.#loaded.get(key);
  }

  #park(key: string, { position }: RecordedEvent, failure: unknown): void {
    const { readModel, log, parked, now } = this.#context;
    if (parked.size + this.#parked.size >= PARKED_KEYS_MAX) {
      throw new ProjectionFailedError(
        readModel.name,
        `${PARKED_KEYS_MAX} keys are parked already; it stops.`,
        { cause: failure },
      );
    }
    this.#parked.set(key, { key, log, parkedAt: position, error: describe(failure), since: now() });
  }

  #isParked(key: string): boolean {
    return this.#parked.has(key) || (this.#context.parked.has(key) && !this.#freed.has(key));
  }

  #isSkipped(position: number, key: string): boolean {
    // Nearly always there are none, and their name costs a text for each event.
    if (this.#skipped.size === 0 && this.#context.skipped.size === 0) return false;
    const skip = skipOf(position, key);
    return this.#context.skipped.has(skip) || this.#skipped.has(skip);
  }
}

export function skipOf(position: number, key: string): string {
  return `${position} ${key}`;
}

async function stepsOf(
  context: FoldContext,
  events: readonly RecordedEvent[],
  slice: TimeSlice,
): Promise<readonly Step[]> {
  const { readModel } = context;
  const types = new Set(readModel.types);
  const steps: Step[] = [];
  for (const event of events) {
    const step = types.has(event.type) ? eventStep(context, event) : otherStep(context, event);
    if (step !== undefined) steps.push(step);
    if (slice.isOver()) await slice.rest();
  }
  return steps;
}

function eventStep(context: FoldContext, event: RecordedEvent): Step | undefined {
  const { readModel } = context;
  if (!readModel.sources.includes(categoryOf(event.stream))) return undefined;
  const read = context.read(event);
  if (read instanceof Error) return unreadable(readModel, event, read);
  try {
    return { event, read, keys: readModel.keysOf(read) };
  } catch (cause) {
    throw new ProjectionFailedError(
      readModel.name,
      `its key function failed on the event at position ${event.position} (${describe(cause).message}), so no key can be parked; it stops there.`,
      { cause },
    );
  }
}

/** A repair; or an event of one of its deciders that nobody declares, which may well have mattered. */
function otherStep({ readModel }: FoldContext, event: RecordedEvent): Step | undefined {
  const repair = repairOf(event, readModel.name, readModel.version);
  if (repair !== undefined)
    return { event, repair, keys: repair.kind === 'retry' ? [repair.key] : [] };
  if (readModel.events.has(event.type) || !readModel.sources.includes(categoryOf(event.stream)))
    return undefined;
  return unreadable(readModel, event, new UnknownEventTypeError(event.type));
}

function unreadable(readModel: ReadModelFace, event: RecordedEvent, error: DaybookError): Step {
  if (readModel.hasDefaultKey) return { event, error, keys: [event.streamId] };
  throw new ProjectionFailedError(
    readModel.name,
    `the event at position ${event.position} cannot be read (${error.message}) and the read model has a key of its own, so no key can be parked; it stops there.`,
    { cause: error },
  );
}

function describe(failure: unknown): ParkedKey['error'] {
  const message = (failure instanceof Error ? failure.message : String(failure)).slice(
    0,
    ERROR_LENGTH_MAX,
  );
  return { code: codeOf(failure) ?? 'projection-failed', message };
}

/** The code of one of our errors; a handler's own may have any. */
function codeOf(failure: unknown): string | undefined {
  if (!(failure instanceof Error) || !('code' in failure) || !('isRetryable' in failure))
    return undefined;
  return typeof failure.code === 'string' ? failure.code : undefined;
}

/** Longest message of an error that is kept with a parked key. */
const ERROR_LENGTH_MAX = 1_000;
