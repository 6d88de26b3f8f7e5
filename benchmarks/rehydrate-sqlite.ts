// What does it cost to fold a stream of 1,000 events?
import type { Json } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { ledgerOnly, account } from './src/bank.ts';
import { filledLogs, type FilledEmmett } from './src/kept.ts';
import { answer, isQuick } from './src/question.ts';
import type { RawLog } from './src/raw-log.ts';
import { timed, type Contender } from './src/sample.ts';
import { withScratch } from './src/scratch.ts';

const EVENTS = 1_000;
const STREAMS = 20;
const FOLDS = isQuick ? 40 : 200;

interface Balance {
  readonly isOpen: boolean;
  readonly balanceCents: number;
}

const INITIAL: Balance = { isOpen: false, balanceCents: 0 };

await withScratch(async (folder) => {
  const filling = { accounts: STREAMS, movements: STREAMS * (EVENTS - 1) };
  const logs = await filledLogs(folder, filling, filling);
  const app = await ledgerOnly.start({ store: sqlite(logs.daybookFile) });
  const { events } = logs;
  try {
    await answer({
      name: 'rehydrate-sqlite',
      question: 'What does it cost to fold a stream of 1,000 events into its state?',
      method: [
        `${STREAMS} streams of ${EVENTS} events in one file, scattered in runs of 10; ${FOLDS} folds a round, one after another. Ours is \`app.state(account, id)\`: read, parse, *validate each event by its schema*, evolve. Without validation is \`EventStore.readStream\` page by page and the same evolve.`,
        'By hand: one prepared `SELECT` in order of revision, rows as arrays, `JSON.parse` of data and metadata, the same evolve. A second loop leaves metadata unparsed, for a fold does not need it.',
        'Emmett: `aggregateStream` with the same evolve, its default set-up.',
      ],
      unit: 'fold',
      contenders: [
        contender('Daybook', async (stream) => (await app.state(account, idOf(stream))).state),
        contender('Daybook, not validated', async (stream) => {
          let state: Balance = INITIAL;
          let from: number | null = 0;
          while (from !== null) {
            const page = await events.readStream(stream, { from });
            for (const { type, data } of page.events) state = evolve(state, type, data);
            from = page.next;
          }
          return state;
        }),
        contender('rows and JSON.parse', (stream) => foldRaw(logs.raw, stream, true)),
        contender('rows and JSON.parse of data only', (stream) => foldRaw(logs.raw, stream, false)),
        ...(logs.emmett === undefined ? [] : [emmettFolds(logs.emmett)]),
      ],
      skipped: logs.skipped,
      targets: [
        { ...row('rows and JSON.parse', 'time'), atLeast: 1.4, aim: 1.15 },
        {
          ...row('Emmett', 'rate'),
          what: 'rehydrate 1,000 events, times as fast',
          atLeast: 4,
          aim: 5.5,
        },
        {
          ...row('rows and JSON.parse', 'time'),
          what: 'the same, not validated',
          ours: 'Daybook, not validated',
        },
        {
          ...row('rows and JSON.parse of data only', 'time'),
          what: 'the same, not validated',
          ours: 'Daybook, not validated',
        },
      ],
    });
  } finally {
    await app.close();
    await logs.close();
  }
});

function row<Measure extends 'time' | 'rate'>(
  theirs: string,
  measure: Measure,
): { what: string; against: string; ours: string; theirs: string; measure: Measure } {
  return { what: 'rehydrate 1,000 events', against: theirs, ours: 'Daybook', theirs, measure };
}

function contender(
  name: string,
  fold: (stream: string) => Promise<Balance> | Balance,
  folds = FOLDS,
): Contender {
  return {
    name,
    run: () =>
      timed(async () => {
        for (let index = 0; index < folds; index += 1) {
          const { isOpen } = await fold(`account-acc-${index % STREAMS}`);
          if (!isOpen) throw new Error(`${name} did not fold the stream`);
        }
        return folds;
      }),
  };
}

function emmettFolds({ store }: FilledEmmett): Contender {
  const fold = async (stream: string): Promise<Balance> => {
    const { state } = await store.aggregateStream<Balance>(stream, {
      initialState: () => INITIAL,
      evolve: (before, { type, data }) => evolve(before, type, data),
    });
    return state;
  };
  return contender('Emmett', fold, Math.ceil(FOLDS / 5));
}

function foldRaw(raw: RawLog, stream: string, isMetadataParsed: boolean): Balance {
  let state: Balance = INITIAL;
  for (const [, , , type, data, metadata] of raw.stream(stream)) {
    if (isMetadataParsed) JSON.parse(metadata);
    state = evolve(state, type, JSON.parse(data));
  }
  return state;
}

function evolve(state: Balance, type: string, data: unknown): Balance {
  if (type === 'AccountOpened') return { ...state, isOpen: true };
  const { balanceCents } = data as { readonly balanceCents: number } & Json;
  return { ...state, balanceCents };
}

function idOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}
