// When does a second process see what this one appended?
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventStore } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { ended, nextWord, started } from './src/child.ts';
import { MOVEMENT_TYPE, movement, movementMetadata } from './src/movement.ts';
import { platform } from './src/platform.ts';
import { answer, isQuick } from './src/question.ts';
import type { Contender, Sample } from './src/sample.ts';
import { withScratch } from './src/scratch.ts';

const APPENDS = isQuick ? 20 : 60;
const APPENDS_AFTER_QUIET = isQuick ? 2 : 5;

await withScratch(async (folder) => {
  const file = join(folder, 'log.db');
  const events = await sqliteEventStore(file);
  const { child } = await started('wake-up-listener.ts', [file]);
  try {
    await answer({
      name: 'wake-up-sqlite',
      question: 'When does a second process see what this one appended?',
      method: [
        `One process appends an event, waits until the other says that it has seen it, rests for 5 to 15 ms, and appends the next, ${APPENDS} a round. The other reads the log by \`subscribe\` on a store of its own on the same file. Both read the same monotonic clock of the system.`,
        '*Acknowledged to seen* begins when the append has resolved, *called to seen* when it was called and so holds the sync of the disk too. The other process may see an event before its writer is told: then the first is below zero, and counts as it is.',
      ],
      unit: 'append',
      rounds: 5,
      contenders: [
        contender('acknowledged to seen', 'acknowledgedAt', APPENDS, () => 5 + Math.random() * 10),
        contender('called to seen', 'calledAt', APPENDS, () => 5 + Math.random() * 10),
        contender(
          'acknowledged to seen, after a quiet second',
          'acknowledgedAt',
          APPENDS_AFTER_QUIET,
          () => 1_000,
        ),
      ],
      targets: [
        { ...row('acknowledged to seen'), atLeast: 2, aim: 0.5 },
        row('called to seen'),
        row('acknowledged to seen, after a quiet second'),
      ],
    });
  } finally {
    await ended(child);
    await events.close();
  }

  function contender(
    name: string,
    from: 'acknowledgedAt' | 'calledAt',
    appends: number,
    restMs: () => number,
  ): Contender {
    return {
      name,
      async run(): Promise<Sample> {
        const cpu = process.cpuUsage();
        const startedAt = performance.now();
        const latenciesMs: number[] = [];
        for (let index = 0; index < appends; index += 1) {
          await pause(restMs());
          const times = await appendAndBeSeen(index);
          latenciesMs.push(Number(times.seenAt - times[from]) / 1e6);
        }
        const { user, system } = process.cpuUsage(cpu);
        return {
          operations: appends,
          wallMs: performance.now() - startedAt,
          cpuMs: (user + system) / 1_000,
          latenciesMs,
        };
      },
    };
  }

  async function appendAndBeSeen(
    index: number,
  ): Promise<{ calledAt: bigint; acknowledgedAt: bigint; seenAt: bigint }> {
    const seen = nextWord(child);
    const calledAt = process.hrtime.bigint();
    await append(events, index);
    const acknowledgedAt = process.hrtime.bigint();
    return { calledAt, acknowledgedAt, seenAt: BigInt(String((await seen)['seenAt'])) };
  }
});

async function append(events: EventStore, index: number): Promise<void> {
  await events.append({
    id: platform.newId(),
    outcome: { actor: null, command: 'account/acc-1/DepositMoney', input: { cents: index } },
    streams: [
      {
        stream: 'account-acc-1',
        expected: 'any',
        events: [
          {
            id: platform.newId(),
            type: MOVEMENT_TYPE,
            schemaVersion: 1,
            data: { ...movement(index) },
            metadata: { ...movementMetadata() },
          },
        ],
      },
    ],
  });
}

function row(ours: string): { what: string; against: string; ours: string; measure: 'latency' } {
  return {
    what: `wake-up of a second process, p50, ${ours}`,
    against: '–',
    ours,
    measure: 'latency',
  };
}
