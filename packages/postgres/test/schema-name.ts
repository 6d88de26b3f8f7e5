/** A schema that is gone when its test is. */
import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { onTestFinished } from 'vitest';

/** The name of a schema that does not exist yet. */
export function temporarySchema(url: string): string {
  const schema = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  onTestFinished(() =>
    runSql(url, `DROP SCHEMA IF EXISTS ${schema} CASCADE`).then(() => undefined),
  );
  return schema;
}

/** Rows of one statement over a connection of its own. */
export async function runSql(url: string, text: string): Promise<readonly unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    // An array where there are several statements.
    const result: unknown = await client.query(text);
    const rows: unknown = Reflect.get(Object(result), 'rows');
    return Array.isArray(rows) ? rows : [];
  } finally {
    await client.end();
  }
}
