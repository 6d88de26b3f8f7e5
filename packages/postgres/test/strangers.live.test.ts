/** Writers that do not keep to the rules, databases that are not as they should be. */
import { postgres, postgresEventStore, postgresSchemaSql } from '@daybook/postgres';
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';

import { onEveryServer } from './live.ts';
import { oneAppend } from './one-append.ts';
import { runSql, temporarySchema } from './schema-name.ts';
import { allEvents, expectWhole } from './whole-log.ts';

onEveryServer('a stranger', ({ url }) => {
  it('L1: a writer that skips the lock collides, and leaves neither a hole nor an overwrite', async () => {
    const { store, schema } = await opened(url);
    await store.append(oneAppend('a'));
    const stranger = new Client(url);
    await stranger.connect();
    onTestFinished(() => stranger.end());
    await stranger.query('BEGIN');
    await stranger.query(insertSql(schema, 1, 'stranger'));
    // It reads the head, 0, gives out 1 and meets the other's row, which nobody can see yet.
    const append = store.append(oneAppend('b', 'account-b'));
    await isBlocked(url, schema);
    await stranger.query('COMMIT');
    expect((await append).position).toBe(2);
    await expect(stranger.query(insertSql(schema, 2, 'late'))).rejects.toMatchObject({
      code: '23505',
      constraint: 'events_position',
    });
    const events = await allEvents(store);
    expect(events.map(({ id }) => id)).toEqual(['a.0', 'stranger', 'b.0']);
    expectWhole(events);
  });

  it('L6: a stream that a stranger moved on while the group was judged refuses the append', async () => {
    const { store, schema } = await opened(url);
    await store.append(oneAppend('a'));
    const stranger = new Client(url);
    await stranger.connect();
    onTestFinished(() => stranger.end());
    await stranger.query('BEGIN');
    await stranger.query(insertSql(schema, 1, 'stranger', 'account-b', 0));
    const group = [
      store.append(oneAppend('b', 'account-b', 'no-stream')),
      store.append(oneAppend('c', 'account-c', 'no-stream')),
    ];
    await isBlocked(url, schema);
    await stranger.query('COMMIT');
    const [refused, accepted] = await Promise.allSettled(group);
    expect(refused).toMatchObject({ reason: { code: 'wrong-expected-revision', actual: 0 } });
    expect(accepted).toMatchObject({ value: { position: 2 } });
  });

  it('refuses another isolation level, before anything is written', async () => {
    const { store, schema } = await opened(url);
    const wrong = new URL(url);
    wrong.searchParams.set('options', '-c default_transaction_isolation=serializable');
    const other = await postgresEventStore(wrong.href, { schema });
    onTestFinished(() => other.close());
    await expect(other.append(oneAppend('a'))).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('isolation level'),
    });
    expect((await store.head()).position).toBe(-1);
  });

  it('does not touch a newer schema', async () => {
    const { schema } = await opened(url);
    await runSql(url, `UPDATE ${schema}.meta SET value = '99' WHERE name = 'version'`);
    await expect(postgres(url, { schema }).open()).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/version 99.*newer Daybook/),
    });
  });

  it('uses a schema that somebody else applied, with no right to create anything', async () => {
    const schema = temporarySchema(url);
    await runSql(url, postgresSchemaSql(schema));
    const role = `${schema}_role`;
    await runSql(
      url,
      `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
    onTestFinished(async () => {
      await runSql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
    });
    const asRole = new URL(url);
    asRole.username = role;
    const store = await postgresEventStore(asRole.href, { schema });
    onTestFinished(() => store.close());
    expect((await store.append(oneAppend('a'))).position).toBe(0);
    await expect(
      postgresEventStore(asRole.href, { schema: `${schema}_other` }),
    ).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('has not the right'),
    });
  });

  it('says what is wrong with a URL: no database, no server, no such name for a schema', async () => {
    const none = new URL(url);
    none.pathname = '/no_such_database';
    await expect(postgresEventStore(none.href)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('no_such_database'),
    });
    await expect(postgresEventStore('postgres://127.0.0.1:1/x')).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('cannot be reached'),
    });
    await expect(postgresEventStore(url, { schema: 'a"; DROP' })).rejects.toThrow(RangeError);
  });

  it('G8: a lock that is held for too long fails the append in time, by name, and the next one works', async () => {
    const schema = temporarySchema(url);
    const store = await postgresEventStore(url, { schema, lockTimeoutMs: 200 });
    onTestFinished(() => store.close());
    await store.append(oneAppend('a'));
    const holder = new Client(url);
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query('BEGIN');
    await holder.query(
      `SELECT pg_advisory_xact_lock('${schema}.events'::regclass::oid::integer, 1)`,
    );
    await expect(store.append(oneAppend('b'))).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('holds the lock'),
    });
    // Whoever reads waits for nobody.
    expect((await store.read()).events).toHaveLength(1);
    await holder.query('COMMIT');
    expect((await store.append(oneAppend('b'))).position).toBe(1);
  });

  it('a text that PostgreSQL cannot store fails alone in its group', async () => {
    const { store } = await opened(url);
    const bad = { ...oneAppend('bad'), contentHash: 'nul \u0000 inside' };
    const results = await Promise.allSettled([
      store.append(oneAppend('a')),
      store.append(bad),
      store.append(oneAppend('b')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'invalid-message' } });
    expect((await allEvents(store)).map(({ id }) => id)).toEqual(['a.0', 'b.0']);
  });

  it('G9: no more connections are opened than connectionsMax', async () => {
    const schema = temporarySchema(url);
    const named = new URL(url);
    named.searchParams.set('application_name', schema);
    const store = await postgres(named.href, { schema, connectionsMax: 5 }).open();
    store.events.onAppended(() => undefined);
    store.readModels.onCommitted(() => undefined);
    const works = Array.from({ length: 60 }, async (_, index) => {
      await store.events.append(oneAppend(`a${index}`));
      await store.events.read();
      await store.readModels.leases.acquire(`l${index}`, 'me', 1_000);
      await store.readModels.create({
        readModel: `model${index}`,
        version: 1,
        fingerprint: 'x',
        indexes: [],
      });
    });
    await Promise.all(works);
    const rows = await runSql(
      url,
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = '${schema}'`,
    );
    expect(rows).toEqual([{ count: 5 }]);
    await store.events.close();
    await store.readModels.close();
  });
});

async function opened(url: string) {
  const schema = temporarySchema(url);
  const store = await postgresEventStore(url, { schema });
  onTestFinished(() => store.close());
  return { store, schema };
}

function insertSql(
  schema: string,
  position: number,
  id: string,
  stream = 'stranger-a',
  revision = 0,
): string {
  return `INSERT INTO ${schema}.events VALUES
    (1, ${position}, '${stream}', ${revision}, 'Moved', 1, 4102444800000, ${position}, 'no mark', '${id}', NULL, '{}', '{}')`;
}

/** Resolves when a session waits for another one's transaction. */
async function isBlocked(url: string, schema: string): Promise<void> {
  for (;;) {
    const rows = await runSql(
      url,
      `SELECT 1 FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND wait_event = 'transactionid' AND query LIKE '%${schema}%'`,
    );
    if (rows.length > 0) return;
  }
}
