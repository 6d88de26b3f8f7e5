/** The read-model store in memory: not durable, and all else that the port promises. */
import {
  CheckpointMovedError,
  ClosedError,
  FencedError,
  InvalidMessageError,
  ReadModelNotFoundError,
} from '../errors.ts';
import type { Lease, LeaseStore } from '../processing/lease.ts';
import { MemoryLeases, memoryLeaseStore } from '../processing/memory-lease-store.ts';
import type { LogPlace, Platform } from '../store/log-place.ts';
import { MemoryGeneration } from './memory-generation.ts';
import { memoryRows } from './memory-rows.ts';
import type {
  Checkpoint,
  GenerationInfo,
  GenerationRef,
  ReadModelCommit,
  ReadModelLayout,
  ReadModelStore,
  ReadModelStoreCapabilities,
  RowSource,
  View,
} from './read-model-store.ts';

export const MEMORY_READ_MODEL_CAPABILITIES: ReadModelStoreCapabilities = {
  durable: false,
  atomicCheckpoint: true,
  readAfterWrite: true,
  exact: true,
  search: false,
  sql: false,
  sharedByProcesses: false,
};

/** Makes an empty store; every call of the answer opens the same one, and closing one opening leaves the others open. */
export function memoryReadModelStore(platform: Pick<Platform, 'now'>): () => ReadModelStore {
  const state: MemoryReadModels = {
    now: platform.now,
    readModels: new Map(),
    leases: new MemoryLeases(platform.now),
    listeners: new Set(),
  };
  return () => new MemoryReadModelStore(state);
}

type Listener = (readModel: string | undefined) => void;

interface ReadModelGenerations {
  readonly byNumber: Map<number, MemoryGeneration>;
  lastNumber: number;
}

/** What all openings of one store share. */
interface MemoryReadModels {
  readonly now: () => number;
  readonly readModels: Map<string, ReadModelGenerations>;
  readonly leases: MemoryLeases;
  readonly listeners: Set<Listener>;
}

class MemoryReadModelStore implements ReadModelStore {
  readonly capabilities: ReadModelStoreCapabilities = MEMORY_READ_MODEL_CAPABILITIES;
  readonly leases: LeaseStore;
  readonly #state: MemoryReadModels;
  readonly #ownListeners = new Set<Listener>();
  #isClosed = false;

