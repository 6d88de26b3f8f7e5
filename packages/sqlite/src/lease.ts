/**
 * Leases as rows of the read-model file, judged by the clock of whoever asks: all of a file's processes are on one
 * machine, and have one clock.
 */
import type { Lease } from '@daybook/core';

import type { StatementCache } from './statement.ts';

type LeaseRow = readonly [owner: string, fence: number, expiresAt: number];

/** In the transaction that the caller holds, like all of this file. */
export function acquireLease(
  statements: StatementCache,
  lease: { readonly name: string; readonly owner: string; readonly ttlMs: number },
  now: number,
): Lease | undefined {
  const { name, owner, ttlMs } = lease;
  const [holder, heldFence, expiresAt] = statements
    .get<LeaseRow>('SELECT owner, fence, expires_at FROM leases WHERE name = ?')
    .get(name) ?? ['', 0, RELEASED];
  const isFree = expiresAt <= now;
  if (!isFree && holder !== owner) return undefined;
  const fence = isFree ? heldFence + 1 : heldFence;
  statements
    .get(
      'INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET owner = excluded.owner, fence = excluded.fence, expires_at = excluded.expires_at',
    )
    .run(name, owner, fence, now + ttlMs);
  return { name, owner, fence };
}

/** Also one that ran out, as long as nobody took it. */
export function renewLeases(
  statements: StatementCache,
  leases: readonly Lease[],
  expiresAt: number,
): readonly Lease[] {
  const renew = statements.get(
    `UPDATE leases SET expires_at = ? WHERE name = ? AND owner = ? AND fence = ? AND expires_at <> ${RELEASED}`,
  );
  return leases.filter(
    ({ name, owner, fence }) => renew.run(expiresAt, name, owner, fence).changes !== 0,
  );
}

export function releaseLease(statements: StatementCache, { name, owner, fence }: Lease): void {
  statements
    .get(`UPDATE leases SET expires_at = ${RELEASED} WHERE name = ? AND owner = ? AND fence = ?`)
    .run(name, owner, fence);
}

const RELEASED = 0;
