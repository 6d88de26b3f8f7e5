/** The SQLite store as `start` takes it: events in one file, read models in a second beside it. */
import { hash } from 'node:crypto';
import { extname } from 'node:path';

import { uuidV7, type StoreAdapter } from '@daybook/core';

import { clockOf } from './clock.ts';
import { sqliteEventStore, type SqliteEventStoreOptions } from './event-store.ts';
import { sqliteReadModelStore } from './read-model-store.ts';

export interface SqliteOptions extends SqliteEventStoreOptions {
  /** The file of the read models; default: beside the events, `bank.read.db` for `bank.db`. */
  readonly readModels?: string | undefined;
}

/**
 * A store in the SQLite file at `path` and, for its read models, in a second file. Files are created where they do not
 * exist; their directory must. Any number of processes of one machine may open them at once.
 *
 * The file of the read models can be deleted while nobody has it open: it is filled again from the log.
 */
export function sqlite(path: string, options: SqliteOptions = {}): StoreAdapter {
  return {
    async open() {
      const {
        readModels: readModelPath = readModelPathOf(path),
        limits: _,
        ...readModelOptions
      } = options;
      const [events, readModels] = await Promise.allSettled([
        sqliteEventStore(path, options),
        sqliteReadModelStore(readModelPath, readModelOptions),
      ]);
      if (events.status === 'fulfilled' && readModels.status === 'fulfilled') {
        const now = clockOf(options.clock);
        const platform = {
          now,
          newId: uuidV7(now),
          sha256: (text: string) => hash('sha256', text),
        };
        return { platform, events: events.value, readModels: readModels.value };
      }
      if (events.status === 'fulfilled') await events.value.close();
      if (readModels.status === 'fulfilled') await readModels.value.close();
      throw events.status === 'rejected' ? events.reason : Reflect.get(readModels, 'reason');
    },
  };
}

/** The file of the read models that belongs to a file of events. */
export function readModelPathOf(path: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.read${extension === '' ? '.db' : extension}`;
}
