/**
 * One log in memory, with the indexes that its reads and conditions need.
 *
 * Always true here:
 * - `events[n]` has position n; the events of a stream stand in its list at their revision.
 * - Every list of positions (of a type, of a tag) ascends.
 * - Nothing is stored before every check has passed, and storing cannot fail: an append is whole or absent.
 */
import { matches, type EventQuery } from '../message/event-query.ts';
import type { EventMetadata, RecordedEvent } from '../message/event.ts';
import { deepFreeze } from '../message/deep-freeze.ts';
import type { Json } from '../message/json.ts';
import { streamIdOf } from '../message/names.ts';
import type { StoredOutcome } from './event-store.ts';
import { DEFAULT_LOG, LOG_START, markOf, type LogPlace, type Sha256 } from './log-place.ts';

/** What is known of an event when it is stored; data and metadata are JSON texts. */
export interface MemoryEventContent {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
  readonly tags: readonly string[];
}

/** An event as it lies in a memory log; parsed and hashed when somebody first asks. */
export class MemoryEvent implements MemoryEventContent {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
  readonly tags: readonly string[];
  readonly position: number;
  readonly commit: number;
  readonly revision: number;
  readonly recordedAt: number;
  #recorded: RecordedEvent | undefined;
  #mark: string | undefined;

  constructor(
    content: MemoryEventContent,
    place: Pick<RecordedEvent, 'position' | 'commit' | 'revision' | 'recordedAt'>,
  ) {
    this.id = content.id;
    this.stream = content.stream;
    this.type = content.type;
    this.schemaVersion = content.schemaVersion;
    this.data = content.data;
    this.metadata = content.metadata;
    this.tags = content.tags;
    this.position = place.position;
    this.commit = place.commit;
    this.revision = place.revision;
    this.recordedAt = place.recordedAt;
  }

  /** The same frozen object for every reader: what one of them does to it, no other can see. */
  get recorded(): RecordedEvent {
    this.#recorded ??= Object.freeze<RecordedEvent>({
      id: this.id,
      log: DEFAULT_LOG,
      position: this.position,
      commit: this.commit,
      stream: this.stream,
      streamId: streamIdOf(this.stream),
      revision: this.revision,
      type: this.type,
      schemaVersion: this.schemaVersion,
      data: deepFreeze<Json>(JSON.parse(this.data)),
      metadata: deepFreeze<EventMetadata>(JSON.parse(this.metadata)),
      tags: this.tags,
      recordedAt: this.recordedAt,
    });
    return this.#recorded;
  }

  mark(sha256: Sha256): string {
    this.#mark ??= markOf(sha256, this);
    return this.#mark;
  }
}

/** An outcome with its number in the order of storing, which later pages go on from. */
export interface NumberedOutcome {
  readonly number: number;
  readonly outcome: StoredOutcome;
}

export class MemoryLog {
  readonly #sha256: Sha256;
  readonly events: MemoryEvent[] = [];
  readonly streams: Map<string, MemoryEvent[]> = new Map();
  readonly eventIds: Set<string> = new Set();
  /** Nothing was appended here, so an import may go on. */
  isImported = true;
  readonly #outcomes: Map<string, NumberedOutcome> = new Map();
  #outcomesInOrder: NumberedOutcome[] = [];
  #nextOutcome = 0;
  readonly #byType: Map<string, number[]> = new Map();
  readonly #byTag: Map<string, number[]> = new Map();

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  get headPosition(): number {
    return this.events.length - 1;
  }

  /** Last revision of a stream, -1 when there is none. */
  revisionOf(stream: string): number {
    return (this.streams.get(stream)?.length ?? 0) - 1;
  }

