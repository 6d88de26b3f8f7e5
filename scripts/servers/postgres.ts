/** A private PostgreSQL server: begun in a folder of its own on a free loopback port, and ended with whoever began it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from 'pg';

import { serverUser, usableFolder, type PostgresBinary } from './postgres-binary.ts';

export interface PostgresOptions {
  /** The folder of the data; what is in it is used again. */
  readonly folder: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Settings beside those that every one has, such as `max_connections=200`. */
  readonly settings?: readonly string[];
}

export class PostgresServer {
  readonly url: string;
  /** As the server tells it, such as `18.4`. */
  readonly version: string;
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #killAtExit: () => void;
  /** Ends the server when this process is killed: its input ends then. */
  readonly #guard: ChildProcess | undefined;

  constructor(url: string, version: string, port: number, process: ChildProcess) {
    this.url = url;
    this.version = version;
    this.port = port;
    this.#process = process;
    this.#killAtExit = () => void process.kill('SIGQUIT');
    globalThis.process.once('exit', this.#killAtExit);
    this.#guard = guard(process.pid);
  }

  /** Ends as a server that is shut down in order: connections are cut, everything is on the disk. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends as on a power cut: every process of the server at once. */
  async kill(): Promise<void> {
    const { pid } = this.#process;
    const children = pid === undefined ? [] : childrenOf(pid);
    const ended = this.#end('SIGKILL');
    for (const child of children) killQuietly(child);
    await ended;
    // The next one may begin only when the last process has let go of the shared memory.
    for (const child of children) await gone(child);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    globalThis.process.off('exit', this.#killAtExit);
    if (hasEnded(this.#process)) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    const late = setTimeout(() => this.#process.kill('SIGQUIT'), STOP_MS_MAX);
    await ended;
    clearTimeout(late);
    this.#guard?.kill('SIGKILL');
  }
}

function guard(pid: number | undefined): ChildProcess | undefined {
  if (process.platform === 'win32' || pid === undefined) return undefined;
  const child = spawn('/bin/sh', ['-c', 'cat > /dev/null; kill -INT "$0"', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  // A pipe to a child is a socket here, though its type does not say so.
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}

/** @throws when the server does not answer within {@link START_MS_MAX}; its own words are in the message. */
export async function startPostgres(
  binary: PostgresBinary,
  { folder, port, settings = [] }: PostgresOptions,
): Promise<PostgresServer> {
  const bin = usableFolder(binary);
  const data = join(folder, `data-${binary.major}`);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(bin, folder, data);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(bin, data, port ?? (await freePort()), settings);
    } catch (error) {
      // The port was taken between asking and binding, or a killed server has not let go yet.
      if (attempt === START_ATTEMPTS) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 200 * attempt);
      });
    }
  }
}

async function initialise(bin: string, folder: string, data: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { uid, gid } = serverUser();
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) {
    chownSync(data, uid, gid);
    chmodSync(folder, 0o711);
  }
  await promisify(execFile)(
    join(bin, 'initdb'),
    ['-D', data, '-U', USER, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...serverUser(), cwd: data },
  );
}

async function startOn(
  bin: string,
  data: string,
  port: number,
  settings: readonly string[],
): Promise<PostgresServer> {
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on', ...settings];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])],
    { ...serverUser(), cwd: data, stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const words: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (words.length < WORDS_MAX) words.push(text);
  });
  child.once('error', (error) => words.push(error.message));
  const url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  const until = Date.now() + START_MS_MAX;
  for (;;) {
    const version = await askVersion(url);
    if (version !== undefined) return new PostgresServer(url, version, port, child);
    if (hasEnded(child) || Date.now() > until) {
      child.kill('SIGQUIT');
      throw new Error(`PostgreSQL in ${data} did not start: ${words.join('')}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** A real request; undefined while there is no answer. */
export async function askVersion(url: string): Promise<string | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // An error after the connection ended is of no use to anybody.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>(
      "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
    );
    return rows[0]?.version;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port');
  return address.port;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Each of a server's processes leads a group of its own, so they are found by their parent; Linux only. */
function childrenOf(parent: number): readonly number[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    // The second field, a name in parentheses, may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function gone(pid: number): Promise<void> {
  for (let turn = 0; turn < 500 && existsSync(`/proc/${pid}/stat`); turn += 1) {
    if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

const USER = 'daybook';
const START_MS_MAX = 60_000;
const START_ATTEMPTS = 5;
const STOP_MS_MAX = 10_000;
const WORDS_MAX = 200;
