// How fast is a read model filled from the log?
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sqlite } from '@daybook/sqlite';
import { bank } from './src/bank.ts';
import { caughtUp } from './src/caught-up.ts';
import type { EmmettEvent, EmmettPlace } from './src/emmett.ts';
import { filledLogs, type FilledEmmett, type FilledLogs } from './src/kept.ts';
import { answer, isQuick } from './src/question.ts';
import { openRaw } from './src/raw-log.ts';
import { timed, type Contender, type Sample } from './src/sample.ts';
import { withScratch } from './src/scratch.ts';

const ACCOUNTS = 10_000;
const EVENTS = isQuick ? 40_000 : 200_000;
const EMMETT_EVENTS = isQuick ? 600 : 2_000;
const PAGE = 1_000;
const ATTEMPTS_MAX = 10;

const BY_HAND_SCHEMA = `${schemaOf('balances')}; CREATE TABLE checkpoint (position INTEGER NOT NULL); INSERT INTO checkpoint VALUES (-1);`;

await withScratch(async (folder) => {
  const logs = await filledLogs(
    folder,
    // One movement after another, each of another account: a page holds hardly any row twice.
    { accounts: ACCOUNTS, movements: EVENTS - ACCOUNTS, movementsPerAppend: 1 },
    {
      accounts: EMMETT_EVENTS / 10,
      movements: (EMMETT_EVENTS * 9) / 10,
      movementsPerAppend: 1,
    },
  );
  const { emmett } = logs;
  try {
    await answer({
      name: 'projection-sqlite',
      question: 'How fast is a read model filled from the log, with its checkpoint?',
      method: [
        `${EVENTS} events of ${ACCOUNTS} accounts in turn into a table of balances, so that hardly a row is met twice in a page. Ours is an application with one read model, from the end of \`start\`, when its threads run and its files are open, until the read model has been switched to at the head of the log: events validated by their schemas, folded by pure functions on the main thread, rows as JSON with the position of their last event, checkpoint and fence in the same transaction, in a file of their own (\`synchronous=NORMAL\`).`,
        `By hand: pages of ${PAGE} read as arrays, \`JSON.parse\` of the data, one upsert for each event into columns, the checkpoint in the same transaction, a file of its own with \`synchronous=NORMAL\`, all on the main thread; no validation, no lease, no generation.`,
        `Emmett: its consumer with a processor that upserts the same columns, over ${EMMETT_EVENTS} events. It rests 50 ms between two batches, whose default is 100 events; a second row gives it batches of 1,000. By CPU says what it costs without the rests.`,
      ],
      unit: 'event',
      contenders: [
        ours(logs),
        byHand(logs),
        ...(emmett === undefined
          ? []
          : [
              emmettProjection('Emmett', emmett, 100),
              emmettProjection('Emmett, batches of 1,000', emmett, 1_000),
            ]),
      ],
      skipped: logs.skipped,
      targets: [
        { ...row('loop by hand'), atLeast: 0.35, aim: 0.6 },
        {
          ...row('Emmett'),
          what: 'projection with checkpoint, times as fast',
          atLeast: 40,
          aim: 80,
        },
        { ...row('Emmett, batches of 1,000'), what: 'projection with checkpoint, times as fast' },
      ],
    });
  } finally {
    await logs.close();
  }
});

function ours({ folder, daybookFile }: FilledLogs): Contender {
  return {
    name: 'Daybook',
    async run() {
      const readFile = join(folder, 'projection.read.db');
      for (const end of ['', '-wal', '-shm']) rmSync(readFile + end, { force: true });
      const app = await bank.start({ store: sqlite(daybookFile, { readModels: readFile }) });
      const sample = await timed(async () => {
        await caughtUp(app.face, 'balances');
        return EVENTS;
      });
      await app.close();
      return sample;
    },
  };
}

