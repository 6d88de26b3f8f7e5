/** Event stores with one small fault each, which the contract must find: how one is made. */
import {
  DEFAULT_LIMITS,
  memoryEventStore,
  type AppendRequest,
  type EventQuery,
  type EventStore,
  type Json,
  type LogPage,
  type RecordedEvent,
} from '@daybook/core';
import type { EventStoreFixture } from '@daybook/core/testing';
import { testPlatform, type TestPlatform } from '../platform.ts';

/** What a faulty store does otherwise than the right one under it. */
export type Faults = Partial<EventStore>;

export interface EventStoreMutant {
  readonly fault: string;
  /** Number and part of the name of a rule that must fail. */
  readonly breaks: readonly string[];
  readonly fixture: () => EventStoreFixture;
}

/** The right store, all of whose calls go through an object that can be changed. */
export function rightEventStore(): EventStoreFixture {
  return fixtureOf(() => ({}));
}

export const NO_OUTCOME = { actor: null, command: 'none', input: null };

/** What the openings of one faulty store share. */
export interface Shared {
  readonly platform: TestPlatform;
  readonly openings: EventStore[];
  readonly openUnlimited: () => EventStore;
}

export function mutant(
  fault: string,
  breaks: readonly string[],
  faultsOf: (store: EventStore, shared: Shared) => Faults,
  platformOf: (platform: TestPlatform) => TestPlatform = (platform) => platform,
): EventStoreMutant {
  return { fault, breaks, fixture: () => fixtureOf(faultsOf, platformOf) };
}

export function fixtureOf(
  faultsOf: (store: EventStore, shared: Shared) => Faults,
  platformOf: (platform: TestPlatform) => TestPlatform = (platform) => platform,
): EventStoreFixture {
  const right = testPlatform();
  const platform = platformOf(right);
  const open = memoryEventStore(platform);
  const most = Number.MAX_SAFE_INTEGER;
  const openUnlimited = memoryEventStore(platform, {
    ...DEFAULT_LIMITS,
    eventsPerAppendMax: most,
    streamsPerAppendMax: most,
    bytesPerAppendMax: most,
    tagsPerEventMax: most,
  });
  const shared: Shared = { platform, openings: [], openUnlimited };
  return {
    open: async () => {
      const store = open();
      return { ...delegateTo(store), ...faultsOf(store, shared) };
    },
    sha256: right.sha256,
    setNow: platform.setNow,
  };
}

export function delegateTo(store: EventStore): EventStore {
  return {
    capabilities: store.capabilities,
    limits: store.limits,
    epoch: store.epoch,
    append: (request) => store.append(request),
    readStream: (stream, options) => store.readStream(stream, options),
    read: (options) => store.read(options),
    head: (log) => store.head(log),
    placeAt: (position, log) => store.placeAt(position, log),
    positionAt: (instant, log) => store.positionAt(instant, log),
    outcomeOf: (id, log) => store.outcomeOf(id, log),
    readOutcomes: (options) => store.readOutcomes(options),
    pruneOutcomes: (before, log) => store.pruneOutcomes(before, log),
    logs: () => store.logs(),
    logOf: (streams) => store.logOf(streams),
    importEvents: (batch) => store.importEvents(batch),
    onAppended: (listener) => store.onAppended(listener),
    close: () => store.close(),
  };
}

export type NewEvent = AppendRequest['streams'][number]['events'][number];

export function mapNewEvents(
  request: AppendRequest,
  map: (event: NewEvent, index: number) => NewEvent,
): AppendRequest {
  return {
    ...request,
    streams: request.streams.map((stream) => ({ ...stream, events: stream.events.map(map) })),
  };
}

export function mapStreams(request: AppendRequest, map: (name: string) => string): AppendRequest {
  return {
    ...request,
    streams: request.streams.map((stream) => ({ ...stream, stream: map(stream.stream) })),
  };
}

export function mapEvents(page: LogPage, map: (event: RecordedEvent) => RecordedEvent): LogPage {
  return { ...page, events: page.events.map(map) };
}

export function shifted(page: LogPage): LogPage {
  return mapEvents(page, (event) => ({
    ...event,
    position: event.position + 1,
    commit: event.commit + 1,
  }));
}

export function withoutExpectations(request: AppendRequest): AppendRequest {
  return { ...request, streams: request.streams.map((stream) => ({ ...stream, expected: 'any' })) };
}

export function without<Given extends object>(given: Given, name: keyof Given): Given {
  const copy = { ...given };
  Reflect.deleteProperty(copy, name);
  return copy;
}

export function withCondition(
  request: AppendRequest,
  map: (query: EventQuery) => EventQuery,
): AppendRequest {
  const { condition } = request;
  return condition === undefined
    ? request
    : { ...request, condition: { ...condition, query: map(condition.query) } };
}

export function withQuery<Options extends { readonly query?: EventQuery }>(
  options: Options,
  map: (query: EventQuery) => EventQuery,
): Options {
  return options.query === undefined ? options : { ...options, query: map(options.query) };
}

export function typesOnly({ items }: EventQuery): EventQuery {
  return { items: items.map(({ types }) => (types === undefined ? {} : { types })) };
}

export function firstItem({ items }: EventQuery): EventQuery {
  return { items: items.slice(0, 1) };
}

export function roughly(request: AppendRequest): AppendRequest {
  return mapNewEvents(request, (event) => ({ ...event, data: asJson(event.data) }));
}

/** What `JSON.stringify` makes of a value, or null where it gives up. */
export function asJson(value: unknown): Json {
  try {
    const json: Json = JSON.parse(JSON.stringify(value) ?? 'null');
    return json;
  } catch {
    return null;
  }
}

export function plain(id: string): string {
  return id.replace('$', 'derived-');
}
