/** The household's ledger (`data/ledger`), read, and told again as a log. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { exportLog, memory } from '@daybook/core';

import { account, bank, postEntry } from './bank.ts';

export interface LedgerEntry {
  readonly id: string;
  readonly at: string;
  readonly payee: string;
  readonly memo: string;
  readonly postings: readonly { readonly account: string; readonly cents: number }[];
}

export interface LedgerAccount {
  readonly account: string;
  /** How low its balance ever is, entries taken in order. */
  readonly lowestCents: number;
}

/** What other programs say: balances that are not listed are 0. */
interface LedgerBalances {
  readonly at: string;
  readonly balances: Readonly<Record<string, number>>;
}

export interface Ledger {
  readonly accounts: readonly LedgerAccount[];
  readonly entries: readonly LedgerEntry[];
  readonly expected: readonly LedgerBalances[];
}

/** When the ledger's accounts were opened: after the first instant of `expected.ndjson`, before the first entry. */
export const LEDGER_OPENED_AT = '2021-01-01T09:00:00.000Z';

/** Whose accounts they are. */
const LEDGER_OWNER = 'household';

export function readLedger(): Ledger {
  return {
    accounts: readLines('accounts.ndjson') as readonly LedgerAccount[],
    entries: readLines('entries.ndjson') as readonly LedgerEntry[],
    expected: readLines('expected.ndjson') as readonly LedgerBalances[],
  };
}

/** Opens an account that may be overdrawn exactly as far as the ledger overdraws it. */
export function openingOf({
  account: id,
  lowestCents,
}: LedgerAccount): ReturnType<typeof account.OpenAccount> {
  return account.OpenAccount(id, {
    owner: LEDGER_OWNER,
    overdraftCents: Math.max(0, -lowestCents),
  });
}

export function requestOf({
  id,
  postings,
  payee,
  memo,
}: LedgerEntry): ReturnType<typeof postEntry> {
  return postEntry({
    entryId: id,
    postings: [...postings],
    ...(payee === '' ? {} : { payee }),
    ...(memo === '' ? {} : { memo }),
  });
}

/**
 * The log of a bank that had been there for those five years, in the form of an export: every command is sent to the bank
 * on a memory store whose clock shows the instant of the entry. The same ledger gives the same text.
 */
export async function* ledgerLog({ accounts, entries }: Ledger): AsyncGenerator<string, void> {
  let now = Date.parse(LEDGER_OPENED_AT);
  let ids = 0;
  const store = memory({
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    now: () => now,
    newId: () => {
      ids += 1;
      return `${LEDGER_ID_PREFIX}${ids}`;
    },
  });
  const app = await bank.start({ store, processing: false });
  try {
    for (const opened of accounts) {
      const { status } = await app.send(openingOf(opened), { id: `open-${opened.account}` });
      if (status === 'refused') throw new Error(`${opened.account} cannot be opened.`);
    }
    for (const entry of entries) {
      now = Date.parse(entry.at);
      const outcome = await app.send(requestOf(entry), { id: entry.id });
      if (outcome.status === 'refused') {
        throw new Error(`${entry.id} is refused: ${JSON.stringify(outcome.refusal)}`);
      }
    }
    yield* exportLog(app.face.events);
  } finally {
    await app.close();
  }
}

/** Begins the id of every event that {@link ledgerLog} tells. */
export const LEDGER_ID_PREFIX = 'ledger-';

function readLines(name: string): readonly unknown[] {
  const text = readFileSync(new URL(`./data/ledger/${name}`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}
