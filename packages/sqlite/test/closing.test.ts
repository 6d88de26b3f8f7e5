import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { sqliteEventStore, sqliteReadModelStore } from '@daybook/sqlite';
import { describe, expect, it } from 'vitest';

import { run } from './program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('closing', () => {
  it('leaves nothing that keeps the process alive, and no WAL', async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    const program = run('open-and-close', [path]);
    expect(await program.ended).toBe(0);
    const left: unknown = JSON.parse(program.lines[0] ?? '');
    // The pipe to this test is its own.
    expect(Array.isArray(left) ? left.filter((name) => name !== 'PipeWrap') : left).toEqual([]);
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(path.replace('.db', '.read.db'))).toBe(true);
  }, 30_000);

  it('is not needed for a process to exit', async () => {
    const program = run('exit-while-open', [join(temporaryDirectory(), 'bank.db')]);
    expect(await program.ended).toBe(0);
    expect(program.lines).toEqual(['open']);
  }, 30_000);

  it('finishes the appends that were accepted', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const store = await sqliteEventStore(path);
    const appends = Array.from({ length: 3_000 }, (_, index) =>
      store.append({
        id: `a${index}`,
        streams: [
          {
            stream: `account-${index}`,
            expected: 'no-stream',
            events: [{ id: `e${index}`, type: 'Moved', schemaVersion: 1, data: {}, metadata: {} }],
          },
        ],
      }),
    );
    await Promise.all([store.close(), ...appends]);
    const again = await sqliteEventStore(path);
    expect((await again.head()).position).toBe(2_999);
    await again.close();
  });

  it('refuses views that come after it and lets running ones end', async () => {
    const store = await sqliteReadModelStore(join(temporaryDirectory(), 'read.db'));
    const ref = await store.create({
      readModel: 'balances',
      version: 1,
      fingerprint: 'x',
      indexes: [],
    });
    let closing: Promise<void> | undefined;
    const view = await store.view(ref, async (rows) => {
      closing = store.close();
      return rows.get(['a']);
    });
    expect(view.value).toEqual([undefined]);
    await closing;
    await expect(store.view(ref, (rows) => rows.get(['a']))).rejects.toMatchObject({
      code: 'closed',
    });
  });
});