  constructor(state: MemoryReadModels) {
    this.#state = state;
    this.leases = memoryLeaseStore(state.leases, () => this.#checkOpen());
  }

  async create(layout: ReadModelLayout): Promise<GenerationInfo> {
    this.#checkOpen();
    const { readModels, now } = this.#state;
    const known = readModels.get(layout.readModel) ?? { byNumber: new Map(), lastNumber: 0 };
    readModels.set(layout.readModel, known);
    for (const generation of known.byNumber.values()) {
      const isSame = generation.layout.fingerprint === layout.fingerprint;
      if (isSame && generation.state === 'building') return generation.info;
    }
    known.lastNumber += 1;
    const generation = new MemoryGeneration(structuredClone(layout), known.lastNumber, now());
    known.byNumber.set(generation.generation, generation);
    return generation.info;
  }

  async list(readModel?: string): Promise<readonly GenerationInfo[]> {
    this.#checkOpen();
    const { readModels } = this.#state;
    const names = readModel === undefined ? [...readModels.keys()].toSorted() : [readModel];
    return names.flatMap((name) =>
      [...(readModels.get(name)?.byNumber.values() ?? [])].map(({ info }) => info),
    );
  }

  async switchTo(ref: GenerationRef, lease: Lease): Promise<void> {
    this.#checkOpen();
    this.#checkLease(lease);
    const next = this.#generation(ref);
    const active = this.#active(ref.readModel);
    if (next === active) return;
    for (const [log, { position }] of active?.checkpoints ?? []) {
      const reached = next.checkpoints.get(log)?.position ?? -1;
      if (reached < position) throw new CheckpointMovedError(ref.readModel, position, reached);
    }
    if (active !== undefined) active.state = 'retired';
    next.state = 'active';
    this.#wake([ref.readModel]);
  }

  async markLost(ref: GenerationRef): Promise<void> {
    this.#checkOpen();
    const generation = this.#find(ref);
    if (generation === undefined) return;
    generation.state = 'lost';
    this.#wake([ref.readModel]);
  }

  async drop(ref: GenerationRef): Promise<void> {
    this.#checkOpen();
    if (this.#find(ref)?.state === 'active') {
      throw new InvalidMessageError(
        `Generation ${ref.generation} of "${ref.readModel}" is active; switch first`,
      );
    }
    this.#state.readModels.get(ref.readModel)?.byNumber.delete(ref.generation);
  }

  async commit(commits: readonly ReadModelCommit[]): Promise<void> {
    this.#checkOpen();
    const reached = new Map<string, LogPlace>();
    for (const commit of commits) {
      this.#checkLease(commit.lease);
      const place = JSON.stringify([commit.readModel, commit.generation, commit.log]);
      const current = reached.get(place) ?? this.#generation(commit).checkpoints.get(commit.log);
      checkFrom(commit, current);
      reached.set(place, commit.to);
    }
    for (const commit of commits) this.#generation(commit).apply(commit);
    this.#wake(new Set(commits.map(({ readModel }) => readModel)));
  }

  async view<Value>(
    ref: GenerationRef,
    work: (rows: RowSource) => Promise<Value>,
  ): Promise<View<Value>> {
    this.#checkOpen();
    const generation = this.#generation(ref);
    const snapshot = generation.openSnapshot();
    try {
      const value = await work(memoryRows(generation, snapshot));
      const { state, checkpoints, parked } = snapshot;
      return { value, state, checkpoints, parkedCount: parked.size, exact: true };
    } finally {
      generation.closeSnapshot(snapshot);
    }
  }

  async changedSince(
    ref: GenerationRef,
    log: string,
    position: number,
    limit: number,
  ): Promise<readonly string[]> {
    this.#checkOpen();
    const keys: string[] = [];
    for (const [key, { asOf }] of this.#generation(ref).rows) {
      if (keys.length >= limit) break;
      if (Object.hasOwn(asOf, log) && (asOf[log] ?? -1) > position) keys.push(key);
    }
    return keys;
  }

  onCommitted(listener: Listener): () => void {
    this.#checkOpen();
    // A wrapper, so that one function given twice is two listeners.
    const own: Listener = (readModel) => listener(readModel);
    this.#ownListeners.add(own);
    this.#state.listeners.add(own);
    return () => {
      this.#ownListeners.delete(own);
      this.#state.listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listener of this.#ownListeners) this.#state.listeners.delete(listener);
    this.#ownListeners.clear();
  }

  #find({ readModel, generation }: GenerationRef): MemoryGeneration | undefined {
    return this.#state.readModels.get(readModel)?.byNumber.get(generation);
  }

  #generation(ref: GenerationRef): MemoryGeneration {
    const generation = this.#find(ref);
    if (generation === undefined) throw new ReadModelNotFoundError(ref.readModel, ref.generation);
    return generation;
  }

  #active(readModel: string): MemoryGeneration | undefined {
    for (const generation of this.#state.readModels.get(readModel)?.byNumber.values() ?? []) {
      if (generation.state === 'active') return generation;
    }
    return undefined;
  }

  #checkLease(lease: Lease): void {
    if (!this.#state.leases.isNewest(lease)) throw new FencedError(lease.name);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ClosedError('The read-model store');
  }

  #wake(readModels: Iterable<string>): void {
    for (const readModel of readModels) {
      for (const listener of this.#state.listeners) queueMicrotask(() => listener(readModel));
    }
  }
}

function checkFrom(
  { readModel, from }: ReadModelCommit,
  current: Checkpoint | LogPlace | undefined,
): void {
  if (from?.position === current?.position && from?.mark === current?.mark) return;
  throw new CheckpointMovedError(readModel, from?.position ?? -1, current?.position ?? -1);
}
