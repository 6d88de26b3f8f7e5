/**
 * One command on its way, and what is known of it.
 *
 *     queued ─► sending ─► accepted ─► settled
 *       │         │  ▲ the same id
 *       │         └──┴─► unknown ─► accepted | refused | failed
 *       ├─► conflicted   while it waits or is sent: as predicted now, it would be refused; the server still decides
 *       ├─► parked       time to live over, another user's, another version's, or a server at a loss: a person decides
 *       └─► cancelled    only before it was first sent
 *     sending ─► refused | failed, kept until somebody discards it or tries again
 */
import { ClosedError, type CommandMessage, type DecisionMessage } from '@daybook/core';
import type { CommandOutcome } from '@daybook/core';
import { Listeners } from '../listeners.ts';
import type { OperationPhase, OperationStatus, StoredOperation } from './outbox-storage.ts';

/** What is known of an operation. The same object until something changes. */
export interface OperationState<Outcome = unknown> {
  readonly status: OperationStatus;
  /** How often it was sent. */
  readonly attempts: number;
  /** Once it is accepted or refused. */
  readonly outcome?: Outcome;
  /** Why it failed or is parked, or what went wrong with the last attempt. */
  readonly error?: Error;
  /** The storage has it, so that a reload does not lose it. */
  readonly isStored: boolean;
}

/** A command that was dispatched: read it, listen to it, wait for it. */
export interface Operation<Outcome = unknown> {
  /** The command's id: every repeat carries it, and has one effect. */
  readonly id: string;
  readonly message: CommandMessage | DecisionMessage;
  readonly status: OperationStatus;
  get(): OperationState<Outcome>;
  /** Calls back after each change. Returns what ends it. */
  subscribe(listener: (state: OperationState<Outcome>) => void): () => void;
  /** Takes it back; false when it was sent already, and so may happen. */
  cancel(): boolean;
  /**
   * The outcome as `send` gives it: a refusal is a value. Rejects when it failed or was cancelled or discarded; goes on
   * waiting while it is parked. Nobody has to listen to it.
   */
  readonly accepted: Promise<Outcome>;
  /**
   * The last state: `settled` once every open live query has the effect from the server itself, or `refused`, `failed` or
   * `cancelled`. Never rejects.
   */
  readonly settled: Promise<OperationState<Outcome>>;
}

/** Where a command stands in the log, as far as it is known. */
export interface OperationPlace {
  /** As its own answer says; else the server said it when asked. */
  readonly isAnswered?: boolean;
  /** Absent where it is that of the server that is connected now. */
  readonly epoch?: string | undefined;
  readonly log: string;
  /** Of its first and its last event; null where it recorded none. */
  readonly first: number | null;
  readonly position: number | null;
}

/** An operation as the outbox works with it. */
export class TrackedOperation implements Operation<CommandOutcome> {
  readonly id: string;
  readonly message: CommandMessage | DecisionMessage;
  readonly accepted: Promise<CommandOutcome>;
  readonly settled: Promise<OperationState<CommandOutcome>>;
  /** It waits for its next attempt. */
  isDelayed = false;
  /** An attempt may have reached the server. */
  isDoubtful = false;
  /** What the server said of it besides its answer. */
  place: OperationPlace | undefined;
  #stored: StoredOperation;
  #phase: OperationPhase;
  #isConflicted = false;
  #state: OperationState<CommandOutcome>;
  readonly #listeners = new Listeners();
  readonly #cancel: (operation: TrackedOperation) => boolean;
  #accept: (outcome: CommandOutcome) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #settle: (state: OperationState<CommandOutcome>) => void = () => undefined;

  constructor(stored: StoredOperation, cancel: (operation: TrackedOperation) => boolean) {
    this.#stored = stored;
    this.id = stored.id;
    this.message = stored.message;
    this.#cancel = cancel;
    this.#phase = stored.phase;
    this.isDoubtful = stored.attempts > 0;
    this.accepted = new Promise((resolve, reject) => {
      this.#accept = resolve;
      this.#reject = reject;
    });
    // Whoever does not wait for it is not troubled by it.
    this.accepted.catch(() => undefined);
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    const { attempts, outcome } = stored;
    this.#state = {
      status: stored.phase,
      attempts,
      isStored: false,
      ...(outcome === undefined ? {} : { outcome }),
    };
    if (outcome !== undefined) this.#accept(outcome);
  }

  get status(): OperationStatus {
    return this.#state.status;
  }

  get phase(): OperationPhase {
    return this.#phase;
  }

  /** As it is to be stored. */
  get stored(): StoredOperation {
    return this.#stored;
  }

  get outcome(): CommandOutcome | undefined {
    return this.#state.outcome;
  }

  get(): OperationState<CommandOutcome> {
    return this.#state;
  }

  subscribe(listener: (state: OperationState<CommandOutcome>) => void): () => void {
    return this.#listeners.add(() => listener(this.#state));
  }

  cancel(): boolean {
    return this.#cancel(this);
  }

  /** Waiting or under way: what comes after it on the same key waits for it. */
  get isOpen(): boolean {
    return this.#phase === 'queued' || this.#phase === 'sending' || this.#phase === 'unknown';
  }

  change(
    phase: OperationPhase,
    about: { readonly outcome?: CommandOutcome; readonly error?: Error } = {},
  ): void {
    const attempts = this.#stored.attempts + (phase === 'sending' ? 1 : 0);
    this.#phase = phase;
    const error = about.error === undefined ? {} : { why: about.error.message };
    this.#stored = {
      ...this.#stored,
      ...(about.outcome && { outcome: about.outcome }),
      ...error,
      phase,
      attempts,
    };
    this.#show({ ...this.#state, ...about, attempts });
    if (about.outcome !== undefined) this.#accept(about.outcome);
    if (phase === 'failed' || phase === 'cancelled') {
      this.#reject(about.error ?? new ClosedError('The operation'));
    }
    if (endings.has(phase)) this.#settle(this.#state);
  }

  /** Puts it back into the queue, as of now. */
  renew(about: Pick<StoredOperation, 'user' | 'version' | 'expiresAt'>): void {
    this.#stored = { ...this.#stored, ...about };
    this.change('queued');
  }

  setConflicted(isConflicted: boolean): void {
    if (isConflicted === this.#isConflicted) return;
    this.#isConflicted = isConflicted;
    if (this.isOpen) this.#show(this.#state);
  }

  setStored(isStored: boolean): void {
    if (isStored !== this.#state.isStored) this.#show({ ...this.#state, isStored });
  }

  #show(state: OperationState<CommandOutcome>): void {
    const status = this.isOpen && this.#isConflicted ? 'conflicted' : this.#phase;
    this.#state = { ...state, status };
    this.#listeners.tell();
  }
}

const endings: ReadonlySet<OperationPhase> = new Set(['settled', 'refused', 'failed', 'cancelled']);
