/** L5: connections that are cut before, in and after a commit. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

import { hasCode, type AppendResult, type StoredOutcome } from '@daybook/core';
import { postgresEventStore } from '@daybook/postgres';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';

import { rounds } from '../../../scripts/rounds.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { onEveryServer } from './live.ts';
import { oneAppend } from './one-append.ts';
import { runSql, temporarySchema } from './schema-name.ts';
import { allEvents, expectWhole } from './whole-log.ts';

onEveryServer('a connection that is cut', ({ url }) => {
  it('L5: behind a commit whose answer did not come, the id settles what happened', async () => {
    const { store, proxy } = await storeBehind(url);
    await store.append(oneAppend('before'));
    const cut = proxy.set('cut-answers', 'cut-me');
    const group = ['cut-me', 'b', 'c'].map((id) => store.append(oneAppend(id, `account-${id}`)));
    await cut;
    const results = await Promise.all(group);
    expect(results.map(({ status, position }) => [status, position])).toEqual([
      ['repeated', 1],
      ['repeated', 2],
      ['repeated', 3],
    ]);
    expect((await store.append(oneAppend('after'))).position).toBe(4);
    expectWhole(await allEvents(store));
  });

  it('L5: before the request came through, nothing was written, and that is said', async () => {
    const { store, proxy } = await storeBehind(url);
    await store.append(oneAppend('before'));
    const cut = proxy.set('cut-requests', 'cut-me');
    const append = store.append(oneAppend('cut-me'));
    await cut;
    await expect(append).rejects.toMatchObject({ code: 'store-unavailable', isRetryable: true });
    expect(await store.outcomeOf('cut-me')).toBeUndefined();
    expect(await store.append(oneAppend('cut-me'))).toMatchObject({ status: 'appended', first: 1 });
  });

  it('L5: while the server still waits for the lock, its session is ended before anything is answered', async () => {
    const { store, proxy, schema } = await storeBehind(url);
    await store.append(oneAppend('before'));
    const lock = await lockOf(url, schema);
    const append = store.append(oneAppend('waits'));
    await lock.isWaitedFor();
    await proxy.set('refuse');
    await proxy.set('pass');
    await expect(append).rejects.toMatchObject({ code: 'store-unavailable' });
    await lock.free();
    await store.append(oneAppend('after'));
    expect((await allEvents(store)).map(({ id }) => id)).toEqual(['before.0', 'after.0']);
  });

  it('L5: where nobody can be asked it is called unknown, and the same id settles it later', async () => {
    const { store, proxy } = await storeBehind(url, { awayTimeoutMs: 300 });
    await store.append(oneAppend('before'));
    const cut = proxy.set('cut-answers', 'cut-me').then(() => proxy.set('refuse'));
    const append = store.append(oneAppend('cut-me'));
    await cut;
    await expect(append).rejects.toMatchObject({ code: 'outcome-unknown', id: 'cut-me' });
    await expect(store.append(oneAppend('other'))).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    await proxy.set('pass');
    expect(await store.append(oneAppend('cut-me'))).toMatchObject({ status: 'repeated', first: 1 });
  });

  it(
    'L5 G3: under load, cut again and again, each append has one effect and every answer is true',
    async () => {
      const { store, proxy } = await storeBehind(url);
      const count = rounds(100);
      for (let round = 0; round < count; round += 1) {
        const ids = Array.from({ length: 20 }, () => randomUUID());
        const cut = proxy.set(round % 2 === 0 ? 'cut-answers' : 'cut-requests', ids[round % 20]);
        const results = await Promise.allSettled(ids.map((id) => store.append(oneAppend(id))));
        await cut;
        const known = await Promise.all(ids.map((id) => store.outcomeOf(id)));
        expect(results.map((result, at) => isTrue(result, known[at]))).toEqual(ids.map(() => true));
        await Promise.all(ids.map((id) => store.append(oneAppend(id))));
      }
      const events = await allEvents(store);
      expect(events).toHaveLength(count * 20);
      expectWhole(events);
    },
    20_000 + rounds(100) * 2_000,
  );

  it('G8: a listening connection that was ended is opened again', async () => {
    const { store, schema } = await storeBehind(url);
    const heard = new EventEmitter();
    store.onAppended((log) => void heard.emit('appended', log));
    const other = await postgresEventStore(url, { schema });
    onTestFinished(() => other.close());
    const oid = await runSql(url, `SELECT '${schema}.events'::regclass::oid AS oid`);
    const channel = `daybook_${String(Reflect.get(Object(oid[0]), 'oid'))}`;
    const listeners = `FROM pg_stat_activity WHERE query = 'LISTEN "${channel}"'`;
    await until(async () => (await runSql(url, `SELECT 1 ${listeners}`)).length === 1);
    const [ended] = await runSql(url, `SELECT pid, pg_terminate_backend(pid) ${listeners}`);
    const woken = once(heard, 'appended');
    await other.append(oneAppend('a'));
    expect(await woken).toEqual(['main']);
    await until(async () => {
      const rows = await runSql(url, `SELECT pid ${listeners}`);
      return rows.length === 1 && JSON.stringify(rows[0]) !== JSON.stringify({ ...Object(ended) });
    });
  });
});

/** Accepted is there, refused is not; unknown may be either. */
function isTrue(
  result: PromiseSettledResult<AppendResult>,
  known: StoredOutcome | undefined,
): boolean {
  if (result.status === 'fulfilled') return known?.first === result.value.first;
  if (hasCode(result.reason, 'store-unavailable')) return known === undefined;
  return hasCode(result.reason, 'outcome-unknown');
}

async function storeBehind(url: string, options: { readonly awayTimeoutMs?: number } = {}) {
  const schema = temporarySchema(url);
  const proxy = await CuttingProxy.start(url);
  const store = await postgresEventStore(proxy.urlOf(url), { schema, ...options });
  onTestFinished(() => store.close());
  return { store, proxy, schema };
}

/** Holds the lock of the log `main` in a session of its own. */
async function lockOf(url: string, schema: string) {
  const client = new Client(url);
  await client.connect();
  onTestFinished(() => client.end());
  const key = `'${schema}.events'::regclass::oid::integer`;
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(${key}, 1)`);
  return {
    free: () => client.query('COMMIT'),
    isWaitedFor: () =>
      until(async () => {
        const rows = await runSql(
          url,
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = ('${schema}.events'::regclass::oid)`,
        );
        return rows.length > 0;
      }),
  };
}

/** Asks until it is so: nothing else tells of the server's inside. The test's own time limit ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
