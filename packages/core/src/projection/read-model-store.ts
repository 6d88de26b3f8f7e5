/**
 * The read-model-store port: rows of read models, in generations, with the checkpoints they stand at.
 *
 * What always holds (RULES P1 to P4, P7, T3; the contract suite in `@daybook/core/testing` attacks each):
 * - Rows and checkpoint of a commit are written together where `capabilities.atomicCheckpoint` says so; elsewhere rows
 *   are versioned by `asOf` and the checkpoint follows them. Either way a repeated commit has one effect.
 * - A commit whose fence is not the newest of its lease changes nothing.
 * - A view is one snapshot of rows, checkpoint and parked keys where `capabilities.exact` says so.
 */
import type { Json } from '../message/json.ts';
import type { Lease, LeaseStore } from '../processing/lease.ts';
import type { LogPlace } from '../store/log-place.ts';
import type { FindPlan } from './find-plan.ts';

export interface ReadModelStore {
  readonly capabilities: ReadModelStoreCapabilities;
  readonly leases: LeaseStore;

  /**
   * Makes the next generation of a read model, empty, `building`, at no checkpoint; or gives the one that is already
   * building for this fingerprint, so that two processes that start at once build one. Numbers grow from 1 and are
   * never used again.
   */
  create(layout: ReadModelLayout): Promise<GenerationInfo>;

  /** Generations, in order of name and number; of one read model, or of all. */
  list(readModel?: string): Promise<readonly GenerationInfo[]>;

  /**
   * Makes a generation the active one, and the one that was active `retired`, at once for every reader.
   *
   * @throws {@link FencedError} when the lease is not the newest.
   * @throws {@link CheckpointMovedError} when the new one stands before the old one in some log, so that no reader goes back.
   */
  switchTo(ref: GenerationRef, lease: Lease): Promise<void>;

  /** Says that a generation was filled from a log that is gone (RULES L9): it answers nothing any more. Harmless to repeat. */
  markLost(ref: GenerationRef): Promise<void>;

  /** Removes a generation that is not active, with its rows. Absent is harmless. */
  drop(ref: GenerationRef): Promise<void>;

  /**
   * Writes the commits, all of them or none where the engine can (`capabilities.atomicCheckpoint`).
   *
   * @throws {@link FencedError} a lease was taken over; nothing was written.
   * @throws {@link CheckpointMovedError} a checkpoint is not at `from`; nothing was written.
   * @throws {@link ReadModelNotFoundError} a generation does not exist.
   */
  commit(commits: readonly ReadModelCommit[]): Promise<void>;

  /**
   * Runs `work` over one state of the rows.
   *
   * `work` should do nothing but ask the rows: it may hold a snapshot open, or be run again (Redis).
   *
   * @throws {@link ReadModelNotFoundError} {@link StoreUnavailableError} {@link ClosedError}
   */
  view<Value>(ref: GenerationRef, work: (rows: RowSource) => Promise<Value>): Promise<View<Value>>;

  /** Keys of rows changed after a position of a log (also removed ones, for as long as the store knows), in no order. */
  changedSince(
    ref: GenerationRef,
    log: string,
    position: number,
    limit: number,
  ): Promise<readonly string[]>;

  /**
   * Calls back after commits and switches, of other processes too; a call may come for nothing or stand for several.
   * Returns what ends it.
   */
  onCommitted(listener: (readModel: string | undefined) => void): () => void;

  close(): Promise<void>;
}

export interface ReadModelStoreCapabilities {
  readonly durable: boolean;
  /** Rows and checkpoint are one write. */
  readonly atomicCheckpoint: boolean;
  /** A row that was committed is seen by the next view. */
  readonly readAfterWrite: boolean;
  /** Views are exact: rows and checkpoint of one state. */
  readonly exact: boolean;
  /** `rows.search` exists. */
  readonly search: boolean;
  /** `rows.sql` exists, with joins. */
  readonly sql: boolean;
  readonly sharedByProcesses: boolean;
}

export interface GenerationRef {
  readonly readModel: string;
  readonly generation: number;
}

/** What a store needs to know to keep the rows of a read model. */
export interface ReadModelLayout {
  readonly readModel: string;
  readonly version: number;
  /** Changes whenever version, indexes, sources or row schema change; one code never serves another's generation. */
  readonly fingerprint: string;
  readonly indexes: readonly (readonly string[])[];
  /** JSON Schema of a row, for engines with mappings; absent where the validator cannot give one. */
  readonly rowSchema?: Json;
}

/**
 * `building` until it is switched to; `active` answers queries; `retired` was active and can be switched back to;
 * `lost` was filled from a log that is gone.
 */
export type GenerationState = 'building' | 'active' | 'retired' | 'lost';

export interface GenerationInfo extends GenerationRef {
  readonly version: number;
  readonly fingerprint: string;
  readonly state: GenerationState;
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly parkedCount: number;
  readonly createdAt: number;
}

/** Where a processor has finished, with the epoch and mark of the log it read. */
export interface Checkpoint extends LogPlace {
  readonly epoch: string;
}

export interface ReadModelCommit extends GenerationRef {
  readonly log: string;
  readonly lease: Lease;
  /** Where the checkpoint must stand now; null for none yet. */
  readonly from: LogPlace | null;
  readonly to: Checkpoint;
  /** Each key once. */
  readonly rows: readonly RowChange[];
  /** Keys that are set aside from now on; one that is parked already keeps its first entry. */
  readonly parked: readonly ParkedKey[];
  /** Keys that were repaired; freed before `parked` is written, so a key that failed again stands in both. */
  readonly freed: readonly string[];
}

/** `row: undefined` removes the row. `asOf` is the position (in the commit's log) of the last event that touched it. */
export interface RowChange {
  readonly key: string;
  readonly row: Json | undefined;
  readonly asOf: number;
}

export interface ParkedKey {
  readonly key: string;
  readonly log: string;
  /** Position of the event that failed; it and later ones of the key wait. */
  readonly parkedAt: number;
  readonly error: { readonly code: string; readonly message: string };
  /** Platform time, integer ms. */
  readonly since: number;
}

export interface StoredRow {
  readonly key: string;
  readonly row: Json;
  /** For each log, the position of the row's last event. */
  readonly asOf: Readonly<Record<string, number>>;
}

/** Rows as one view sees them. */
export interface RowSource {
  /** In the order of `keys`; undefined where there is no row. */
  get(keys: readonly string[]): Promise<readonly (StoredRow | undefined)[]>;
  /** At most `plan.limit` rows in the plan's order. */
  find(plan: FindPlan): Promise<readonly StoredRow[]>;
  /** How many rows the plan means; its limit, order and cursor do not count. */
  count(plan: FindPlan): Promise<number>;
  /** The parked ones among `keys`; without an argument, all of them up to `PARKED_PAGE_MAX`, in order of key. */
  parked(keys?: readonly string[]): Promise<readonly ParkedKey[]>;
}

/** Most parked keys that one view lists. */
export const PARKED_PAGE_MAX = 1_000;

export interface View<Value> {
  readonly value: Value;
  readonly state: GenerationState;
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly parkedCount: number;
  /** Rows, checkpoint and parked keys are of one state. */
  readonly exact: boolean;
}
