/** Starting an application: the parts are put together here, and taken apart again by `close`. */
import { StreamNotFoundError, hasCode } from '../errors.ts';
import { CommandHandler } from '../handling/command-handler.ts';
import { DEFAULT_APP_LIMITS, type AppLimits } from '../handling/limits.ts';
import { stateOf } from '../handling/state.ts';
import { readEvent, type RecordedEvent } from '../message/event.ts';
import { checkStreamName } from '../store/check-append.ts';
import { layoutOf } from '../projection/generations.ts';
import { Projector } from '../projection/projector.ts';
import { QueryEngine } from '../query/query-engine.ts';
import type { DefinedReadModel } from '../query/read-model-view.ts';
import type { AppFace } from './app-face.ts';
import type { DaybookFaces } from './faces.ts';
import { healthOf } from './health.ts';
import { definedOf, parkedEntries, repair } from './parked-keys.ts';
import { startPruning } from './pruning.ts';
import type { OpenedStore, StoreAdapter } from './store-adapter.ts';

export interface StartOptions {
  /** Where events live, and read models unless `readModels` is given. Opened here and closed with the application. */
  readonly store: StoreAdapter;
  /** Where read models live, if not in `store`. */
  readonly readModels?: StoreAdapter;
  /** False: this process answers and appends, but leaves filling the read models to others. Default true. */
  readonly processing?: boolean;
  readonly limits?: Partial<AppLimits>;
  /** How long a lease lives without a heartbeat, ms: the longest time until another process takes over. Default 5,000. */
  readonly leaseMs?: number;
  /** Rows kept in memory for each read model that is filled here. Default 50,000. */
  readonly cachedRowsMax?: number;
  /** Told of errors in the background that work goes on after. Default: they are only in `health`. */
  readonly onError?: (error: unknown) => void;
}

/** Default of {@link StartOptions.leaseMs}. */
export const LEASE_MS_DEFAULT = 5_000;

/** @throws {@link IncompatibleStoreError} {@link StoreUnavailableError} as the store's `open`. */
export async function start(faces: DaybookFaces, options: StartOptions): Promise<AppFace> {
  const { platform, events, readModels: ownReadModels } = await options.store.open();
  const other = await openOther(options.readModels, [events, ownReadModels]);
  const readModels = other?.readModels ?? ownReadModels;
  const closing = [
    events,
    ownReadModels,
    ...(other === undefined ? [] : [other.events, other.readModels]),
  ];
  const limits = { ...DEFAULT_APP_LIMITS, ...options.limits };
  const definitions = definedReadModels(faces, (text) => platform.sha256(text));
  const onError = safely(options.onError ?? ignore);
  const commands = new CommandHandler(events, platform, faces, limits);
  const projector =
    options.processing === false || definitions.size === 0
      ? undefined
      : new Projector({
          events,
          readModels,
          now: platform.now,
          definitions: [...definitions.values()],
          owner: platform.newId(),
          leaseMs: options.leaseMs ?? LEASE_MS_DEFAULT,
          ...(options.cachedRowsMax === undefined ? {} : { cachedRowsMax: options.cachedRowsMax }),
          onError,
        });
  const queries = new QueryEngine({
    events,
    readModels,
    definitions,
    limits,
    whyStopped: (ref) => projector?.whyStopped(ref),
  });
  const stopPruning = startPruning(events, platform, limits, onError);
  const repairs = { events, readModels, definitions, newId: platform.newId };
  let closed: Promise<void> | undefined;
  return {
    faces,
    platform,
    events,
    readModels,
    limits,
    send: (message, sendOptions) => commands.send(message, sendOptions),
    outcomeOf: (commandId, log) => commands.outcomeOf(commandId, log),
    query: (message, queryOptions) => queries.query(message, queryOptions),
    live: (message, liveOptions) => queries.live(message, liveOptions),
    awaitToken: (tokens, names, waitOptions) => queries.awaitToken(tokens, names, waitOptions),
    async readStream(stream, readOptions) {
      checkStreamName(stream);
      const page = await events.readStream(stream, readOptions);
      if (page.revision < 0) throw new StreamNotFoundError(stream);
      return { ...page, events: page.events.map((event) => lifted(faces, event)) };
    },
    async readEvents(readOptions) {
      const page = await events.read(readOptions);
      return { ...page, events: page.events.map((event) => lifted(faces, event)) };
    },
    async stateOf(stream, at = {}) {
      checkStreamName(stream);
      return stateOf(events, faces.deciders, stream, at, limits.foldEventsMax);
    },
    health: () => healthOf({ events, readModels, definitions, projector, platform }),
    parked: (readModel) => parkedEntries(readModels, definitions, readModel),
    retryParked: (readModel, key, by) => repair(repairs, 'retry', readModel, key, by),
    skipParked: (readModel, key, by) => repair(repairs, 'skip', readModel, key, by),
    async rebuild(name) {
      const { generation } = await readModels.create(definedOf(definitions, name).layout);
      projector?.refresh();
      return { generation };
    },
    close() {
      closed ??= closeAll(stopPruning, queries, projector, closing);
      return closed;
    },
  };
}

async function openOther(
  adapter: StoreAdapter | undefined,
  opened: readonly { close(): Promise<void> }[],
): Promise<OpenedStore | undefined> {
  try {
    return await adapter?.open();
  } catch (error) {
    for (const one of opened) await one.close();
    throw error;
  }
}

async function closeAll(
  stopPruning: () => void,
  queries: QueryEngine,
  projector: Projector | undefined,
  closing: readonly { close(): Promise<void> }[],
): Promise<void> {
  stopPruning();
  queries.close();
  await projector?.close();
  for (const one of closing) await one.close();
}

function definedReadModels(
  faces: DaybookFaces,
  sha256: (text: string) => string,
): ReadonlyMap<string, DefinedReadModel> {
  return new Map(
    [...faces.readModels].map(([name, readModel]) => [
      name,
      { readModel, layout: layoutOf(readModel, sha256) },
    ]),
  );
}

/** Events of types that nobody declares, and those that cannot be lifted, are shown as they are stored. */
function lifted(faces: DaybookFaces, event: RecordedEvent): RecordedEvent {
  if (!faces.events.has(event.type)) return event;
  try {
    const read = readEvent(faces.events, event);
    return isJsonData(read) ? read : event;
  } catch (error) {
    if (hasCode(error, 'upcast-failed')) return event;
    throw error;
  }
}

/** What a schema gives for stored data is JSON again: `write` saw to it. */
function isJsonData(event: RecordedEvent<string, unknown>): event is RecordedEvent {
  return event.data !== undefined;
}

/** Whoever is told must not end what goes on after the error. */
function safely(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error);
    } catch {
      // It was told; what it made of it is its own.
    }
  };
}

function ignore(): void {
  // The error is in health already; there is nobody to tell.
}
