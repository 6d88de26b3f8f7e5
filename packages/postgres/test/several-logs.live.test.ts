/** L1, L7, T1: logs by name, each with positions, conditions and ids of its own. */
import type { EventStore } from '@daybook/core';
import { postgresEventStore } from '@daybook/postgres';
import { expect, it, onTestFinished } from 'vitest';

import { onEveryServer } from './live.ts';
import { oneAppend } from './one-append.ts';
import { temporarySchema } from './schema-name.ts';
import { allEvents, expectWhole } from './whole-log.ts';

onEveryServer('several logs', ({ url }) => {
  it('L1: each log has dense positions and streams of its own, and sees nothing of the others', async () => {
    const store = await opened(url);
    const logs = ['main', 'tenant-a', 'tenant-b', '__proto__', "x'; --"];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        logs.map((log) => store.append({ ...oneAppend(`a${index}`), log })),
      ).flat(),
    );
    expect(await store.logs()).toEqual(logs.toSorted());
    for (const log of logs) {
      const events = await allEvents(store, log);
      expect(events).toHaveLength(20);
      expectWhole(events);
      expect(new Set(events.map((event) => event.log))).toEqual(new Set([log]));
      expect((await store.outcomeOf('a3', log))?.log).toBe(log);
    }
  });

  it('L1: a log that nobody appended to is empty, and reading it makes none', async () => {
    const store = await opened(url);
    expect(await store.head('tenant-a')).toEqual({ position: -1, mark: '' });
    expect((await store.read({ log: 'tenant-a' })).events).toEqual([]);
    expect((await store.readStream('account-a', { log: 'tenant-a' })).revision).toBe(-1);
    expect(await store.placeAt(0, 'tenant-a')).toBeUndefined();
    expect(await store.outcomeOf('a', 'tenant-a')).toBeUndefined();
    expect(await store.readOutcomes({ log: 'tenant-a' })).toEqual({ outcomes: [], next: null });
    expect(await store.pruneOutcomes(Date.now(), 'tenant-a')).toBe(0);
    expect((await store.positionAt(1, 'tenant-a')).position).toBe(-1);
    expect(await store.logs()).toEqual(['main']);
  });

  it('L7: a condition looks at its own log only', async () => {
    const store = await opened(url);
    const condition = { query: { items: [{ types: ['Moved'] }] }, after: -1 };
    await store.append({ ...oneAppend('a'), log: 'tenant-a' });
    await store.append({ ...oneAppend('b'), log: 'tenant-b', condition });
    await expect(
      store.append({ ...oneAppend('c'), log: 'tenant-a', condition }),
    ).rejects.toMatchObject({ code: 'condition-failed' });
  });

  it('L10: a listener is told which log was appended to, by another opening too', async () => {
    const schema = temporarySchema(url);
    const store = await opened(url, schema);
    const other = await opened(url, schema);
    const heard = new Set<string>();
    const all = new Promise<void>((resolve) => {
      store.onAppended((log) => {
        heard.add(log);
        if (heard.size === 2) resolve();
      });
    });
    await other.append({ ...oneAppend('a'), log: 'tenant-a' });
    await other.append({ ...oneAppend('a'), log: 'tenant-b' });
    await all;
    expect([...heard].toSorted()).toEqual(['tenant-a', 'tenant-b']);
  });

  it('refuses names that are no ids', async () => {
    const store = await opened(url);
    for (const log of ['', '..', 'a\u0000b', 'x'.repeat(257)]) {
      await expect(store.append({ ...oneAppend('a'), log })).rejects.toMatchObject({
        code: 'invalid-message',
      });
    }
  });
});

async function opened(url: string, schema = temporarySchema(url)): Promise<EventStore> {
  const store = await postgresEventStore(url, { schema, logs: 'several' });
  onTestFinished(() => store.close());
  return store;
}
