/** Where the bank is kept: two files, a PostgreSQL that is there, or one that is started for it. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { StoreAdapter } from '@daybook/core';
import { postgres } from '@daybook/postgres';
import { sqlite } from '@daybook/sqlite';

import type { ServerArguments } from './arguments.ts';

/** A store, and what ends with it. */
export interface Place extends AsyncDisposable {
  readonly store: StoreAdapter;
}

/** @throws with a sentence that says what is wrong with the place, and what to do. */
export async function openPlace({
  store,
  dataDir,
  databaseUrl,
}: Pick<ServerArguments, 'store' | 'dataDir' | 'databaseUrl'>): Promise<Place> {
  if (store === 'sqlite') {
    return lasting(sqlite(join(usableFolder(dataDir), 'bank.db')));
  }
  if (databaseUrl !== undefined) return lasting(postgres(databaseUrl));
  return startServer(usableFolder(dataDir));
}

/** Nothing of it ends with the bank. */
function lasting(store: StoreAdapter): Place {
  return { store, [Symbol.asyncDispose]: async () => undefined };
}

/** The servers of the tests, which only this repository has: whoever copies the bank has a DATABASE_URL. */
async function startServer(folder: string): Promise<Place> {
  const { findPostgres, POSTGRES_MAJORS } =
    await import('../../scripts/servers/postgres-binary.ts');
  const { startPostgres } = await import('../../scripts/servers/postgres.ts');
  const binary = findPostgres(POSTGRES_MAJORS[0] ?? '');
  if (binary === undefined) {
    throw new Error(
      `npm has no PostgreSQL for ${process.platform}-${process.arch}, and none is installed. Set DATABASE_URL to one of your own.`,
    );
  }
  const server = await startPostgres(binary, { folder: join(folder, 'postgres') });
  return {
    store: postgres(server.url),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** The folder, created and found writable. */
function usableFolder(dataDir: string): string {
  const folder = resolve(dataDir);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return folder;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The bank cannot keep its files in ${folder} (${why}). Set DATA_DIR to a folder that you may write to.`,
      { cause: error },
    );
  }
}
