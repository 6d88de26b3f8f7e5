/** Where an outbox keeps what is not done yet, so that a reload does not lose it. */
import type { CommandMessage, CommandOutcome, DecisionMessage } from '@daybook/core';

/** How far an operation is: `operation.ts` says what leads where. */
export type OperationStatus =
  | 'queued'
  | 'sending'
  | 'unknown'
  | 'accepted'
  | 'settled'
  | 'conflicted'
  | 'parked'
  | 'cancelled'
  | 'refused'
  | 'failed';

/** The phases that an operation has by itself; `conflicted` is what a prediction says of one that waits. */
export type OperationPhase = Exclude<OperationStatus, 'conflicted'>;

/** An operation as it is stored: plain JSON. */
export interface StoredOperation {
  readonly id: string;
  /** Grows with every operation: the order in which they were dispatched. */
  readonly order: number;
  readonly message: CommandMessage | DecisionMessage;
  /** Operations that share one are sent one after the other. */
  readonly keys: readonly string[];
  readonly expectedRevision?: number | 'no-stream';
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** Whose it is, and which version of the application made it. */
  readonly user: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly phase: OperationPhase;
  readonly attempts: number;
  readonly outcome?: CommandOutcome;
  /** The last error's sentence. */
  readonly why?: string;
}

/** Implement it for another place to keep operations in; calls come one after the other. */
export interface OutboxStorage {
  /** Everything that earlier pages left, in any order; called once. */
  load(): Promise<readonly StoredOperation[]>;
  /** Calls back with what another page left when it went while this one was open. */
  onLeft?(listener: (operations: readonly StoredOperation[]) => void): void;
  /** Writes an operation, or writes it over. */
  put(operation: StoredOperation): Promise<void>;
  /** Absent is harmless. */
  remove(id: string): Promise<void>;
  close?(): void;
}

export interface OutboxOptions {
  /** Where operations outlive the page; default: nowhere. */
  readonly storage?: OutboxStorage | undefined;
  /** Whose operations these are: those of another user are parked, never sent. */
  readonly user?: string | undefined;
  /** Of the application: operations that another version made are parked. */
  readonly version?: string | undefined;
  /** An operation that the server has not answered after so long is parked. Default 24 hours, at most 7 days. */
  readonly ttlMs?: number | undefined;
}
