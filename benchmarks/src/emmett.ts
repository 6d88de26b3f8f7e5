/**
 * Emmett on SQLite, a peer: installed on demand outside of the workspace, described by the few functions that we call.
 *
 * Its default set-up is measured: a connection for each operation, `synchronous=FULL` (the driver's default in WAL).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PEERS } from './scratch.ts';

export interface EmmettEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: unknown;
}

export interface EmmettStore {
  appendToStream(
    stream: string,
    events: readonly EmmettEvent[],
    options?: { readonly expectedStreamVersion?: bigint },
  ): Promise<{ readonly nextExpectedStreamVersion: bigint }>;
  aggregateStream<State>(
    stream: string,
    options: {
      readonly evolve: (state: State, event: EmmettEvent) => State;
      readonly initialState: () => State;
    },
  ): Promise<{ readonly state: State }>;
  consumer(options?: { readonly pulling?: { readonly batchSize?: number } }): EmmettConsumer;
}

interface EmmettConsumer {
  processor(options: {
    readonly processorId: string;
    readonly stopAfter: (event: EmmettEvent & { readonly metadata: EmmettPlace }) => boolean;
    readonly connectionOptions: { readonly fileName: string };
    readonly eachMessage: (
      event: EmmettEvent & { readonly metadata: EmmettPlace },
      context: { readonly connection: EmmettConnection },
    ) => Promise<void>;
  }): unknown;
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface EmmettPlace {
  readonly streamName: string;
  readonly globalPosition: bigint;
}

export interface EmmettConnection {
  command(sql: string, values?: readonly unknown[]): Promise<unknown>;
  close(): void;
}

export interface Emmett {
  getSQLiteEventStore(options: {
    readonly fileName: string;
    readonly schema: { readonly autoMigration: 'CreateOrUpdate' };
  }): EmmettStore;
  sqliteConnection(options: { readonly fileName: string }): EmmettConnection;
}

/** The peer, or the reason why it is not here. */
export async function emmett(): Promise<Emmett | { readonly reason: string }> {
  const reason = install();
  if (reason !== undefined) return { reason };
  try {
    const entry = join(
      PEERS,
      'node_modules',
      '@event-driven-io',
      'emmett-sqlite',
      'dist',
      'index.js',
    );
    return (await import(pathToFileURL(entry).href)) as Emmett;
  } catch (error) {
    return {
      reason: `it does not load: ${error instanceof Error ? firstLine(error.message) : 'unknown'}`,
    };
  }
}

/**
 * Its store in a new file, which is in WAL mode already: on each of its connections Emmett switches to WAL without waiting
 * for it, and where the first transaction is quicker the whole process ends by an error that nobody can catch.
 */
export function newEmmettStore(peer: Emmett, fileName: string): EmmettStore {
  const database = new DatabaseSync(fileName);
  database.exec('PRAGMA journal_mode=WAL');
  database.close();
  return peer.getSQLiteEventStore({ fileName, schema: { autoMigration: 'CreateOrUpdate' } });
}

/**
 * Appends, again where SQLite was busy: on a loaded machine a COMMIT may come before that switch has ended, even where
 * it changes nothing. Such a transaction was rolled back.
 */
export async function appendPatiently(
  store: EmmettStore,
  ...append: Parameters<EmmettStore['appendToStream']>
): Promise<void> {
  for (let left = ATTEMPTS_MAX; ; left -= 1) {
    try {
      await store.appendToStream(...append);
      return;
    } catch (error) {
      if (left === 1 || !isBusy(error)) throw error;
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}

export function isThere(peer: Emmett | { readonly reason: string }): peer is Emmett {
  return !('reason' in peer);
}

function install(): string | undefined {
  const done = join(PEERS, 'installed.json');
  if (existsSync(done)) return undefined;
  process.stderr.write('installing Emmett (its SQLite driver is compiled, about 80 s) … ');
  mkdirSync(PEERS, { recursive: true });
  const manifest = { name: 'daybook-benchmark-peers', private: true, dependencies: VERSIONS };
  writeFileSync(join(PEERS, 'package.json'), JSON.stringify(manifest));
  const options = [
    '--legacy-peer-deps',
    '--no-audit',
    '--no-fund',
    '--no-workspaces',
    '--prefix',
    PEERS,
  ];
  const { status, stderr } = spawnSync('npm', ['install', ...options], {
    cwd: PEERS,
    encoding: 'utf8',
    timeout: INSTALL_MS_MAX,
    shell: process.platform === 'win32',
  });
  process.stderr.write(status === 0 ? 'done\n' : 'failed\n');
  if (status !== 0) {
    const error = (stderr ?? '').split('\n').find((line) => line.includes('error'));
    return `npm could not install it (${firstLine(error ?? 'no answer in time')})`;
  }
  writeFileSync(done, JSON.stringify(VERSIONS));
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 200) ?? '';
}

/** It forgets to declare `uuid` and `async-retry`, and asks for an Emmett of its own number that does not exist. */
const VERSIONS = {
  '@event-driven-io/emmett': '0.42.0',
  '@event-driven-io/emmett-sqlite': '0.42.4',
  'async-retry': '1.3.3',
  sqlite3: '5.1.7',
  uuid: '14.0.3',
};

const ATTEMPTS_MAX = 20;
const INSTALL_MS_MAX = 300_000;
