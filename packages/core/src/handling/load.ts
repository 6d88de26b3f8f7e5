/** Folding streams and tagged events into the states that a decision is made on. */
import type { DeciderFace } from '../decider/decider-face.ts';
import type { FoldFace } from '../decider/fold.ts';
import { LimitExceededError, UnknownEventTypeError, hasCode } from '../errors.ts';
import type { EventFace, RecordedEvent } from '../message/event.ts';
import { TimeSlice } from '../decider/time-slice.ts';
import type { EventStore } from '../store/event-store.ts';
import type { FoldCache } from './fold-cache.ts';

export interface LoadedStream {
  readonly state: unknown;
  /** -1 where there is no stream (up to the bound). */
  readonly revision: number;
  /** Of the last event that was folded, -1 where there is none. */
  readonly position: number;
}

export interface LoadBounds {
  /** Only events at or below this position. */
  readonly upTo?: number | undefined;
  /** Only events up to this revision. */
  readonly to?: number | undefined;
  readonly log?: string | undefined;
  /** More events than this are refused. */
  readonly eventsMax: number;
}

/**
 * The state of one stream, folded from its first event, in slices of the caller's thread.
 *
 * @throws {@link UnknownEventTypeError} {@link UpcastFailedError} {@link LimitExceededError}
 */
export function loadStream(
  store: EventStore,
  decider: DeciderFace,
  stream: string,
  bounds: LoadBounds,
): Promise<LoadedStream> {
  return foldOn(
    { state: decider.initialState(), revision: -1, position: -1 },
    { store, decider, stream, bounds },
  );
}

/** The same as `loadStream` gives, folded on from what is known of the stream, and then known. */
export async function loadCached(
  cache: FoldCache,
  store: EventStore,
  decider: DeciderFace,
  stream: string,
  bounds: LoadBounds,
): Promise<LoadedStream> {
  const key = `${bounds.log ?? ''}\n${stream}`;
  const known = cache.get(key);
  const loaded =
    (known === undefined
      ? undefined
      : await tryFoldOn(known, { store, decider, stream, bounds })) ??
    (await loadStream(store, decider, stream, bounds));
  if (loaded !== known) cache.set(key, loaded);
  return loaded;
}

interface FoldSource {
  readonly store: EventStore;
  readonly decider: DeciderFace;
  readonly stream: string;
  readonly bounds: LoadBounds;
}

/** Undefined when what was known is of no use: folding begins anew, and says what is wrong, if anything is. */
async function tryFoldOn(
  known: LoadedStream,
  source: FoldSource,
): Promise<LoadedStream | undefined> {
  try {
    return await foldOn(known, source);
  } catch (error) {
    if (hasCode(error, 'store-unavailable') || hasCode(error, 'closed')) throw error;
    return undefined;
  }
}

async function foldOn(
  known: LoadedStream,
  { store, decider, stream, bounds }: FoldSource,
): Promise<LoadedStream> {
  let { state, revision, position } = known;
  let from: number | null = revision + 1;
  const slice = new TimeSlice();
  while (from !== null) {
    const page = await store.readStream(stream, { from, want: 'fold', ...limitsOf(bounds) });
    if (page.revision < known.revision) throw new StreamWentBackError();
    for (const event of page.events) {
      state = decider.evolve(state, event.type, readData(decider.events, event));
      revision = event.revision;
      position = event.position;
    }
    checkCount(revision + 1, bounds.eventsMax);
    from = page.next;
    if (from !== null && slice.isOver()) await slice.rest();
  }
  return revision === known.revision ? known : { state, revision, position };
}

/** The stream is shorter than what is known of it, so that is of another log; never seen outside. */
class StreamWentBackError extends Error {}

/** The state of a fold over tagged events, bounded by the decision's head. */
export async function loadFold(
  store: EventStore,
  fold: FoldFace,
  bounds: LoadBounds,
): Promise<unknown> {
  let state = fold.initialState();
  let count = 0;
  let after: number | undefined;
  const slice = new TimeSlice();
  for (;;) {
    const page = await store.read({
      query: queryOf(fold),
      ...(after === undefined ? {} : { after }),
      ...(bounds.upTo === undefined ? {} : { upTo: bounds.upTo }),
      ...(bounds.log === undefined ? {} : { log: bounds.log }),
    });
    for (const event of page.events)
      state = fold.evolve(state, event.type, readData(fold.events, event));
    count += page.events.length;
    checkCount(count, bounds.eventsMax);
    const end = Math.min(bounds.upTo ?? page.head.position, page.head.position);
    if (page.scannedTo.position >= end) return state;
    after = page.scannedTo.position;
    if (slice.isOver()) await slice.rest();
  }
}

/** What a fold reads: any of its types, with all of its tags. */
export function queryOf(fold: FoldFace): {
  readonly items: readonly { types: readonly string[]; tags: readonly string[] }[];
} {
  return { items: [{ types: [...fold.events.keys()], tags: fold.tags }] };
}

/** The event's data in today's shape. */
export function readData(events: ReadonlyMap<string, EventFace>, event: RecordedEvent): unknown {
  const face = events.get(event.type);
  if (face === undefined) throw new UnknownEventTypeError(event.type);
  return face.read(event.schemaVersion, event.data);
}

function limitsOf({ upTo, to, log }: LoadBounds): { upTo?: number; to?: number; log?: string } {
  return {
    ...(upTo === undefined ? {} : { upTo }),
    ...(to === undefined ? {} : { to }),
    ...(log === undefined ? {} : { log }),
  };
}

function checkCount(count: number, max: number): void {
  if (count > max) throw new LimitExceededError('foldEventsMax', max, count);
}
