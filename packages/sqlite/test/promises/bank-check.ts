/** The bank's books, kept by hand: what the tests compare rows and verdicts with. */
import type { AppFace, Json, QueryAnswer, RecordedEvent, StoredOutcome } from '@daybook/core';

import { account, balances, moved, openedRow, type BalanceRow } from './bank.ts';

/** How the accounts stand after some events, folded straight. */
export class Books {
  readonly rows = new Map<string, BalanceRow>();
  readonly #overdrafts = new Map<string, number>();

  add({ type, streamId, data }: RecordedEvent): void {
    if (type === 'AccountOpened') {
      this.rows.set(streamId, openedRow(streamId));
      this.#overdrafts.set(streamId, numberIn(data, 'overdraftCents'));
    }
    const row = this.rows.get(streamId);
    if (type === 'MoneyMoved' && row !== undefined) {
      this.rows.set(streamId, moved(row, numberIn(data, 'cents')));
    }
  }

  /** The refusal that an entry deserves now; undefined when it has to be accepted. */
  refusalOf(entry: Json): Json | undefined {
    for (const { account: name, cents } of postingsOf(entry)) {
      const balanceCents = this.rows.get(name)?.balanceCents ?? 0;
      if (balanceCents + cents < -(this.#overdrafts.get(name) ?? 0)) {
        return { type: 'InsufficientFunds', data: { account: name, balanceCents } };
      }
    }
    return undefined;
  }

  /** In the order in which the query `all` gives them. */
  get sorted(): readonly BalanceRow[] {
    return sortedRows([...this.rows.values()]);
  }
}

export function booksOf(events: readonly RecordedEvent[]): Books {
  const books = new Books();
  for (const event of events) books.add(event);
  return books;
}

/**
 * Verdicts that were wrong on the state of the log that they were given on. An acceptance stands on what was there
 * before its first event, a refusal on all that was there up to its head.
 */
export function wrongVerdicts(
  events: readonly RecordedEvent[],
  outcomes: readonly StoredOutcome[],
): readonly StoredOutcome[] {
  const books = new Books();
  let next = 0;
  return outcomes.filter(({ outcome, first, head }) => {
    if (outcome?.command !== 'PostEntry') return false;
    const seen = first ?? head.position + 1;
    for (; next < seen; next += 1) {
      const event = events[next];
      if (event !== undefined) books.add(event);
    }
    const deserved = books.refusalOf(outcome.input);
    return JSON.stringify(deserved) !== JSON.stringify(outcome.refusal);
  });
}

/** Opens accounts and gives the token that has them all. */
export async function openAccounts(
  app: Pick<AppFace, 'send'>,
  names: readonly string[],
  {
    overdraftCents,
    balanceCents,
  }: { readonly overdraftCents: number; readonly balanceCents: number },
): Promise<string> {
  let token = '';
  for (const name of names) {
    await app.send(account.OpenAccount(name, { overdraftCents }));
    const answer = await app.send(account.MoveMoney(name, { cents: balanceCents }));
    ({ token } = answer);
  }
  return token;
}

export function sortedRows(rows: readonly BalanceRow[]): readonly BalanceRow[] {
  return rows.toSorted((left, right) => left.account.localeCompare(right.account));
}

/** The rows of an answer to `all`. */
export function rowsIn(answer: QueryAnswer): readonly BalanceRow[] {
  if (answer.status !== 'fresh') throw new Error(`The answer is ${answer.status}: ${answer.why}`);
  return answer.data as readonly BalanceRow[];
}

export function sumOf(rows: readonly BalanceRow[]): number {
  return rows.reduce((sum, { balanceCents }) => sum + balanceCents, 0);
}

export const allBalances = balances.all();

function numberIn(data: Json, name: string): number {
  return (data as Readonly<Record<string, number>>)[name] ?? Number.NaN;
}

interface Posting {
  readonly account: string;
  readonly cents: number;
}

function postingsOf(entry: Json): readonly Posting[] {
  return (entry as unknown as { readonly postings: readonly Posting[] }).postings;
}
