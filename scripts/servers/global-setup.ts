/**
 * Starts the real servers that the chosen tests want, once for each run, and hands them to the tests by `inject`.
 *
 * Tests that want one end in `.live.test.ts`; where none of them is chosen, nothing is started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { findPostgres, POSTGRES_MAJORS } from './postgres-binary.ts';
import { askVersion, startPostgres, type PostgresServer } from './postgres.ts';
import { readWaivers, report, type ServerState } from './report.ts';

/** A server that tests may use; each test has a schema of its own in it. */
export interface PostgresTarget {
  /** Such as `PostgreSQL 18.4`. */
  readonly name: string;
  readonly url: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly postgres: readonly PostgresTarget[];
    /** Why there is none of them; empty where there is one. */
    readonly postgresMissing: string;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const chosen = await project.globTestFiles(filtersOf(project));
  if (!chosen.testFiles.some((file) => file.endsWith('.live.test.ts'))) {
    provide(project, [], []);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'daybook-servers-'));
  const started: PostgresServer[] = [];
  const results = await begin(folder, started);
  const states = results.map(({ state }) => state);
  provide(
    project,
    results.flatMap(({ target }) => (target === undefined ? [] : [target])),
    states,
  );
  const { lines, missing } = report(states, readWaivers(), new Date().toISOString().slice(0, 10));
  for (const line of lines) console.log(line);
  return async () => {
    await Promise.all(started.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
    for (const line of lines) console.log(line);
    if (process.env['CI'] === 'true' && missing.length > 0) {
      throw new Error(
        `Without ${missing.join(', ')} this run has not tested what it should. Install what is missing, or waive it in .ci/waivers.json until a day.`,
      );
    }
  };
}

/** The names that the run was asked for; vitest has them, but does not say so in its types. */
function filtersOf({ vitest }: TestProject): string[] | undefined {
  const filters: unknown = Reflect.get(vitest, 'filenamePattern');
  return Array.isArray(filters) ? filters.map(String) : undefined;
}

interface Begun {
  readonly state: ServerState;
  readonly target: PostgresTarget | undefined;
}

async function begin(folder: string, started: PostgresServer[]): Promise<readonly Begun[]> {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url !== undefined && url !== '') return [await given(url)];
  return Promise.all(
    POSTGRES_MAJORS.map(async (major) => {
      const server = `postgres ${major}`;
      const binary = findPostgres(major);
      if (binary === undefined) {
        const why = `npm brought no server for ${process.platform}-${process.arch}, none is installed, and TEST_POSTGRES_URL is not set`;
        return { state: { server, found: undefined, why }, target: undefined };
      }
      try {
        const running = await startPostgres(binary, { folder, settings: ['max_connections=300'] });
        started.push(running);
        const found = `${running.version}, ${binary.from === 'npm' ? 'from npm' : binary.folder}`;
        const target = { name: `PostgreSQL ${running.version}`, url: running.url };
        return { state: { server, found, why: '' }, target };
      } catch (error) {
        return { state: { server, found: undefined, why: String(error) }, target: undefined };
      }
    }),
  );
}

async function given(url: string): Promise<Begun> {
  const version = await askVersion(url);
  const server = 'postgres';
  return version === undefined
    ? {
        state: { server, found: undefined, why: 'TEST_POSTGRES_URL does not answer' },
        target: undefined,
      }
    : {
        state: { server, found: `${version}, TEST_POSTGRES_URL`, why: '' },
        target: { name: `PostgreSQL ${version}`, url },
      };
}

function provide(
  project: TestProject,
  targets: readonly PostgresTarget[],
  states: readonly ServerState[],
): void {
  project.provide('postgres', targets);
  const why = states.map(({ server, why: reason }) => `${server}: ${reason}`).join('; ');
  project.provide('postgresMissing', targets.length > 0 ? '' : why);
}
