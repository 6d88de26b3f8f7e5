// Why CQRS: what does a balance cost to read, and does it matter how many events the account has?
import { join } from 'node:path';
import { sqlite, sqliteEventStore } from '@daybook/sqlite';
import { account, balances, bank } from './src/bank.ts';
import { caughtUp } from './src/caught-up.ts';
import { fillRaw, fillStore } from './src/fill.ts';
import { answer, isQuick } from './src/question.ts';
import { RawLog } from './src/raw-log.ts';
import { timed, type Contender } from './src/sample.ts';
import { withScratch } from './src/scratch.ts';

const SIZES = isQuick ? [10, 1_000, 10_000] : [10, 1_000, 10_000, 100_000, 1_000_000];
const [smallest = 10] = SIZES;
const largest = SIZES.at(-1) ?? smallest;
const FOLDED = 10_000;
const QUERIES = 500;
const FOLDS = isQuick ? 2 : 5;

await withScratch(async (folder) => {
  const file = join(folder, 'bank.db');
  const events = await sqliteEventStore(file);
  for (const size of SIZES) await fillStore(events, oneAccount(size));
  await events.close();
  const raw = new RawLog(join(folder, 'raw.db'));
  fillRaw(raw, oneAccount(FOLDED));
  const app = await bank.start({ store: sqlite(file) });
  try {
    await caughtUp(app.face, 'balances');
    await answer({
      name: 'balance-of',
      question:
        'Why CQRS: what does a balance cost to read, and does it matter how many events the account has?',
      method: [
        `One file with accounts of ${SIZES.map(String).join(', ')} events. Ours is \`app.query(balances.balanceOf({ id }))\`, ${QUERIES} one after another: a row of the read model, with its checkpoint and parked keys read in the same snapshot.`,
        `Folding on every read is \`app.state(account, id)\` (${FOLDS} a round), and by hand one prepared \`SELECT\` of the account's rows, \`JSON.parse\` of the data, and the last balance.`,
      ],
      unit: 'read',
      contenders: [
        ...SIZES.map((size) => balanceOf(size)),
        repeated(`app.state, ${FOLDED} events`, FOLDS, async () => {
          const { state } = await app.state(account, idOf(FOLDED));
          return state.balanceCents;
        }),
        repeated(`fold by hand, ${FOLDED} events`, FOLDS, () => foldByHand(raw)),
      ],
      targets: [
        {
          ...row('balanceOf, account of 10,000 events, times as fast', balanceName(FOLDED)),
          against: 'folding by hand on every read',
          theirs: `fold by hand, ${FOLDED} events`,
          measure: 'rate',
          atLeast: 50,
        },
        {
          ...row('balanceOf, account of 10,000 events, times as fast', balanceName(FOLDED)),
          against: 'app.state on every read',
          theirs: `app.state, ${FOLDED} events`,
          measure: 'rate',
        },
        {
          ...row(
            `balanceOf, account of ${largest.toLocaleString('en-US')} events`,
            balanceName(largest),
          ),
          against: `an account of ${smallest}: 1 is flat`,
          theirs: balanceName(smallest),
          measure: 'time',
          aim: 1.25,
        },
      ],
    });
  } finally {
    raw.close();
    await app.close();
  }

  function balanceOf(size: number): Contender {
    return repeated(balanceName(size), QUERIES, async () => {
      const { data } = await app.query(balances.balanceOf({ id: idOf(size) }));
      return data?.balanceCents ?? 0;
    });
  }
});

function repeated(name: string, times: number, read: () => Promise<number> | number): Contender {
  return {
    name,
    run: () =>
      timed(async () => {
        for (let count = 0; count < times; count += 1) {
          if ((await read()) === 0) throw new Error(`${name} found no balance`);
        }
        return times;
      }),
  };
}

function foldByHand(raw: RawLog): number {
  let balanceCents = 0;
  for (const [, , , type, data] of raw.stream(`account-${idOf(FOLDED)}`)) {
    const parsed = JSON.parse(data) as { readonly balanceCents: number };
    if (type !== 'AccountOpened') ({ balanceCents } = parsed);
  }
  return balanceCents;
}

function oneAccount(size: number): Parameters<typeof fillStore>[1] {
  return { accounts: 1, movements: size - 1, prefix: `of-${size}`, movementsPerAppend: 500 };
}

function idOf(size: number): string {
  return `of-${size}-0`;
}

function balanceName(size: number): string {
  return `balanceOf, account of ${size} events`;
}

function row(what: string, ours: string): { what: string; ours: string } {
  return { what, ours };
}
