import { postgresEventStore } from '@daybook/postgres';
import { expect, it } from 'vitest';

import { onEveryServer } from './live.ts';
import { run } from './program.ts';
import { temporarySchema } from './schema-name.ts';
import { allEvents, expectWhole } from './whole-log.ts';

onEveryServer('several processes on one database', ({ url }) => {
  it('ten processes that start at once on an empty database make one store', async () => {
    const schema = temporarySchema(url);
    const programs = Array.from({ length: 10 }, () => run('open', [url, schema]));
    await Promise.all(programs.map(({ ended }) => ended));
    const said = programs.map(({ lines }) => lines[0]);
    expect([...new Set(said)]).toEqual([said[0]]);
    expect(said[0]).toMatch(/^[0-9a-f-]{36}$/);
  }, 60_000);

  it('G4 G5: a reader in another process sees each position once and in order while four write', async () => {
    const schema = temporarySchema(url);
    const reader = run('follow', [url, schema, '1600']);
    await reader.said(1);
    const writers = ['a', 'b', 'c', 'd'].map((name) => run('append', [url, schema, name, '200']));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    expect(await reader.ended).toBe(0);
    const positions: unknown = JSON.parse(reader.lines[1] ?? '');
    expect(positions).toEqual(Array.from({ length: 1_600 }, (_, position) => position));
    const store = await postgresEventStore(url, { schema });
    const events = await allEvents(store);
    expect(events).toHaveLength(1_600);
    expectWhole(events);
    await store.close();
  }, 60_000);

  it('G1 G2: what writers acknowledged before they were killed is there, and appends are whole', async () => {
    const schema = temporarySchema(url);
    const acknowledged: string[] = [];
    for (const round of [0, 1, 2]) {
      const writer = run('append', [url, schema, `round${round}`, '1000000']);
      await writer.said(50 + round * 37);
      writer.process.kill('SIGKILL');
      expect(await writer.ended).toBe('SIGKILL');
      acknowledged.push(...writer.lines);
    }
    const store = await postgresEventStore(url, { schema });
    const events = await allEvents(store);
    expectWhole(events);
    const found = new Set(events.map(({ id }) => id));
    expect(acknowledged.filter((id) => !found.has(`${id}.0`) || !found.has(`${id}.1`))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(50 + 87 + 124);
    await store.close();
  }, 60_000);

  it('L10: an append of another process wakes whoever listens', async () => {
    const schema = temporarySchema(url);
    const store = await postgresEventStore(url, { schema });
    const woken = new Promise<string>((resolve) => {
      store.onAppended(resolve);
    });
    const writer = run('append', [url, schema, 'a', '1']);
    expect(await woken).toBe('main');
    expect((await store.head()).position).toBe(1);
    expect(await writer.ended).toBe(0);
    await store.close();
  }, 60_000);
});
