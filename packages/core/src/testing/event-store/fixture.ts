/** What the rules of the event-store port are run with, and the few words that they share. */
import type { RecordedEvent } from '../../message/event.ts';
import type {
  AppendRequest,
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  ReadOptions,
  StoredOutcome,
} from '../../store/event-store.ts';
import { LOG_START, type LogPlace, type Sha256 } from '../../store/log-place.ts';
import { assert, assertEqual, assertRejects } from '../assert.ts';
import { closingAll, type ContractRule } from '../contract.ts';

/** One store, empty at first. */
export interface EventStoreFixture {
  /** Opens the store, again if it is open, as another process would; closing one opening does not close another. */
  open(): Promise<EventStore>;
  readonly sha256: Sha256;
  /** Sets the store's clock, in milliseconds since 1970; for the rules that need `clock`. */
  setNow?(ms: number): void;
}

/** A rule whose store and further openings are closed when it ends. */
export function eventStoreRule(
  rule: string,
  name: string,
  needs: readonly string[],
  attack: (store: EventStore, tools: Required<EventStoreFixture>) => Promise<void>,
): ContractRule<EventStoreFixture> {
  return {
    rule,
    name,
    needs,
    run: (fixture) =>
      closingAll(
        () => fixture.open(),
        async (open) => {
          const { sha256 } = fixture;
          await attack(await open(), { open, sha256, setNow: (ms) => fixture.setNow?.(ms) });
        },
      ),
  };
}

/** What most rules about a log need: one log, counted without gaps. */
export const ONE_LOG: readonly string[] = ['densePositions', 'logs=one'];

export function newEvent(id: string, more: Partial<NewEvent> = {}): NewEvent {
  return {
    id,
    type: 'MoneyDeposited',
    schemaVersion: 1,
    data: { cents: 100 },
    metadata: {},
    ...more,
  };
}

/** `count` events whose ids begin with `id`. */
export function newEvents(
  id: string,
  count: number,
  more: Partial<NewEvent> = {},
): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => newEvent(`${id}.${index}`, more));
}

/** A request for one stream. */
export function toStream(
  id: string,
  stream: string,
  events: readonly NewEvent[] = [newEvent(`${id}.0`)],
  expected: ExpectedRevision = 'any',
): AppendRequest {
  return { id, streams: [{ stream, expected, events }] };
}

/** Appends one after another: for each entry, an append with as many events for each of its streams. */
export async function fill(
  store: EventStore,
  appends: readonly Readonly<Record<string, number>>[],
): Promise<readonly AppendResult[]> {
  const results: AppendResult[] = [];
  for (const [index, counts] of appends.entries()) {
    const id = `fill-${index}`;
    const streams = Object.entries(counts).map(([stream, count]) => ({
      stream,
      expected: 'any' as const,
      events: newEvents(`${id}.${stream}`, count),
    }));
    results.push(await store.append({ id, streams }));
  }
  return results;
}

/** Every event of a log, page by page; each page is checked to go on. */
export async function readAll(
  store: EventStore,
  options: ReadOptions = {},
): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after: LogPlace = LOG_START;
  for (;;) {
    const page = await store.read({ ...options, after });
    events.push(...page.events);
    const end = options.upTo ?? page.head.position;
    if (page.scannedTo.position >= end) return events;
    assert(
      page.scannedTo.position > after.position,
      `A page after ${after.position} went no further, with the head at ${page.head.position}`,
    );
    after = page.scannedTo;
  }
}

export async function readOutcomes(store: EventStore): Promise<readonly StoredOutcome[]> {
  const outcomes: StoredOutcome[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<EventStore['readOutcomes']>> = await store.readOutcomes(
      cursor === null ? {} : { cursor },
    );
    outcomes.push(...page.outcomes);
    assert(page.next === null || page.next !== cursor, 'A page of outcomes went no further');
    cursor = page.next;
  } while (cursor !== null);
  return outcomes;
}

/** Fails unless `work` is refused with this code and leaves events, outcomes and head as they were. */
export async function assertRefused(
  store: EventStore,
  code: string,
  work: () => Promise<unknown>,
  what: string,
): Promise<object> {
  const before = await contentOf(store);
  const error = await assertRejects(code, work, what);
  assertEqual(await contentOf(store), before, `The store after ${what} was refused`);
  return error;
}

async function contentOf(store: EventStore): Promise<object> {
  return {
    head: await store.head(),
    events: await readAll(store),
    outcomes: await readOutcomes(store),
  };
}

export function idsOf(events: readonly RecordedEvent[]): readonly string[] {
  return events.map(({ id }) => id);
}

export function positionsOf(events: readonly RecordedEvent[]): readonly number[] {
  return events.map(({ position }) => position);
}

/** 0 to `count` - 1. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
