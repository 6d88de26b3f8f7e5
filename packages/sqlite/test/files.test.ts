import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { sqlite, sqliteEventStore, sqliteReadModelStore } from '@daybook/sqlite';
import { describe, expect, it } from 'vitest';

import { checkNode, checkSqlite } from '../src/platform-check.ts';
import { run } from './program.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('files that cannot be used', () => {
  it('says of a file that is no database what it is, and leaves it alone', async () => {
    const path = join(temporaryDirectory(), 'notes.txt');
    writeFileSync(path, 'Dear diary. '.repeat(1_000));
    const before = readFileSync(path);
    const error = { code: 'incompatible-store', message: expect.stringContaining('is no SQLite') };
    await expect(sqliteEventStore(path)).rejects.toMatchObject(error);
    await expect(sqliteReadModelStore(path)).rejects.toMatchObject(error);
    expect(readFileSync(path)).toEqual(before);
  });

  it('leaves another program’s database alone', async () => {
    const path = join(temporaryDirectory(), 'other.db');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE recipes (name TEXT)');
    other.close();
    const before = readFileSync(path);
    await expect(sqliteEventStore(path)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('something else'),
    });
    expect(readFileSync(path)).toEqual(before);
  });

  it('takes neither of its two files for the other', async () => {
    const path = join(temporaryDirectory(), 'read.db');
    await (await sqliteReadModelStore(path)).close();
    await expect(sqliteEventStore(path)).rejects.toMatchObject({ code: 'incompatible-store' });
  });

  it('does not touch a file of a newer schema', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    await (await sqliteEventStore(path)).close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(sqliteEventStore(path)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/schema version 99.*newer Daybook/),
    });
  });

  it('says that a directory is missing, or that the path is one', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'folder'));
    await expect(sqliteEventStore(join(directory, 'missing', 'log.db'))).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('does not exist. Create it'),
    });
    await expect(sqliteEventStore(join(directory, 'folder'))).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('is a directory'),
    });
  });

  it.skipIf(process.platform === 'win32')('says that a file is read-only', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'log.db');
    await (await sqliteEventStore(path)).close();
    chmodSync(path, 0o444);
    chmodSync(directory, 0o555);
    // Root may write everything, so it asks as nobody.
    const program = run('open', [path], process.getuid?.() === 0 ? 65_534 : undefined);
    await program.ended;
    chmodSync(directory, 0o755);
    expect(program.lines[0]).toMatch(/^incompatible-store: .*read-only for this user/);
  });

  it('G9: refuses an append for which the file’s bound leaves no room, and goes on', async () => {
    const path = join(temporaryDirectory(), 'log.db');
    const store = await sqliteEventStore(path, { fileBytesMax: 200_000 });
    const append = async (index: number, length: number): Promise<unknown> =>
      store.append({
        id: `a${index}`,
        streams: [
          {
            stream: 'account-1',
            expected: 'any',
            events: [
              {
                id: `e${index}`,
                type: 'Moved',
                schemaVersion: 1,
                data: 'x'.repeat(length),
                metadata: {},
              },
            ],
          },
        ],
      });
    await append(0, 10);
    await expect(append(1, 300_000)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('no room'),
    });
    expect((await store.head()).position).toBe(0);
    // In one group: the one that does not fit fails alone.
    const [small, large] = await Promise.allSettled([append(2, 10), append(3, 300_000)]);
    expect([small?.status, large?.status]).toEqual(['fulfilled', 'rejected']);
    expect((await store.head()).position).toBe(1);
    await store.close();
  });

  it('closes what it opened when the other file cannot be opened', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'bank.db');
    writeFileSync(join(directory, 'bank.read.db'), 'no database at all, but long enough');
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: 'incompatible-store' });
  });

  it.each(['22.23.0', '22.30.1', '24.15.0', '26.0.0'])('takes Node %s', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['20.20.2', '22.22.9', '23.11.0', '24.14.1'])('refuses Node %s', (version) => {
    expect(() => checkNode(version)).toThrow(/Use Node 24\.15/);
  });

  it.each(['3.44.6', '3.50.7', '3.51.3', '3.53.4', '4.0.0'])('takes SQLite %s', (version) => {
    expect(() => checkSqlite(version)).not.toThrow();
  });

  it.each(['3.44.5', '3.45.9', '3.50.6', '3.51.2'])('refuses SQLite %s', (version) => {
    expect(() => checkSqlite(version)).toThrow(/WAL-reset bug/);
  });
});