function byHand({ raw, folder }: FilledLogs): Contender {
  return {
    name: 'loop by hand',
    run() {
      const file = join(folder, 'by-hand.read.db');
      for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
      return timed(() => {
        const database = openRaw(file, 'NORMAL');
        database.exec(BY_HAND_SCHEMA);
        const upsert = database.prepare(
          'INSERT INTO balances VALUES (?, ?, 0) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner',
        );
        const move = database.prepare('UPDATE balances SET balance_cents = ? WHERE id = ?');
        const checkpoint = database.prepare('UPDATE checkpoint SET position = ?');
        let count = 0;
        for (let after = -1; ;) {
          const page = raw.page(after, PAGE);
          const movements = page.map(([position, stream, , type, data]) => {
            after = position;
            return {
              id: stream.slice(stream.indexOf('-') + 1),
              type,
              data: dataOf(JSON.parse(data)),
            };
          });
          database.exec('BEGIN IMMEDIATE');
          for (const { id, type, data } of movements) {
            if (type === 'AccountOpened') upsert.run(id, data.owner);
            else move.run(data.balanceCents, id);
          }
          checkpoint.run(after);
          database.exec('COMMIT');
          count += page.length;
          if (page.length < PAGE) break;
        }
        database.close();
        return count;
      });
    },
  };
}

function emmettProjection(name: string, filled: FilledEmmett, batchSize: number): Contender {
  let runs = 0;
  return {
    name,
    async run() {
      // Its COMMIT may meet a busy file (see `appendPatiently`); its consumer then stops, and says nothing.
      for (let left = ATTEMPTS_MAX; left > 0; left -= 1) {
        runs += 1;
        const sample = await emmettRun(filled, batchSize, `balances_${batchSize}_${runs}`);
        if (sample.operations === EMMETT_EVENTS) return sample;
      }
      throw new Error(`Emmett did not come to the end in ${ATTEMPTS_MAX} attempts`);
    },
  };
}

/** @param table new for each run, and the processor's name too: each begins at the beginning. */
async function emmettRun(
  { peer, store, fileName }: FilledEmmett,
  batchSize: number,
  table: string,
): Promise<Sample> {
  const connection = peer.sqliteConnection({ fileName });
  await connection.command(schemaOf(table));
  connection.close();
  const consumer = store.consumer({ pulling: { batchSize } });
  let count = 0;
  consumer.processor({
    processorId: table,
    connectionOptions: { fileName },
    stopAfter: () => count === EMMETT_EVENTS,
    eachMessage: async (event, context) => {
      count += 1;
      await context.connection.command(...emmettUpsert(table, event));
    },
  });
  const sample = await timed(async () => {
    await consumer.start();
    return count;
  });
  await consumer.close();
  return sample;
}

function emmettUpsert(
  table: string,
  { type, data, metadata: { streamName } }: EmmettEvent & { readonly metadata: EmmettPlace },
): [string, readonly unknown[]] {
  const { owner, balanceCents } = dataOf(data);
  const id = streamName.slice(streamName.indexOf('-') + 1);
  return type === 'AccountOpened'
    ? [`INSERT INTO ${table} VALUES (?, ?, 0)`, [id, owner]]
    : [`UPDATE ${table} SET balance_cents = ? WHERE id = ?`, [balanceCents, id]];
}

function row(theirs: string): {
  what: string;
  against: string;
  ours: string;
  theirs: string;
  measure: 'rate';
} {
  return {
    what: 'projection with checkpoint',
    against: theirs,
    ours: 'Daybook',
    theirs,
    measure: 'rate',
  };
}

function dataOf(data: unknown): { readonly owner: string; readonly balanceCents: number } {
  return data as { readonly owner: string; readonly balanceCents: number };
}

function schemaOf(table: string): string {
  return `CREATE TABLE ${table} (id TEXT PRIMARY KEY, owner TEXT NOT NULL, balance_cents INTEGER NOT NULL)`;
}
