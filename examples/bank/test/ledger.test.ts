import { face } from '@daybook/core';
import { describe, expect, test } from 'vitest';

import { account as decider, postEntry } from '../bank.ts';
import { ledgerLog, openingOf, readLedger, requestOf, type LedgerAccount } from '../ledger.ts';

const ledger = readLedger();

/** The first entry that is refused, and its refusal: decider and decision alone, without a store. */
function firstRefusal(accounts: readonly LedgerAccount[]): Refused | undefined {
  const { initialState, evolve: next } = decider[face];
  const { command, decide } = postEntry[face];
  const states = new Map<string, unknown>();
  const evolve = (stream: string, type: string, data: unknown): void => {
    states.set(stream, next(states.get(stream) ?? initialState(), type, data));
  };
  for (const opened of accounts) evolve(...openedBy(opened));
  for (const entry of ledger.entries) {
    const data = command.read(requestOf(entry).data);
    const read = entry.postings.map((posting) => states.get(`account-${posting.account}`));
    const { events, refusal } = decide(data, { accounts: read });
    if (refusal !== undefined) return { entry: entry.id, refusal };
    for (const event of events) evolve(event.stream, event.type, event.data);
  }
  return undefined;
}

interface Refused {
  readonly entry: string;
  readonly refusal: unknown;
}

function openedBy(opened: LedgerAccount): [stream: string, type: string, data: unknown] {
  return [`account-${opened.account}`, 'AccountOpened', openingOf(opened).data];
}

/** By addition: the entry that takes the account to its lowest, and the balance before it. */
function entryOfLowest({ account, lowestCents }: LedgerAccount): { entry: string; before: number } {
  let balance = 0;
  for (const { id, postings } of ledger.entries) {
    const before = balance;
    balance += postings.find((posting) => posting.account === account)?.cents ?? 0;
    if (balance === lowestCents) return { entry: id, before };
  }
  throw new Error(`${account} is never at ${lowestCents}`);
}

test('the ledger is what its page says', () => {
  expect(ledger.entries).toHaveLength(1_943);
  expect(ledger.accounts).toHaveLength(71);
  expect(ledger.expected).toHaveLength(34);
  expect(ledger.entries.flatMap(({ postings }) => postings)).toHaveLength(5_493);
});

describe('exact overdrafts, in the order of the file', () => {
  test('nothing is refused', () => {
    expect(firstRefusal(ledger.accounts)).toBeUndefined();
  });

  const overdrawn = ledger.accounts.filter(({ lowestCents }) => lowestCents < 0);
  test.each(overdrawn)(
    'one cent less for $account is refused where it is missing',
    async (short) => {
      const accounts = ledger.accounts.map((one) =>
        one === short ? { ...one, lowestCents: one.lowestCents + 1 } : one,
      );
      const { entry, before } = entryOfLowest(short);
      expect(firstRefusal(accounts)).toEqual({
        entry,
        refusal: {
          type: 'InsufficientFunds',
          data: { account: short.account, balanceCents: before },
        },
      });
    },
  );
});

test('the ledger told as a log is the same text every time, and holds every entry with its instant', async () => {
  const [text, again] = await Promise.all([textOf(ledgerLog(ledger)), textOf(ledgerLog(ledger))]);
  expect(again).toBe(text);
  const lines = text.trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ end: { events: 5_564, outcomes: 2_014 } });
  const events = lines
    .map((line) => JSON.parse(line) as { readonly event?: LoggedEvent })
    .flatMap(({ event }) => (event === undefined ? [] : [event]));
  const told = events
    .filter(({ type }) => type !== 'AccountOpened')
    .map(({ stream, type, data, recordedAt }) => ({
      entry: data.entryId,
      at: recordedAt,
      account: stream.slice('account-'.length),
      cents: type === 'MoneyWithdrawn' ? -data.cents : data.cents,
    }));
  const written = ledger.entries.flatMap(({ id, at, postings }) =>
    postings.map(({ account, cents }) => ({ entry: id, at: Date.parse(at), account, cents })),
  );
  expect(told).toEqual(written);
}, 60_000);

test('a request of the ledger is valid as it stands', () => {
  const [first] = ledger.entries;
  expect(first && requestOf(first)).toEqual(
    postEntry({
      entryId: 'entry-00000',
      postings: [
        { account: 'Assets:US:BofA:Checking', cents: 453_465 },
        { account: 'Equity:Opening-Balances', cents: -453_465 },
      ],
      memo: 'Opening Balance for checking account',
    }),
  );
});

interface LoggedEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: { readonly cents: number; readonly entryId?: string };
  readonly recordedAt: number;
}

async function textOf(lines: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const line of lines) text += line;
  return text;
}
