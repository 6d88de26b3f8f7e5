/** Makes a schema, or lifts it to this version; any number of processes may do so at once. */
import { IncompatibleStoreError } from '@daybook/core';

import { statement, type Connection } from './connection.ts';
import { quotedSchema, SCHEMA_STEPS, versionSql } from './schema.ts';

/** What is known of a schema once it is there. */
export interface SchemaFacts {
  readonly epoch: string;
  /** The number of the default log. */
  readonly mainLog: number;
  /** By which the processes on it wake one another. */
  readonly channel: string;
}

/** @throws {@link IncompatibleStoreError} the server, or what is in the schema, cannot be used. */
export async function openSchema(connection: Connection, schema: string): Promise<SchemaFacts> {
  await checkServer(connection);
  const s = quotedSchema(schema);
  if ((await versionOf(connection, schema)) !== SCHEMA_STEPS.length) {
    await connection.transaction('BEGIN', () => lift(connection, schema));
  }
  const facts = await connection.first<readonly [epoch: string, main: string, oid: string]>(
    statement(`
      SELECT (SELECT value FROM ${s}.meta WHERE name = 'epoch'),
        (SELECT log FROM ${s}.logs WHERE name = 'main'), '${s}.events'::regclass::oid`),
  );
  if (facts === undefined) throw new TypeError('The facts of the schema did not come');
  return { epoch: facts[0], mainLog: Number(facts[1]), channel: `daybook_${facts[2]}` };
}

async function checkServer(connection: Connection): Promise<void> {
  const [version = '', encoding = ''] =
    (await connection.first<readonly [string, string]>(SERVER)) ?? [];
  if (Number(version) < OLDEST_VERSION) {
    throw new IncompatibleStoreError(
      `This PostgreSQL has version number ${version}; the store needs 14 or newer. Upgrade the server.`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new IncompatibleStoreError(
      `The database is encoded in ${encoding}; events are UTF-8. Create one with ENCODING 'UTF8'.`,
    );
  }
}

/** 0 where there is no store in the schema. */
async function versionOf(connection: Connection, schema: string): Promise<number> {
  const s = quotedSchema(schema);
  if ((await connection.rows(META_THERE, [schema])).length === 0) return 0;
  const row = await connection.first<readonly [string]>(
    statement(`SELECT value FROM ${s}.meta WHERE name = 'version'`),
  );
  const version = Number(row?.[0] ?? 0);
  if (version <= SCHEMA_STEPS.length) return version;
  throw new IncompatibleStoreError(
    `The schema "${schema}" has version ${version}; this Daybook knows versions up to ${SCHEMA_STEPS.length}. Use the newer Daybook that made it.`,
  );
}

async function lift(connection: Connection, schema: string): Promise<void> {
  const s = quotedSchema(schema);
  await connection.rows(LOCK, [`daybook:${schema}`]);
  // Under the lock once more: another process may have been first.
  const version = await versionOf(connection, schema);
  if (version === SCHEMA_STEPS.length) return;
  const there = await connection.rows(SCHEMA_THERE, [schema]);
  if (there.length === 0) await connection.run(`CREATE SCHEMA ${s}`);
  for (const step of SCHEMA_STEPS.slice(version)) await connection.run(step(s));
  await connection.run(versionSql(s));
}

const OLDEST_VERSION = 140_000;
const SERVER = statement(
  "SELECT current_setting('server_version_num'), current_setting('server_encoding')",
);
// Not `to_regclass`: it answers from a cache, which waiting for an advisory lock does not refresh.
const META_THERE = statement(
  "SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 AND relname = 'meta'",
);
const SCHEMA_THERE = statement('SELECT 1 FROM pg_namespace WHERE nspname = $1');
const LOCK = statement('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text');
