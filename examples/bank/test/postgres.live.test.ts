/** The bank on PostgreSQL, as `npm start -- --store postgres` runs it. */
import { chmodSync } from 'node:fs';

import { Client } from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';

import type { PostgresTarget } from '../../../scripts/servers/global-setup.ts';
import {
  startServer,
  temporaryFolder,
  type ServerProcess,
  type ServerProcessOptions,
} from './server-process.ts';

const PROCESS_MS_MAX = 60_000;
const flags = ['--store', 'postgres'];

describe('the bank on PostgreSQL', { timeout: PROCESS_MS_MAX }, () => {
  test('keeps what it said in the server that it started, also after a kill', async (context) => {
    const why = inject('postgresMissing');
    context.skip(why !== '', why);
    using folder = temporaryFolder();
    // Root may not run the server, and whoever does must get in.
    chmodSync(folder.path, 0o755);
    const first = await started({ dataDir: folder.path, flags });
    const token = await deposit(first);
    expect(await balanceOf(first, token)).toBe(5_000);
    await first.stop('SIGKILL');

    const second = await started({ dataDir: folder.path, flags });
    expect(await balanceOf(second, token)).toBe(5_000);
    expect(await second.stop('SIGTERM')).toBe(0);

    const third = await started({ dataDir: folder.path, flags });
    expect(await balanceOf(third, token)).toBe(5_000);
    expect(await third.stop('SIGTERM')).toBe(0);
  });

  test('is the same bank over DATABASE_URL, with the ledger in it, for two servers at once', async (context) => {
    const why = inject('postgresMissing');
    context.skip(why !== '', why);
    using folder = temporaryFolder();
    const environment = { DATABASE_URL: await temporaryDatabase(inject('postgres')) };
    const options = { dataDir: folder.path, flags: [...flags, '--demo'], environment };
    const first = await started(options);
    const second = await started(options);
    const token = await deposit(first);
    expect(await balanceOf(second, token)).toBe(5_000);
    const checking = 'Assets:US:BofA:Checking';
    expect(await balanceOf(second, token, checking)).toBe(await balanceOf(first, token, checking));
    expect(await balanceOf(first, token, checking)).toBeTypeOf('number');
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(await second.stop('SIGTERM')).toBe(0);
  });
});

/** Also ended where its test fails. */
async function started(options: ServerProcessOptions): Promise<ServerProcess> {
  const server = await startServer(options);
  onTestFinished(() => void server.child.kill('SIGKILL'));
  return server;
}

/** Opens acc-1 with 50.00; gives the token. */
async function deposit({ url }: ServerProcess): Promise<string> {
  await post(`${url}/commands/account/acc-1/OpenAccount`, { owner: 'Ada' });
  return post(`${url}/commands/account/acc-1/DepositMoney`, { cents: 5_000 });
}

async function post(url: string, body: object): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return String(Reflect.get(Object(answer), 'token'));
}

/** Waits until the read model is there, and has seen the token. */
async function balanceOf({ url }: ServerProcess, token: string, id = 'acc-1'): Promise<unknown> {
  for (;;) {
    const response = await fetch(`${url}/queries/balances/balanceOf?id=${id}`, {
      headers: { 'consistency-token': token },
    });
    const answer: unknown = await response.json();
    if (response.ok)
      return Reflect.get(Object(Reflect.get(Object(answer), 'data')), 'balanceCents');
    if (response.status !== 503) throw new Error(JSON.stringify(answer));
  }
}

/** A database that is gone when its test is. */
async function temporaryDatabase([target]: readonly PostgresTarget[]): Promise<string> {
  const url = new URL(target?.url ?? '');
  const name = `bank_${process.pid}_${Date.now()}`;
  const run = async (text: string): Promise<void> => {
    const client = new Client(url.href);
    await client.connect();
    await client.query(text);
    await client.end();
  };
  await run(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  onTestFinished(() => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}
