/** L7: what an append, a condition and a read look at does not grow with the log. */
import type { AppendRequest, EventStore } from '@daybook/core';
import { postgresEventStore } from '@daybook/postgres';
import { expect, it } from 'vitest';

import { onEveryServer } from './live.ts';
import { runSql, temporarySchema } from './schema-name.ts';

const OPERATIONS = 200;
/** Rows and index entries that one operation may look at: some for each index, and none for each event of the log. */
const LOOKED_AT_MAX = 60;

onEveryServer('a grown log', ({ url }) => {
  it('L7: is not read through by appends, conditions and pages whose plans were made while it was empty', async () => {
    const schema = temporarySchema(url);
    // The tables are never analysed: a log may grow faster than anybody counts it.
    const tables = ['events', 'appends', 'tags'];
    await (await postgresEventStore(url, { schema })).close();
    for (const table of tables) {
      await runSql(url, `ALTER TABLE ${schema}.${table} SET (autovacuum_enabled = off)`);
    }
    const store = await postgresEventStore(url, { schema });
    // Every plan is made now, and kept by its session.
    for (let index = 0; index < 8; index += 1) await operate(store, `empty-${index}`);
    const empty = await filled(store);
    for (let index = 0; index < OPERATIONS; index += 1) await operate(store, `grown-${index}`);
    await store.close();
    const perOperation = (await lookedAt(url, schema)) / (empty + OPERATIONS);
    expect(perOperation).toBeGreaterThan(1);
    expect(perOperation).toBeLessThan(LOOKED_AT_MAX);
  }, 60_000);
});

/** Appends with and without a condition, again and in vain, and reads small pages. */
async function operate(store: EventStore, name: string): Promise<void> {
  const { position } = await store.append(appendOf(`${name}-a`, ['rare', `own:${name}`]));
  const after = position ?? -1;
  const query = {
    items: [{ types: ['Moved'], tags: [`own:${name}`, 'rare'] }, { types: [`Rare`] }],
  };
  await store.append({ ...appendOf(`${name}-b`), condition: { query, after } });
  await store.append(appendOf(`${name}-b`));
  await store
    .append({ ...appendOf(`${name}-c`), condition: { query, after: after - 1 } })
    .catch(() => undefined);
  await store.read({ after, limit: 2 });
  await store.read({ query: { items: [{ tags: [`own:${name}`] }] }, limit: 2 });
  await store.read({ query: { items: [{ types: ['Rare'] }] }, limit: 2, backwards: true });
  await store.readStream(`account-${name}-a`);
  await store.outcomeOf(`${name}-a`);
  await store.positionAt(1);
}

function appendOf(id: string, tags: readonly string[] = []): AppendRequest {
  const event = { id, type: 'Moved', schemaVersion: 1, data: {}, metadata: {}, tags };
  return { id, streams: [{ stream: `account-${id}`, expected: 'any', events: [event] }] };
}

/** Appends in small groups; says how many. */
async function filled(store: EventStore): Promise<number> {
  const ids = Array.from({ length: 4_000 }, (_, at) => `fill-${at}`);
  for (let at = 0; at < ids.length; at += 50) {
    await Promise.all(
      ids.slice(at, at + 50).map((id) => store.append(appendOf(id, ['common', `tag:${id}`]))),
    );
  }
  return ids.length;
}

/** Rows and entries that were looked at so far; sessions that ended have told what they did. */
async function lookedAt(url: string, schema: string): Promise<number> {
  const [row] = await runSql(
    url,
    `SELECT (SELECT sum(seq_tup_read)::int FROM pg_stat_user_tables WHERE schemaname = '${schema}' AND relname IN ('events', 'appends', 'tags'))
       + (SELECT sum(idx_tup_read)::int FROM pg_stat_user_indexes WHERE schemaname = '${schema}' AND relname IN ('events', 'appends', 'tags')) AS count`,
  );
  return Number(Reflect.get(Object(row), 'count'));
}
