/** The ways to append one event at a time that append questions compare; each round on a new file. */
import { join } from 'node:path';
import type { EventStore } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { appendPatiently, newEmmettStore, type Emmett } from './emmett.ts';
import { MOVEMENT_TYPE, movement, movementMetadata } from './movement.ts';
import { underLoad } from './pending.ts';
import { platform } from './platform.ts';
import { RawLog, type RawAppend } from './raw-log.ts';
import { isQuick } from './question.ts';
import { timed, type Contender, type Sample } from './sample.ts';
import { withScratch } from './scratch.ts';

/** Ours, in the library's own default set-up: the store that `start` opens. */
export function ours(pending: number): Contender {
  return {
    name: `Daybook, ${pending} pending`,
    run: () =>
      withScratch(async (folder) => {
        const events = await sqliteEventStore(join(folder, 'log.db'));
        try {
          return await loaded(pending, (caller, turn) => appendOurs(events, caller, turn));
        } finally {
          await events.close();
        }
      }),
  };
}

/** `INSERT` in autocommit, and nothing else. */
export function bareLoop(): Contender {
  return raw('bare INSERT loop', 1, (log, append) => log.insertBare(append));
}

/** The same rows as ours, in one transaction for each append: what ids and outcomes cost by hand. */
export function sameRowsLoop(): Contender {
  return raw('same rows by hand', 1, (log, append) =>
    log.transaction(() => log.insertWithOutcome(append)),
  );
}

/** One transaction for each append on the main thread; only the event, its revision checked. */
export function transactionEach(pending: number): Contender {
  return raw(`a transaction each, ${pending} pending`, pending, (log, append) =>
    log.appendChecked(append),
  );
}

/** Group commit by hand on the main thread: what waits in one turn goes down together, with the same rows as ours. */
export function groupOnMainThread(pending: number): Contender {
  return {
    name: `group commit on the main thread, ${pending} pending`,
    run: () =>
      withRawLog((log) => {
        let waiting: { readonly append: RawAppend; readonly done: () => void }[] = [];
        const flush = (): void => {
          const group = waiting;
          waiting = [];
          log.transaction(() => {
            for (const { append } of group) log.insertWithOutcome(append);
          });
          for (const { done } of group) done();
        };
        return loaded(
          pending,
          (caller, turn) =>
            new Promise<void>((done) => {
              if (waiting.length === 0) setImmediate(flush);
              waiting.push({ append: rawAppend(caller, turn), done });
            }),
        );
      }),
  };
}

/** 500 events in each transaction, all known beforehand: nobody waits for an answer of their own. */
export function bulk(isSameRows: boolean): Contender {
  return {
    name: isSameRows ? 'bulk of 500, same rows' : 'bulk of 500, events only',
    run: () =>
      withRawLog((log) =>
        timed(() => {
          const end = performance.now() + LOAD_MS;
          let turn = 0;
          while (performance.now() < end) {
            log.transaction(() => {
              for (let index = 0; index < BULK; index += 1) {
                const append = rawAppend(index, turn);
                if (isSameRows) log.insertWithOutcome(append);
                else log.insertBare(append);
              }
            });
            turn += 1;
          }
          return turn * BULK;
        }),
      ),
  };
}

/** Emmett's store, one append after another. */
export function emmettAppends(peer: Emmett): Contender {
  return {
    name: 'Emmett',
    run: () =>
      withScratch(async (folder) => {
        const store = newEmmettStore(peer, join(folder, 'emmett.db'));
        return loaded(1, async (caller, turn) => {
          const { stream, revision, data, metadata } = rawAppend(caller, turn);
          const event = { type: MOVEMENT_TYPE, data, metadata };
          await appendPatiently(store, stream, [event], {
            expectedStreamVersion: BigInt(revision),
          });
        });
      }),
  };
}

/** One append of {@link rawAppend} with an id and an outcome, as a command handler makes it. */
export async function appendOurs(events: EventStore, caller: number, turn: number): Promise<void> {
  const { stream, revision, data, metadata } = rawAppend(caller, turn);
  const command = `${stream}/DepositMoney`;
  await events.append({
    id: platform.newId(),
    contentHash: platform.sha256(`${command}${turn}`),
    outcome: { actor: null, command, input: { cents: turn } },
    streams: [
      {
        stream,
        expected: revision === 0 ? 'no-stream' : revision - 1,
        events: [
          {
            id: platform.newId(),
            type: MOVEMENT_TYPE,
            schemaVersion: 1,
            data,
            metadata,
          },
        ],
      },
    ],
  });
}

function raw(
  name: string,
  pending: number,
  append: (log: RawLog, append: RawAppend) => void,
): Contender {
  return {
    name,
    run: () =>
      withRawLog((log) =>
        loaded(pending, (caller, turn) => {
          append(log, rawAppend(caller, turn));
          return SETTLED;
        }),
      ),
  };
}

function withRawLog(work: (log: RawLog) => Promise<Sample>): Promise<Sample> {
  return withScratch(async (folder) => {
    const log = new RawLog(join(folder, 'raw.db'));
    try {
      return await work(log);
    } finally {
      log.close();
    }
  });
}

/** Each caller has streams of its own, and goes round them. */
export function rawAppend(caller: number, turn: number): RawAppend {
  return {
    id: platform.newId(),
    stream: `account-acc-${caller}-${turn % STREAMS_OF_A_CALLER}`,
    revision: Math.floor(turn / STREAMS_OF_A_CALLER),
    type: MOVEMENT_TYPE,
    data: { ...movement(turn) },
    metadata: { ...movementMetadata() },
  };
}

async function loaded(
  pending: number,
  append: (caller: number, turn: number) => Promise<void>,
): Promise<Sample> {
  // Ours begins each round with a new thread, whose code is not compiled yet; a server does that once.
  await underLoad({
    pending,
    forMs: WARM_UP_MS,
    append: (caller, turn) => append(pending + caller, turn),
  });
  return underLoad({ pending, forMs: LOAD_MS, append });
}

const WARM_UP_MS = 150;
const LOAD_MS = isQuick ? 200 : 300;
const BULK = 500;
const STREAMS_OF_A_CALLER = 8;
const SETTLED = Promise.resolve();
