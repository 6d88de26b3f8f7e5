/**
 * Appends that go down together, as the parameters of one call of `append_group`.
 *
 * Texts of events are put into JSON documents as they stand, so that nothing is escaped twice and the server stores the
 * very bytes that the mark is over. An id stands in a group once: what has the same id waits for the next group.
 */
import { matches, type AppendRequest, type EventQuery, type NewEvent } from '@daybook/core';

import { EXPECTED_NUMBER } from './append-function.ts';
import type { Parameter } from './connection.ts';
import type { EncodedAppend, PendingAppend } from './encoded-append.ts';

/** An event of the group, for the appends behind it. */
interface Accepted {
  /** From 1. */
  readonly append: number;
  /** Place in its append, from 0. */
  readonly place: number;
  readonly event: NewEvent;
}

export class AppendGroup {
  readonly log: string;
  readonly pending: PendingAppend[] = [];
  readonly #encoded: EncodedAppend[] = [];
  readonly #ids = new Set<string>();
  readonly #heads: string[] = [];
  readonly #events: string[] = [];
  readonly #lastPairs: number[] = [];
  readonly #streams = new Map<string, number>();
  readonly #pairStreams: number[] = [];
  readonly #pairExpected: number[] = [];
  readonly #pairCounts: number[] = [];
  readonly #conditions: string[] = [];
  readonly #meets: number[] = [];
  readonly #byEventId = new Map<string, number>();
  readonly #byTag = new Map<string, Accepted[]>();
  readonly #accepted: Accepted[] = [];
  #size = 0;

  constructor(log: string) {
    this.log = log;
  }

  /** For each append, how many streams it and those before it have. */
  get lastPairs(): readonly number[] {
    return this.#lastPairs;
  }

  get ids(): readonly string[] {
    return [...this.#ids];
  }

  /** False where the append has to wait for the next group; then nothing was taken. */
  add(encoded: EncodedAppend): boolean {
    const { request } = encoded.pending;
    if (this.#isFull() || this.#ids.has(request.id)) return false;
    this.#ids.add(request.id);
    this.pending.push(encoded.pending);
    this.#encoded.push(encoded);
    this.#heads.push(encoded.head);
    this.#size += encoded.size;
    const append = this.pending.length;
    this.#addConditions(append, request);
    this.#addEvents(append, request, encoded.events);
    this.#lastPairs.push(this.#pairStreams.length);
    return true;
  }

  /** Each append in a group of its own. */
  split(): readonly AppendGroup[] {
    return this.#encoded.map((encoded) => {
      const alone = new AppendGroup(this.log);
      alone.add(encoded);
      return alone;
    });
  }

  /** @param now a clock that is set by hand; null for the server's. */
  parameters(now: number | null): readonly Parameter[] {
    return [
      this.log,
      now,
      this.ids,
      `[${this.#heads.join(',')}]`,
      numbers(this.#lastPairs),
      [...this.#streams.keys()],
      numbers(this.#pairStreams),
      numbers(this.#pairExpected),
      numbers(this.#pairCounts),
      `[${this.#events.join(',')}]`,
      this.#byTag.size > 0,
      this.#conditions.length === 0 ? null : `[${this.#conditions.join(',')}]`,
      numbers(this.#meets),
    ];
  }

  #isFull(): boolean {
    return (
      this.pending.length >= GROUP_APPENDS_MAX ||
      this.#size >= GROUP_SIZE_MAX ||
      this.#meets.length >= GROUP_MEETS_MAX * MEET_WIDTH
    );
  }

  #addConditions(append: number, { condition }: AppendRequest): void {
    if (condition === undefined) return;
    const after = Math.max(condition.after, -1);
    for (const { types, tags = [] } of condition.query.items) {
      if (types?.length === 0) continue;
      const texts = [
        `"a":${append},"f":${after}`,
        ...(tags.length === 0 ? [] : [`"g":${JSON.stringify([...new Set(tags)])}`]),
        ...(types === undefined ? [] : [`"t":${JSON.stringify(types)}`]),
      ];
      this.#conditions.push(`{${texts.join(',')}}`);
    }
    // Of each earlier append its last match is enough: none of it lies higher.
    const last = new Map<number, number>();
    for (const { append: other, place, event } of this.#candidates(condition.query)) {
      if (matches(condition.query, event)) last.set(other, Math.max(place, last.get(other) ?? 0));
    }
    for (const [other, place] of last) this.#meets.push(append, other, place, after);
  }

  #candidates(query: EventQuery): readonly Accepted[] {
    if (query.items.some(({ tags = [] }) => tags.length === 0)) return this.#accepted;
    return query.items.flatMap(({ tags }) => this.#byTag.get(tags?.[0] ?? '') ?? []);
  }

  #addEvents(
    append: number,
    { streams }: AppendRequest,
    texts: readonly (readonly string[])[],
  ): void {
    let place = 0;
    for (const [at, { stream, expected, events }] of streams.entries()) {
      this.#pairStreams.push(this.#numberOf(stream));
      this.#pairExpected.push(typeof expected === 'number' ? expected : EXPECTED_NUMBER[expected]);
      this.#pairCounts.push(events.length);
      const pair = this.#pairStreams.length;
      for (const [index, event] of events.entries()) {
        const text = texts[at]?.[index] ?? '';
        this.#events.push(`{"a":${append},"p":${pair},"o":${place},"r":${index + 1},${text}`);
        this.#remember({ append, place, event });
        place += 1;
      }
    }
  }

  #numberOf(stream: string): number {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const number = this.#streams.size + 1;
    this.#streams.set(stream, number);
    return number;
  }

  #remember(accepted: Accepted): void {
    const { append, place, event } = accepted;
    const other = this.#byEventId.get(event.id);
    if (other === undefined) this.#byEventId.set(event.id, append);
    else this.#meets.push(append, other, 0, -2 - place);
    this.#accepted.push(accepted);
    for (const tag of event.tags ?? []) {
      const list = this.#byTag.get(tag);
      if (list === undefined) this.#byTag.set(tag, [accepted]);
      else list.push(accepted);
    }
  }
}

/** An array of numbers as the server reads it. */
function numbers(values: readonly number[]): string {
  return `{${values.join(',')}}`;
}

/** Appends, characters and meetings of one group: goals, which the append that reaches one may exceed. */
const GROUP_APPENDS_MAX = 500;
const GROUP_SIZE_MAX = 1_048_576;
const GROUP_MEETS_MAX = 5_000;
const MEET_WIDTH = 4;
