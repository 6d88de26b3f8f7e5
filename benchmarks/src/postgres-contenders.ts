/** The ways to append on PostgreSQL that are compared; each round in a schema of its own, dropped after it. */
import { randomUUID } from 'node:crypto';
import { postgresEventStore } from '@daybook/postgres';
import { Client } from 'pg';
import { appendOurs, rawAppend } from './append-contenders.ts';
import { underLoad } from './pending.ts';
import { isQuick } from './question.ts';
import { timed, type Contender, type Sample } from './sample.ts';

/** Ours, in the library's own default set-up. */
export function oursOnPostgres(url: string, pending: number): Contender {
  return {
    name: `Daybook, ${pending} pending`,
    run: () =>
      withSchema(url, async (schema) => {
        const events = await postgresEventStore(url, { schema });
        try {
          return await loaded(pending, (caller, turn) => appendOurs(events, caller, turn));
        } finally {
          await events.close();
        }
      }),
  };
}

/** One `INSERT` after another, planned once. */
export function preparedInsert(url: string): Contender {
  return {
    name: 'raw prepared insert',
    run: () =>
      withTable(url, (client, table) => {
        let position = 0;
        return loaded(1, async (caller, turn) => {
          const { stream, revision, type, data, metadata } = rawAppend(caller, turn);
          await client.query({
            name: 'insert',
            text: `INSERT INTO ${table} VALUES ($1, $2, $3, $4, $5, $6)`,
            values: [
              position,
              stream,
              revision,
              type,
              JSON.stringify(data),
              JSON.stringify(metadata),
            ],
          });
          position += 1;
        });
      }),
  };
}

/** 500 events in each statement, all known beforehand: nobody waits for an answer of their own. */
export function bulkInsert(url: string): Contender {
  return {
    name: 'raw bulk of 500, one connection',
    run: () =>
      withTable(url, (client, table) =>
        timed(async () => {
          const end = performance.now() + LOAD_MS;
          let turn = 0;
          while (performance.now() < end) {
            const from = turn * BULK;
            const appends = Array.from({ length: BULK }, (_, index) => rawAppend(index, turn));
            await client.query({
              name: 'bulk',
              text: `INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::json[], $6::json[])`,
              values: [
                appends.map((_, index) => from + index),
                appends.map(({ stream }) => stream),
                appends.map(({ revision }) => revision),
                appends.map(({ type }) => type),
                appends.map(({ data }) => JSON.stringify(data)),
                appends.map(({ metadata }) => JSON.stringify(metadata)),
              ],
            });
            turn += 1;
          }
          return turn * BULK;
        }),
      ),
  };
}

function withTable(
  url: string,
  work: (client: Client, table: string) => Promise<Sample>,
): Promise<Sample> {
  return withSchema(url, async (schema) => {
    const client = new Client(url);
    await client.connect();
    try {
      await client.query(`
        CREATE SCHEMA ${schema};
        CREATE TABLE ${schema}.events (
          position bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, revision bigint NOT NULL, type text NOT NULL,
          data json NOT NULL, metadata json NOT NULL, UNIQUE (stream, revision))`);
      return await work(client, `${schema}.events`);
    } finally {
      await client.end();
    }
  });
}

async function withSchema(url: string, work: (schema: string) => Promise<Sample>): Promise<Sample> {
  const schema = `bench_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  try {
    return await work(schema);
  } finally {
    const client = new Client(url);
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  }
}

async function loaded(
  pending: number,
  append: (caller: number, turn: number) => Promise<void>,
): Promise<Sample> {
  await underLoad({
    pending,
    forMs: WARM_UP_MS,
    append: (caller, turn) => append(pending + caller, turn),
  });
  return underLoad({ pending, forMs: LOAD_MS, append });
}

const WARM_UP_MS = 200;
const LOAD_MS = isQuick ? 300 : 500;
const BULK = 500;
