import 'fake-indexeddb/auto';

import {
  daybookClient,
  type Client,
  type OutboxStorage,
  type StoredOperation,
  type TypesOf,
} from '@daybook/client';
import { indexedDb } from '@daybook/client/indexed-db';
import { httpHandler } from '@daybook/server';
import { afterEach, expect, onTestFinished, test } from 'vitest';

import { account, bank, memoryStore } from './bank.ts';
import { FakeFetch } from './fake-fetch.ts';
import { withdraw } from './optimistic-page.ts';

const stored = (id: string, order: number): StoredOperation => ({
  id,
  order,
  message: account.OpenAccount('a', { owner: 'Ada' }),
  keys: ['account-a'],
  user: '',
  version: '',
  createdAt: 1,
  expiresAt: 2,
  phase: 'queued',
  attempts: 0,
});

const opened: OutboxStorage[] = [];

afterEach(() => {
  for (const storage of opened.splice(0)) storage.close?.();
});

/** As a page opens it. */
function page(name: string): OutboxStorage {
  const storage = indexedDb(name);
  opened.push(storage);
  return storage;
}

test('keeps, writes over and removes, for whoever opens the same name next', async () => {
  const storage = page('kept');
  expect(await storage.load()).toEqual([]);
  await storage.put(stored('1', 1));
  await storage.put(stored('2', 2));
  await storage.put({ ...stored('1', 1), phase: 'refused' });
  await storage.remove('2');
  await storage.remove('2');
  storage.close?.();
  storage.close?.();
  expect(await page('kept').load()).toEqual([{ ...stored('1', 1), phase: 'refused' }]);
  expect(await page('another').load()).toEqual([]);
});

test('what a page that lives has to send is not taken from it; what it leaves is, by one', async () => {
  const first = page('shared');
  await first.put(stored('1', 1));
  const others = [page('shared'), page('shared')];
  const left: (readonly StoredOperation[])[] = [];
  const taken = new Promise<void>((resolve) => {
    for (const other of others)
      other.onLeft?.((operations) => {
        left.push(operations);
        resolve();
      });
  });
  for (const other of others) expect(await other.load()).toEqual([]);
  first.close?.();
  await taken;
  expect(left).toEqual([[stored('1', 1)]]);
});

function open(): { client: Client<TypesOf<typeof bank>>; server: FakeFetch } {
  const server = new FakeFetch();
  const client = daybookClient(bank, {
    url: 'http://bank.test',
    fetch: server.fetch,
    outbox: { storage: indexedDb('bank') },
  });
  onTestFinished(() => client.close());
  return { client, server };
}

test('a client takes up what an earlier page left', async () => {
  const earlier = open();
  const operation = earlier.client.dispatch(account.OpenAccount('a', { owner: 'Ada' }));
  await earlier.server.next();
  expect(operation.get().isStored).toBe(true);
  earlier.client.close();
  const { client, server } = open();
  await client.outbox.loaded;
  const asked = await server.next();
  expect(asked.id).toBe(operation.id);
  asked.accept(null);
  const [taken] = client.outbox.list();
  await taken?.settled;
  client.close();
  // Writes follow one another, and nobody waits for the last.
  await expect.poll(() => page('bank').load()).toEqual([]);
});

test('the page of the documentation works', async () => {
  const app = await bank.start({ store: memoryStore() });
  await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
  await app.send(account.DepositMoney('acc-1', { cents: 5_000 }));
  const server = await httpHandler(app).listen({ port: 0 });
  onTestFinished(async () => {
    await server.close();
    await app.close();
  });
  const shown: unknown[] = [];
  const end = await withdraw(server.url, (balance) => shown.push(balance));
  expect(end.status).toBe('settled');
  expect(shown.findLast((balance) => balance !== undefined)).toEqual({
    owner: 'Ada',
    balanceCents: 0,
  });
});
