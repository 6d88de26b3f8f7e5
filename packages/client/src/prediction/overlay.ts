/**
 * Operations laid over an answer: their events folded into the rows that the query read, by the read model's own `keysOf`
 * and `apply`, and the query run again over these.
 *
 * What always holds: without an operation that touches a row, the data is the server's; a query that, over the rows as
 * they came, does not give the server's own answer (it depends on more than rows and parameters) is not predicted at all.
 */
import {
  categoryOf,
  removed,
  type Json,
  type QueryFace,
  type QueryMessage,
  type ReadEvent,
  type ReadModelFace,
} from '@daybook/core';
import type { TrackedOperation } from '../outbox/operation.ts';
import type { Effect } from './predict.ts';
import { ABSENT, isSameAnswer, KnownRows, type KnownRow, type QueryBase } from './query-base.ts';
import type { PredictionRules } from './rules.ts';

export interface Overlaid {
  readonly data: unknown;
  /** The operations whose effect the data shows. */
  readonly operations: readonly TrackedOperation[];
}

/** One query, to be shown with operations laid over its answers. */
export class Overlay {
  readonly #readModel: ReadModelFace;
  readonly #query: QueryFace;
  readonly #message: QueryMessage;
  readonly #rules: PredictionRules;
  readonly #absentUntil: (stream: string) => number;
  /** Of the base that was looked at last. */
  #known: { readonly base: QueryBase; readonly rows: Promise<KnownRows | undefined> } | undefined;

  /** @param absentUntil the last position at which a stream is known not to have begun; -1 where none is. */
  constructor(
    readModel: ReadModelFace,
    query: QueryFace,
    message: QueryMessage,
    rules: PredictionRules,
    absentUntil: (stream: string) => number,
  ) {
    this.#readModel = readModel;
    this.#query = query;
    this.#message = message;
    this.#rules = rules;
    this.#absentUntil = absentUntil;
  }

  /** Never rejects: what cannot be predicted is shown as the server gave it. */
  async over(base: QueryBase, effects: readonly Effect[]): Promise<Overlaid> {
    const plain: Overlaid = { data: base.data, operations: [] };
    try {
      const rows = await this.#rowsOf(base);
      if (rows === undefined) return plain;
      const { changes, operations } = this.#fold(base, rows, effects);
      return operations.length === 0 ? plain : { data: await this.#run(rows, changes), operations };
    } catch {
      return plain;
    }
  }

  /** Undefined where the rows do not make the answer. */
  #rowsOf(base: QueryBase): Promise<KnownRows | undefined> {
    const known = this.#known;
    const isKnown =
      known !== undefined && known.base.data === base.data && known.base.reads === base.reads;
    if (isKnown) return known.rows;
    const rows = this.#check(base);
    this.#known = { base, rows };
    return rows;
  }

  async #check({ data, reads }: QueryBase): Promise<KnownRows | undefined> {
    if (reads === undefined) return undefined;
    const rows = new KnownRows(data, reads, this.#readModel.indexes);
    const again = await this.#run(rows, new Map()).catch(() => undefined);
    return isSameAnswer(again, data) ? rows : undefined;
  }

  async #run(rows: KnownRows, changes: ReadonlyMap<string, Json | undefined>): Promise<unknown> {
    const params = this.#query.params?.read(this.#message.params);
    return (await this.#query.run(rows.under(changes), params)) ?? null;
  }

  #fold(
    base: QueryBase,
    rows: KnownRows,
    effects: readonly Effect[],
  ): {
    readonly changes: ReadonlyMap<string, Json | undefined>;
    readonly operations: readonly TrackedOperation[];
  } {
    const changes = new Map<string, Json | undefined>();
    const operations = new Set<TrackedOperation>();
    for (const effect of effects) {
      for (const event of effect.events) {
        for (const key of this.#keysOf(event)) {
          const known = rows.get(key) ?? this.#absentIn(base, effect, event, key);
          if (this.#apply(known, changes, effect, event, key)) operations.add(effect.operation);
        }
      }
    }
    return { changes, operations: [...operations] };
  }

  #keysOf(event: ReadEvent): readonly string[] {
    const { types, sources } = this.#readModel;
    if (!types.includes(event.type) || !sources.includes(categoryOf(event.stream))) return [];
    try {
      return this.#readModel.keysOf(event);
    } catch {
      return [];
    }
  }

  /** Whether the row is another one now. */
  #apply(
    known: KnownRow | undefined,
    changes: Map<string, Json | undefined>,
    effect: Effect,
    event: ReadEvent,
    key: string,
  ): boolean {
    // A row that the server did not send may be there or not, so nothing can be said of it.
    if (known === undefined && !changes.has(key)) return false;
    if (known !== undefined && this.#isSeen(known.asOf, effect, event)) return false;
    try {
      const before = changes.has(key) ? changes.get(key) : known?.row;
      const after = this.#readModel.apply(before, event, key);
      if (after === undefined) return false;
      changes.set(key, after === removed ? undefined : after);
      return true;
    } catch {
      return false;
    }
  }

  #isSeen(
    asOf: Readonly<Record<string, number>>,
    { operation: { place }, isCommitted }: Effect,
    event: ReadEvent,
  ): boolean {
    if (isCommitted) return this.#rules.isSeen(asOf[event.log] ?? -1, event.position);
    if (place === undefined || place.first === null) return false;
    return this.#rules.isSeen(asOf[place.log] ?? -1, place.first);
  }

  /** The row cannot be in the answer: its key is the event's own, or that of a stream that begins later. */
  #absentIn(
    { position }: QueryBase,
    { isCommitted }: Effect,
    event: ReadEvent,
    key: string,
  ): KnownRow | undefined {
    if (key.includes(event.id)) return ABSENT;
    const { hasDefaultKey, sources } = this.#readModel;
    if (!hasDefaultKey || sources.length > 1) return undefined;
    const isFirst = isCommitted && event.revision === 0;
    return isFirst || position <= this.#absentUntil(event.stream) ? ABSENT : undefined;
  }
}
