/**
 * One generation of a read model in memory.
 *
 * A view sees one state although commits go on while its work awaits: a commit gives every open view the old entries of
 * the rows that it changes, and the view looks there first. Checkpoints and parked keys are replaced, never changed.
 */
import { frozenCopy } from '../message/frozen-copy.ts';
import type { Json } from '../message/json.ts';
import type {
  Checkpoint,
  GenerationInfo,
  GenerationState,
  ParkedKey,
  ReadModelCommit,
  ReadModelLayout,
} from './read-model-store.ts';
import { SortedIndex } from './sorted-index.ts';

/** A row, or what is left of one that was removed, which `changedSince` tells of. */
export interface RowEntry {
  readonly row: Json | undefined;
  readonly asOf: Readonly<Record<string, number>>;
}

/** The state that an open view looks at: what has changed since it began, as it was then. */
export interface Snapshot {
  readonly state: GenerationState;
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly parked: ReadonlyMap<string, ParkedKey>;
  readonly changed: Map<string, RowEntry | undefined>;
}

export class MemoryGeneration {
  readonly generation: number;
  readonly layout: ReadModelLayout;
  readonly createdAt: number;
  readonly rows: Map<string, RowEntry> = new Map();
  readonly #indexes = new Map<string, SortedIndex>();
  readonly #views = new Set<Snapshot>();
  #parked: ReadonlyMap<string, ParkedKey> = new Map();
  state: GenerationState = 'building';
  checkpoints: ReadonlyMap<string, Checkpoint> = new Map();

  constructor(layout: ReadModelLayout, generation: number, createdAt: number) {
    this.layout = layout;
    this.generation = generation;
    this.createdAt = createdAt;
  }

  get info(): GenerationInfo {
    const { readModel, version, fingerprint } = this.layout;
    return {
      readModel,
      generation: this.generation,
      version,
      fingerprint,
      state: this.state,
      checkpoints: this.checkpoints,
      parkedCount: this.#parked.size,
      createdAt: this.createdAt,
    };
  }

  /** Everything of a commit that was checked. */
  apply({ log, to, rows, parked, freed }: ReadModelCommit): void {
    for (const { key, row, asOf } of rows) this.#change(key, log, row, asOf);
    this.checkpoints = new Map(this.checkpoints).set(log, to);
    if (parked.length + freed.length === 0) return;
    const next = new Map(this.#parked);
    for (const key of freed) next.delete(parkedId(log, key));
    for (const entry of parked) {
      const id = parkedId(entry.log, entry.key);
      if (!next.has(id)) next.set(id, structuredClone(entry));
    }
    this.#parked = next;
  }

  openSnapshot(): Snapshot {
    const snapshot: Snapshot = {
      state: this.state,
      checkpoints: this.checkpoints,
      parked: this.#parked,
      changed: new Map(),
    };
    this.#views.add(snapshot);
    return snapshot;
  }

  closeSnapshot(snapshot: Snapshot): void {
    this.#views.delete(snapshot);
  }

  /** The index over these fields, made when it is first asked for. */
  indexOf(fields: readonly string[]): SortedIndex {
    const name = JSON.stringify(fields);
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = new SortedIndex(fields);
    for (const [key, { row }] of this.rows) if (row !== undefined) index.change(key, row);
    this.#indexes.set(name, index);
    return index;
  }

  #change(key: string, log: string, row: Json | undefined, asOf: number): void {
    const old = this.rows.get(key);
    for (const { changed } of this.#views) if (!changed.has(key)) changed.set(key, old);
    const own = row === undefined ? undefined : frozenCopy(row);
    this.rows.set(key, { row: own, asOf: Object.freeze({ ...old?.asOf, [log]: asOf }) });
    for (const index of this.#indexes.values()) index.change(key, own);
  }
}

/** A line feed stands in no key. */
function parkedId(log: string, key: string): string {
  return `${log}\n${key}`;
}
