/** Leases as rows, judged by the server's clock: every process that shares the database has the same one. */
import type { Lease, LeaseInfo, LeaseStore } from '@daybook/core';

import { statement, type Connection } from './connection.ts';

/**
 * @param s the schema's quoted name.
 * @param now a clock that is set by hand, in tests; null for the server's.
 */
export function leaseStore(
  s: string,
  use: <Value>(work: (connection: Connection) => Promise<Value>) => Promise<Value>,
  now: () => number | null,
): LeaseStore {
  const acquire = statement(`
    INSERT INTO ${s}.leases AS held (name, owner, fence, expires_at) VALUES ($1, $2, 1, ${clock('$4')} + $3::bigint)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at,
      fence = CASE WHEN held.expires_at <= ${clock('$4')} THEN held.fence + 1 ELSE held.fence END
      WHERE held.expires_at <= ${clock('$4')} OR held.owner = excluded.owner
    RETURNING fence`);
  // Also one that ran out, as long as nobody took it. Locked in order of name, as commits lock them.
  const renew = statement(`
    WITH locked AS MATERIALIZED (
      SELECT held.name FROM ${s}.leases AS held
      JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS own(name, owner, fence)
        ON held.name = own.name AND held.owner = own.owner AND held.fence = own.fence
      WHERE held.expires_at <> ${RELEASED} ORDER BY held.name FOR UPDATE OF held)
    UPDATE ${s}.leases AS held SET expires_at = ${clock('$5')} + $4::bigint
    FROM locked WHERE held.name = locked.name RETURNING held.name`);
  const release = statement(
    `UPDATE ${s}.leases SET expires_at = ${RELEASED} WHERE name = $1 AND owner = $2 AND fence = $3`,
  );
  const list = statement(`SELECT name, owner, fence, expires_at FROM ${s}.leases ORDER BY name`);
  return {
    acquire: (name, owner, ttlMs) =>
      use(async (connection) => {
        const row = await connection.first(acquire, [name, owner, ttlMs, now()]);
        return row === undefined ? undefined : { name, owner, fence: Number(row[0]) };
      }),
    renew: (leases, ttlMs) =>
      use(async (connection) => {
        const rows = await connection.rows<readonly [string]>(renew, [
          leases.map(({ name }) => name),
          leases.map(({ owner }) => owner),
          leases.map(({ fence }) => fence),
          ttlMs,
          now(),
        ]);
        const renewed = new Set(rows.map(([name]) => name));
        return leases.filter(({ name }) => renewed.has(name));
      }),
    release: ({ name, owner, fence }: Lease) =>
      use(async (connection) => {
        await connection.rows(release, [name, owner, fence]);
      }),
    list: () =>
      use(async (connection) => {
        const rows = await connection.rows<readonly [string, string, string, string]>(list);
        return rows.map(([name, owner, fence, expiresAt]): LeaseInfo => ({
          name,
          owner,
          fence: Number(fence),
          expiresAt: Number(expiresAt),
        }));
      }),
  };
}

/** The server's clock in whole milliseconds, or one that is given. */
export function clock(parameter: string): string {
  return `coalesce(${parameter}::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)`;
}

const RELEASED = 0;
