/** A server that one test has to itself, to stop and kill as it likes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished, type TestContext } from 'vitest';

import { findPostgres, POSTGRES_MAJORS } from '../../../scripts/servers/postgres-binary.ts';
import { startPostgres, type PostgresServer } from '../../../scripts/servers/postgres.ts';

export class OwnServer {
  readonly #restart: (port?: number) => Promise<PostgresServer>;
  #server: PostgresServer;

  /** Of the newest version; the test is skipped where there is none. */
  static async start(context: TestContext): Promise<OwnServer> {
    const binary = findPostgres(POSTGRES_MAJORS[0] ?? '');
    if (binary === undefined) {
      return context.skip('npm brought no PostgreSQL for this platform, and none is installed');
    }
    const folder = mkdtempSync(join(tmpdir(), 'daybook-postgres-'));
    const restart = (port?: number): Promise<PostgresServer> =>
      startPostgres(binary, { folder, ...(port === undefined ? {} : { port }) });
    const server = new OwnServer(await restart(), restart);
    onTestFinished(async () => {
      await server.#server.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    return server;
  }

  private constructor(server: PostgresServer, restart: (port?: number) => Promise<PostgresServer>) {
    this.#server = server;
    this.#restart = restart;
  }

  get url(): string {
    return this.#server.url;
  }

  get port(): number {
    return this.#server.port;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async kill(): Promise<void> {
    await this.#server.kill();
  }

  /** On the same data and the same port. */
  async startAgain(): Promise<void> {
    this.#server = await this.#restart(this.#server.port);
  }
}
