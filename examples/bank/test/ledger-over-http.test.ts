import { expect, test } from 'vitest';

import {
  openingOf,
  readLedger,
  requestOf,
  type Ledger,
  type LedgerAccount,
  type LedgerEntry,
} from '../ledger.ts';
import { startServer, temporaryFolder, type ServerProcess } from './server-process.ts';

const IN_FLIGHT = 16;
const KILL_AFTER = 700;
const ATTEMPTS_MAX = 20;
/** Every so many entries one is sent twice at once, under one key. */
const TWICE_EVERY = 25;

interface Outcome {
  readonly commandId: string;
  readonly position: number;
  readonly token: string;
}

interface Page {
  readonly events: readonly {
    readonly type: string;
    readonly data: { readonly entryId?: string };
  }[];
  readonly next: number | null;
}

test('G1, G3: the ledger goes in over HTTP, 16 in flight, with retries and a kill -9, to the outside balances', async () => {
  using folder = temporaryFolder();
  const ledger = readLedger();
  const bank = await Bank.open(folder.path);
  try {
    await inFlight(ledger.accounts, (opened) => bank.openAccount(opened));
    let newest: Outcome | undefined;
    let posted = 0;
    await inFlight(ledger.entries, async (entry) => {
      const [outcome] = await Promise.all(
        posted % TWICE_EVERY === 0 ? [bank.post(entry), bank.post(entry)] : [bank.post(entry)],
      );
      if (outcome !== undefined && outcome.position > (newest?.position ?? -1)) newest = outcome;
      posted += 1;
      if (posted === KILL_AFTER) await bank.killAndRestart();
    });
    expect(bank.repeatedCount).toBeGreaterThan(0);
    expect(bank.brokenCount).toBeGreaterThan(0);

    const ids = (await bank.events()).flatMap(({ data }) => data.entryId ?? []);
    const written = ledger.entries.flatMap(({ id, postings }) => postings.map(() => id));
    expect(ids.toSorted()).toEqual(written.toSorted());

    const expected = finalBalances(ledger);
    for (const { account } of ledger.accounts) {
      const balance = await bank.balanceOf(account, newest?.token ?? '');
      expect([account, balance]).toEqual([account, expected.get(account) ?? 0]);
    }
  } finally {
    await bank.close();
  }
}, 120_000);

/** What the other programs say of the latest instant, and the few entries after it. */
function finalBalances({ expected, entries }: Ledger): ReadonlyMap<string, number> {
  const [latest] = expected.toSorted((left, right) => Date.parse(right.at) - Date.parse(left.at));
  if (latest === undefined) throw new Error('Nothing is expected.');
  const balances = new Map(Object.entries(latest.balances));
  const later = entries.filter(({ at }) => Date.parse(at) > Date.parse(latest.at));
  expect(later).toHaveLength(6);
  for (const { account, cents } of later.flatMap(({ postings }) => postings)) {
    balances.set(account, (balances.get(account) ?? 0) + cents);
  }
  return balances;
}

/** Hands out the items, at most so many at a time. */
async function inFlight<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: IN_FLIGHT }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(workers);
}

/** A client of a server that dies: what got no answer is sent again, under the same key. */
class Bank {
  repeatedCount = 0;
  brokenCount = 0;
  readonly #dataDir: string;
  #server: ServerProcess;
  #restarted: Promise<void> = Promise.resolve();

  static async open(dataDir: string): Promise<Bank> {
    return new Bank(dataDir, await startServer({ dataDir }));
  }

  constructor(dataDir: string, server: ServerProcess) {
    this.#dataDir = dataDir;
    this.#server = server;
  }

  async killAndRestart(): Promise<void> {
    const restarted = Promise.withResolvers<void>();
    this.#restarted = restarted.promise;
    await this.#server.stop('SIGKILL');
    this.#server = await startServer({ dataDir: this.#dataDir });
    restarted.resolve();
  }

  async close(): Promise<void> {
    await this.#server.stop('SIGKILL');
  }

  openAccount(opened: LedgerAccount): Promise<Outcome> {
    const { id, command, data } = openingOf({ ...opened, lowestCents: -1_000_000_000_000 });
    const path = `/commands/account/${encodeURIComponent(id)}/${command}`;
    return this.#send(path, `open-${id}`, data);
  }

  post(entry: LedgerEntry): Promise<Outcome> {
    return this.#send('/decisions/PostEntry', entry.id, requestOf(entry).data);
  }

  async events(): Promise<Page['events']> {
    const events: Page['events'][number][] = [];
    let after = -1;
    for (;;) {
      const page: Page = await this.#get(`/events?after=${after}&limit=500`);
      events.push(...page.events);
      if (page.next === null || page.events.length === 0) return events;
      after = page.next;
    }
  }

  async balanceOf(account: string, token: string): Promise<number> {
    const path = `/queries/balances/balanceOf?id=${encodeURIComponent(account)}`;
    const { data } = await this.#get<{ data: { balanceCents: number } }>(path, {
      'consistency-token': token,
      prefer: 'wait=10',
    });
    return data.balanceCents;
  }

  async #send(path: string, key: string, data: unknown): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await fetch(`${this.#server.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(data),
        });
        const body = (await response.json()) as Outcome;
        if (response.headers.get('idempotency-replayed') === 'true') this.repeatedCount += 1;
        if (response.status === 200) return body;
        if (response.status !== 503 && response.status !== 409) {
          throw new Error(`${path} ${key}: ${response.status} ${JSON.stringify(body)}`);
        }
      } catch (error) {
        // `fetch` throws TypeError, and nothing else, for a connection that broke or was not had.
        if (!(error instanceof TypeError) || attempt === ATTEMPTS_MAX) throw error;
        this.brokenCount += 1;
        await this.#restarted;
      }
    }
  }

  async #get<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Body> {
    const response = await fetch(`${this.#server.url}${path}`, { headers });
    const body: unknown = await response.json();
    if (response.status !== 200)
      throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`);
    return body as Body;
  }
}
