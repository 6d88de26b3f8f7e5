/**
 * The lease port: who may run a processor (RULES P7).
 *
 * A lease is a row with a heartbeat and a fencing number, judged by the store's clock. The number grows with every
 * take-over; every write of a holder carries it and fails ({@link FencedError}) once a later holder exists, so a
 * process that froze and woke changes nothing.
 */
export interface LeaseStore {
  /**
   * Takes a free or expired lease, or renews one's own.
   *
   * @param owner unique for each process and start.
   * @returns the lease, or undefined while somebody else holds it.
   */
  acquire(name: string, owner: string, ttlMs: number): Promise<Lease | undefined>;

  /** Extends the leases that are still held, all in one write; the lost ones are missing in the answer. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]>;

  /** Gives a lease back so that the next one need not wait; a lost one is ignored. */
  release(lease: Lease): Promise<void>;

  /** Every lease that the store knows, for health. */
  list(): Promise<readonly LeaseInfo[]>;
}

export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** From 1; grows by 1 with every holder. */
  readonly fence: number;
}

export interface LeaseInfo extends Lease {
  /** By the store's clock; in the past when the lease is free. */
  readonly expiresAt: number;
}
