// How fast are durable appends on PostgreSQL, alone and many at once?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findPostgres, POSTGRES_MAJORS } from '../scripts/servers/postgres-binary.ts';
import { startPostgres } from '../scripts/servers/postgres.ts';
import { bulkInsert, oursOnPostgres, preparedInsert } from './src/postgres-contenders.ts';
import { answer } from './src/question.ts';

const binary = findPostgres(POSTGRES_MAJORS[0] ?? '');
if (binary === undefined)
  throw new Error('There is no PostgreSQL here: npm has none for this platform');
const folder = mkdtempSync(join(tmpdir(), 'daybook-benchmark-'));
const server = await startPostgres(binary, { folder });

try {
  await answer({
    name: 'append-postgres',
    question: 'How fast are durable appends of one event on PostgreSQL, alone and many at once?',
    method: [
      `A private PostgreSQL ${server.version} over TCP on this machine, \`fsync\` and \`synchronous_commit\` on, otherwise as it comes. Closed load: each pending caller sends its next append when the one before was answered; 500 ms a round after 200 ms to warm up, each round in a new schema. One event of about 250 bytes of JSON, its stream revision expected. Ours are \`append\` of \`postgresEventStore(url)\`: every append has an id, which is looked up, a content hash, and an outcome row in the transaction of its event, and each event a mark of SHA-256.`,
      'By hand: `pg` on one connection, into a table with the same payload as `json`, a primary key on the position and a unique key on stream and revision, and nothing else: one prepared `INSERT` after another, and `INSERT … SELECT unnest(…)` of 500 events.',
    ],
    unit: 'append',
    rounds: 7,
    contenders: [
      oursOnPostgres(server.url, 1),
      preparedInsert(server.url),
      oursOnPostgres(server.url, 16),
      oursOnPostgres(server.url, 128),
      oursOnPostgres(server.url, 1_024),
      bulkInsert(server.url),
    ],
    targets: [
      {
        what: 'append, 1 pending',
        against: 'raw prepared insert',
        ours: 'Daybook, 1 pending',
        theirs: 'raw prepared insert',
        measure: 'rate',
        atLeast: 0.75,
        aim: 0.95,
      },
      {
        what: 'append, 1,024 pending',
        against: 'raw bulk of 500, one connection',
        ours: 'Daybook, 1024 pending',
        theirs: 'raw bulk of 500, one connection',
        measure: 'rate',
        atLeast: 0.7,
        aim: 1.2,
      },
      {
        what: 'what waiting together gains: 1,024 pending',
        against: 'Daybook, 1 pending',
        ours: 'Daybook, 1024 pending',
        theirs: 'Daybook, 1 pending',
        measure: 'rate',
      },
    ],
    remarks: ['Emmett on PostgreSQL is not among the contenders yet.'],
  });
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
