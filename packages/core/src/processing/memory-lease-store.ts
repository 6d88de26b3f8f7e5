/** Leases in memory: they matter between applications of one process, and to the contract. */
import type { Lease, LeaseInfo, LeaseStore } from './lease.ts';

/** The leases that all openings of one memory store share. */
export class MemoryLeases {
  readonly #now: () => number;
  readonly #held = new Map<string, LeaseInfo>();

  /** @param now integer milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** True until a later holder of the same lease exists. */
  isNewest({ name, owner, fence }: Lease): boolean {
    const held = this.#held.get(name);
    return held !== undefined && held.owner === owner && held.fence === fence;
  }

  acquire(name: string, owner: string, ttlMs: number): Lease | undefined {
    const now = this.#now();
    const held = this.#held.get(name);
    const isFree = held === undefined || held.expiresAt <= now;
    if (!isFree && held.owner !== owner) return undefined;
    const fence = isFree ? (held?.fence ?? 0) + 1 : held.fence;
    this.#held.set(name, { name, owner, fence, expiresAt: now + ttlMs });
    return { name, owner, fence };
  }

  renew(leases: readonly Lease[], ttlMs: number): readonly Lease[] {
    const now = this.#now();
    const kept = leases.filter((lease) => this.isNewest(lease) && !this.#isReleased(lease));
    for (const { name, owner, fence } of kept)
      this.#held.set(name, { name, owner, fence, expiresAt: now + ttlMs });
    return kept;
  }

  release(lease: Lease): void {
    if (this.isNewest(lease)) this.#held.set(lease.name, { ...lease, expiresAt: RELEASED });
  }

  list(): readonly LeaseInfo[] {
    return [...this.#held.values()];
  }

  #isReleased({ name }: Lease): boolean {
    return this.#held.get(name)?.expiresAt === RELEASED;
  }
}

/** One opening’s door to the leases; it refuses what `checkOpen` refuses. */
export function memoryLeaseStore(leases: MemoryLeases, checkOpen: () => void): LeaseStore {
  return {
    async acquire(name, owner, ttlMs) {
      checkOpen();
      return leases.acquire(name, owner, ttlMs);
    },
    async renew(held, ttlMs) {
      checkOpen();
      return leases.renew(held, ttlMs);
    },
    async release(lease) {
      checkOpen();
      leases.release(lease);
    },
    async list() {
      checkOpen();
      return leases.list();
    },
  };
}

const RELEASED = 0;
