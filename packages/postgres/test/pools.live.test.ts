/** A pool of the driver that is handed in, pipelined or not. */
import { postgres, type PostgresOptions } from '@daybook/postgres';
import { Pool, type PoolConfig } from 'pg';
import { expect, it, onTestFinished } from 'vitest';

import { onEveryServer } from './live.ts';
import { oneAppend } from './one-append.ts';
import { temporarySchema } from './schema-name.ts';
import { allEvents, expectWhole } from './whole-log.ts';

onEveryServer('a pool that is handed in', ({ url }) => {
  it.each([false, true])('serves a whole store, pipelined: %s', async (pipeline) => {
    const { store, pool } = await openedBy(url, { max: 10, pipeline });
    const woken = new Promise<string>((resolve) => {
      store.events.onAppended(resolve);
    });
    const ids = Array.from({ length: 300 }, (_, index) => `a${index}`);
    const results = await Promise.all(ids.map((id) => store.events.append(oneAppend(id))));
    expect(results.map(({ position }) => position)).toEqual(ids.map((_, index) => index));
    expect(await woken).toBe('main');
    expectWhole(await allEvents(store.events));
    const lease = await store.readModels.leases.acquire('p', 'me', 60_000);
    const ref = await store.readModels.create({
      readModel: 'balances',
      version: 1,
      fingerprint: 'x',
      indexes: [['cents']],
    });
    const commit = {
      ...ref,
      log: 'main',
      lease: lease ?? { name: '', owner: '', fence: 0 },
      from: null,
      to: { position: 1, mark: 'm', epoch: 'e' },
      rows: [{ key: 'a', row: { cents: 1 }, asOf: 1 }],
      parked: [],
      freed: [],
    };
    await store.readModels.commit([commit]);
    await expect(store.readModels.commit([commit])).rejects.toMatchObject({
      code: 'checkpoint-moved',
    });
    const { value } = await store.readModels.view(ref, (rows) => rows.get(['a']));
    expect(value).toEqual([{ key: 'a', row: { cents: 1 }, asOf: { main: 1 } }]);
    await store.events.close();
    await store.readModels.close();
    // Everything was given back, as it was.
    expect([pool.idleCount, pool.totalCount]).toEqual([pool.totalCount, pool.totalCount]);
    const { rows } = await pool.query('SHOW lock_timeout');
    expect(rows).toEqual([{ lock_timeout: '0' }]);
  });

  it('L5: a client of the pool that is lost is replaced', async () => {
    const { store, pool } = await openedBy(url, { max: 10, application_name: 'to be ended' });
    await store.events.append(oneAppend('a'));
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'to be ended' AND pid <> pg_backend_pid()",
    );
    await expect(
      store.events.append(oneAppend('b')).catch(() => store.events.append(oneAppend('b'))),
    ).resolves.toMatchObject({ position: 1 });
    expect(await allEvents(store.events)).toHaveLength(2);
    await store.events.close();
    await store.readModels.close();
  });

  it('G8 G9: a pool without room for it is told by name, in time', async () => {
    const { store } = await openedBy(
      url,
      { max: 1 },
      { connectTimeoutMs: 200, awayTimeoutMs: 200 },
    );
    // The only one reads, and is kept for that.
    await store.events.read();
    await expect(store.events.append(oneAppend('a'))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('room for connectionsMax'),
    });
    await store.events.close();
    await store.readModels.close();
  });
});

async function openedBy(url: string, config: PoolConfig, options: PostgresOptions = {}) {
  const pool = new Pool({ connectionString: url, ...config });
  pool.on('error', () => undefined);
  onTestFinished(() => pool.end());
  const schema = temporarySchema(url);
  const store = await postgres({ pool }, { schema, ...options }).open();
  return { store, pool };
}