  /** The place at a position of the log; {@link LOG_START} below 0. */
  placeOf(position: number): LogPlace {
    const event = this.events[position];
    return event === undefined ? LOG_START : { position, mark: event.mark(this.#sha256) };
  }

  head(): LogPlace {
    return this.placeOf(this.headPosition);
  }

  /** The last commit at or before a position, -1 when there is none. */
  commitAtOrBelow(position: number): number {
    if (position >= this.headPosition) return this.headPosition;
    const event = this.events[position];
    if (event === undefined || event.commit === position) return position;
    return this.firstOf(event) - 1;
  }

  /** Position of the first event of an event's append. */
  firstOf(event: MemoryEvent): number {
    let first = event.position;
    while (this.events[first - 1]?.commit === event.commit) first -= 1;
    return first;
  }

  store(event: MemoryEvent): void {
    this.events.push(event);
    this.eventIds.add(event.id);
    pushTo(this.streams, event.stream, event);
    pushTo(this.#byType, event.type, event.position);
    for (const tag of event.tags) pushTo(this.#byTag, tag, event.position);
  }

  outcomeOf(id: string): StoredOutcome | undefined {
    return this.#outcomes.get(id)?.outcome;
  }

  storeOutcome(outcome: StoredOutcome): void {
    const numbered: NumberedOutcome = { number: this.#nextOutcome, outcome };
    this.#nextOutcome += 1;
    this.#outcomes.set(outcome.id, numbered);
    this.#outcomesInOrder.push(numbered);
  }

  /** At most `limit` outcomes whose number is at least `from`, in the order in which they were stored. */
  outcomesFrom(from: number, limit: number): readonly NumberedOutcome[] {
    const start = countWhile(this.#outcomesInOrder, ({ number }) => number < from);
    return this.#outcomesInOrder.slice(start, start + limit);
  }

  /** Forgets the outcomes that are to go, and says how many they were. */
  forgetOutcomes(isToGo: (outcome: StoredOutcome) => boolean): number {
    const kept: NumberedOutcome[] = [];
    for (const numbered of this.#outcomesInOrder) {
      if (isToGo(numbered.outcome)) this.#outcomes.delete(numbered.outcome.id);
      else kept.push(numbered);
    }
    const forgotten = this.#outcomesInOrder.length - kept.length;
    this.#outcomesInOrder = kept;
    return forgotten;
  }

  /** Positions in (`after`, `upTo`] of the events that a query means, ascending; nothing else is looked at. */
  *ascending(query: EventQuery, after: number, upTo: number): Generator<number> {
    const lists = this.#listsFor(query)?.map((positions) => ({
      positions,
      next: countUpTo(positions, after),
    }));
    if (lists === undefined) {
      for (let position = after + 1; position <= upTo; position += 1) yield position;
      return;
    }
    for (;;) {
      let least = Infinity;
      for (const { positions, next } of lists) least = Math.min(least, positions[next] ?? Infinity);
      if (least === Infinity || least > upTo) return;
      for (const list of lists) if (list.positions[list.next] === least) list.next += 1;
      if (this.#matches(query, least)) yield least;
    }
  }

  /** Positions in [0, `below`) of the events that a query means, descending. */
  *descending(query: EventQuery, below: number): Generator<number> {
    const lists = this.#listsFor(query)?.map((positions) => ({
      positions,
      next: countUpTo(positions, below - 1) - 1,
    }));
    if (lists === undefined) {
      for (let position = below - 1; position >= 0; position -= 1) yield position;
      return;
    }
    for (;;) {
      let most = -1;
      for (const { positions, next } of lists) most = Math.max(most, positions[next] ?? -1);
      if (most < 0) return;
      for (const list of lists) if (list.positions[list.next] === most) list.next -= 1;
      if (this.#matches(query, most)) yield most;
    }
  }

  #matches(query: EventQuery, position: number): boolean {
    const event = this.events[position];
    return event !== undefined && matches(query, event);
  }

  /** For each item the lists that hold all it can mean: its rarest tag, else its types. Undefined: it can mean every event. */
  #listsFor({ items }: EventQuery): readonly (readonly number[])[] | undefined {
    const lists: (readonly number[])[] = [];
    for (const { types, tags } of items) {
      const byTag = (tags ?? []).map((tag) => this.#byTag.get(tag) ?? []);
      const [rarest] = byTag.toSorted((left, right) => left.length - right.length);
      if (rarest !== undefined) lists.push(rarest);
      else if (types !== undefined)
        lists.push(...types.map((type) => this.#byType.get(type) ?? []));
      else return undefined;
    }
    return lists;
  }
}

/** How many of the ascending numbers are at most `bound`. */
function countUpTo(ascending: readonly number[], bound: number): number {
  return countWhile(ascending, (value) => value <= bound);
}

/** How many items a predicate holds for that, once false, stays false. */
export function countWhile<Item>(items: readonly Item[], isStill: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && isStill(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pushTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
