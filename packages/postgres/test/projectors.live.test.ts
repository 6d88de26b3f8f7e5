/** G6, P7: processors of several processes on one database. */
import { postgres } from '@daybook/postgres';
import type { AppendRequest, OpenedStore } from '@daybook/core';
import { expect, it, onTestFinished } from 'vitest';

import { rounds } from '../../../scripts/rounds.ts';
import { onEveryServer } from './live.ts';
import { run } from './program.ts';
import { temporarySchema } from './schema-name.ts';

const ACCOUNTS = 20;
const ROUNDS = rounds(50);

onEveryServer('two projectors on one database', ({ url }) => {
  it(
    'G6 P7: one frozen and woken after the other took over, or killed, leave the rows of a straight fold',
    async () => {
      const schema = temporarySchema(url);
      const store = await postgres(url, { schema }).open();
      onTestFinished(async () => {
        await store.events.close();
        await store.readModels.close();
      });
      let [first, second] = [run('count', [url, schema]), run('count', [url, schema])];
      await Promise.all([first.said(1), second.said(1)]);
      let next = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        next = await append(store, next, 300);
        if (round % 2 === 0) {
          first.process.kill('SIGSTOP');
          next = await append(store, next, 300);
          await caughtUp(store);
          first.process.kill('SIGCONT');
        } else {
          first.process.kill('SIGKILL');
          next = await append(store, next, 300);
          first = run('count', [url, schema]);
          await first.said(1);
        }
        await caughtUp(store);
        [first, second] = [second, first];
      }
      expect(await rowsOf(store)).toEqual(foldOf(next));
      for (const { process } of [first, second]) process.stdin?.end();
      expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    },
    30_000 + ROUNDS * 5_000,
  );
});

/** The number of the next movement. */
async function append({ events }: OpenedStore, from: number, count: number): Promise<number> {
  const requests = Array.from({ length: count }, (_, index) => movement(from + index));
  await Promise.all(requests.map((request) => events.append(request)));
  return from + count;
}

function movement(number: number): AppendRequest {
  const id = `m${number}`;
  const event = { id, type: 'Moved', schemaVersion: 1, data: { number }, metadata: {} };
  return {
    id,
    streams: [{ stream: `account-${number % ACCOUNTS}`, expected: 'any', events: [event] }],
  };
}

async function caughtUp({ events, readModels }: OpenedStore): Promise<void> {
  const head = await events.head();
  for (;;) {
    const [info] = await readModels.list('trails');
    if (info?.checkpoints.get('main')?.position === head.position) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

async function rowsOf({ readModels }: OpenedStore): Promise<Readonly<Record<string, unknown>>> {
  const [info] = await readModels.list('trails');
  if (info === undefined) return {};
  const keys = Array.from({ length: ACCOUNTS }, (_, index) => String(index));
  const { value } = await readModels.view(info, (rows) => rows.get(keys));
  return Object.fromEntries(value.map((row, index) => [index, row?.row]));
}

function foldOf(count: number): Readonly<Record<string, unknown>> {
  const rows: Record<string, { count: number; trail: string }> = {};
  for (let number = 0; number < count; number += 1) {
    const row = (rows[number % ACCOUNTS] ??= { count: 0, trail: '' });
    row.count += 1;
    row.trail = `${row.trail} ${number}`.slice(-60);
  }
  return rows;
}
