import {
  daybookClient,
  IN_FLIGHT_MAX,
  OUTBOX_MAX,
  OUTBOX_TTL_MS_MAX,
  type Client,
  type ClientOptions,
  type Operation,
  type OperationStatus,
  type OutboxOptions,
  type OutboxStorage,
  type StoredOperation,
  type TypesOf,
} from '@daybook/client';
import { expect, onTestFinished, test } from 'vitest';

import { account, bank } from './bank.ts';
import { FakeFetch } from './fake-fetch.ts';

type BankClient = Client<TypesOf<typeof bank>>;

function start(
  outbox: OutboxOptions = {},
  more: Partial<ClientOptions> = {},
): { readonly client: BankClient; readonly server: FakeFetch } {
  const server = new FakeFetch();
  const client = daybookClient(bank, {
    url: 'http://bank.test',
    fetch: server.fetch,
    random: () => 0,
    outbox,
    ...more,
  });
  onTestFinished(() => client.close());
  return { client, server };
}

class KeptStorage implements OutboxStorage {
  readonly kept = new Map<string, StoredOperation>();
  isBroken = false;
  async load(): Promise<readonly StoredOperation[]> {
    return [...this.kept.values()].toReversed();
  }
  async put(operation: StoredOperation): Promise<void> {
    if (this.isBroken) throw new Error('The disk is full.');
    this.kept.set(operation.id, structuredClone(operation));
  }
  async remove(id: string): Promise<void> {
    this.kept.delete(id);
  }
}

const deposit = (id: string) => account.DepositMoney(id, { cents: 1 });

function until(operation: Operation, wanted: OperationStatus): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (operation.status === wanted) resolve();
    };
    operation.subscribe(look);
    look();
  });
}

/** All that can happen without the server has happened. */
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('operations of one stream go one after the other, in order; others side by side', async () => {
  const { client, server } = start();
  const first = client.dispatch(deposit('a'));
  const second = client.dispatch(deposit('a'));
  const other = client.dispatch(deposit('b'));
  const asked = await server.next();
  expect(asked.id).toBe(first.id);
  expect((await server.next()).id).toBe(other.id);
  await quiet();
  expect(server.waiting).toBe(0);
  expect([first.status, second.status, other.status]).toEqual(['sending', 'queued', 'sending']);
  asked.accept(0);
  expect((await server.next()).id).toBe(second.id);
});

test('a decision goes after what was dispatched before to any of its streams, and a key of one’s own is one', async () => {
  const { client, server } = start();
  const [one, two] = [deposit('a'), deposit('b')];
  client.dispatch(one, { key: 'mine' });
  client.dispatch(two, { key: 'mine' });
  await server.next();
  await quiet();
  expect(server.waiting).toBe(0);
});

test('G9: at most so many are in flight, and at most so many wait', async () => {
  const { client, server } = start();
  for (let at = 0; at < OUTBOX_MAX; at += 1) client.dispatch(deposit(`a${at}`));
  await quiet();
  expect(server.count).toBe(IN_FLIGHT_MAX);
  expect(() => client.dispatch(deposit('b'))).toThrow(
    expect.objectContaining({ code: 'overloaded' }),
  );
  expect(() => start({ ttlMs: OUTBOX_TTL_MS_MAX + 1 })).toThrow(
    expect.objectContaining({ code: 'limit-exceeded' }),
  );
});

test('G3: what was lost is unknown, keeps its turn, and is sent again with its id', async () => {
  const { client, server } = start();
  const operation = client.dispatch(deposit('a'));
  const later = client.dispatch(deposit('a'));
  const statuses: string[] = [];
  operation.subscribe(({ status }) => statuses.push(status));
  (await server.next()).lose();
  const again = await server.next();
  expect(again.id).toBe(operation.id);
  expect(later.status).toBe('queued');
  expect(operation.cancel()).toBe(false);
  again.problem(503, { retryable: true, code: 'overloaded' });
  const third = await server.next();
  expect(third.id).toBe(operation.id);
  third.accept(3);
  expect(await operation.accepted).toMatchObject({ status: 'accepted', position: 3 });
  expect(await operation.settled).toMatchObject({ status: 'settled', attempts: 3 });
  expect(statuses).toEqual([
    'sending',
    'unknown',
    'sending',
    'unknown',
    'sending',
    'accepted',
    'settled',
  ]);
});

test('a refusal is a value, is kept, and does not block; trying again is a new operation', async () => {
  const { client, server } = start();
  const operation = client.dispatch(account.WithdrawMoney('a', { cents: 5 }));
  const later = client.dispatch(deposit('a'));
  (await server.next()).refuse('InsufficientFunds');
  expect(await operation.accepted).toMatchObject({
    status: 'refused',
    refusal: { type: 'InsufficientFunds' },
  });
  const next = await server.next();
  expect(next.id).toBe(later.id);
  next.accept(1);
  await later.settled;
  expect(client.outbox.list()).toEqual([operation]);
  const again = client.outbox.retry(operation.id);
  expect(again?.message).toEqual(operation.message);
  expect(again?.id).not.toBe(operation.id);
  expect((await server.next()).id).toBe(again?.id);
  expect(client.outbox.refused()).toEqual([]);
});

test('a final answer other than a refusal fails the operation, and does not block', async () => {
  const { client, server } = start();
  const operation = client.dispatch(deposit('a'));
  const later = client.dispatch(deposit('a'));
  (await server.next()).problem(400, { code: 'invalid-message' });
  await expect(operation.accepted).rejects.toMatchObject({ code: 'invalid-message' });
  expect(await operation.settled).toMatchObject({ status: 'failed' });
  expect((await server.next()).id).toBe(later.id);
  expect(client.outbox.refused()).toEqual([operation]);
  expect(client.outbox.discard(operation.id)).toBe(true);
  expect(client.outbox.discard(operation.id)).toBe(false);
  expect(client.outbox.discard(later.id)).toBe(false);
  expect(client.outbox.list()).toEqual([later]);
});

test('a server at a loss is asked three times, then a person', async () => {
  const { client, server } = start();
  const operation = client.dispatch(deposit('a'));
  for (let time = 0; time < 3; time += 1) (await server.next()).problem(500);
  await until(operation, 'parked');
  expect(client.outbox.retry(operation.id)).toBe(operation);
  expect((await server.next()).id).toBe(operation.id);
});

test('Retry-After is a lower bound, and somebody in a hurry need not wait for it', async () => {
  const { client, server } = start();
  const operation = client.dispatch(deposit('a'));
  (await server.next()).problem(429, { retryable: true }, { 'retry-after': '60' });
  await until(operation, 'queued');
  await quiet();
  expect(server.count).toBe(1);
  client.outbox.retry(operation.id);
  expect((await server.next()).id).toBe(operation.id);
});

test('S1: 401 stops everything until new credentials are taken, and nothing is lost', async () => {
  let token = 'old';
  const { client, server } = start({}, { headers: () => ({ authorization: `Bearer ${token}` }) });
  const operations = ['a', 'b', 'c'].map((id) => client.dispatch(deposit(id)));
  const first = await Promise.all([server.next(), server.next(), server.next()]);
  for (const asked of first) asked.problem(401, { code: 'unauthenticated' });
  const probe = await server.next();
  expect(client.outbox.status).toBe('needs-auth');
  token = 'new';
  await quiet();
  expect(server.waiting).toBe(0);
  probe.problem(401, { code: 'unauthenticated' });
  client.outbox.resume();
  const renewed = await server.next();
  expect(renewed.authorization).toBe('Bearer new');
  renewed.accept(0);
  for (const asked of await Promise.all([server.next(), server.next()])) asked.accept(1);
  for (const operation of operations)
    expect(await operation.settled).toMatchObject({ status: 'settled' });
  expect(client.outbox.status).toBe('running');
});

test('what was never sent can be taken back', async () => {
  const { client, server } = start();
  const sent = client.dispatch(deposit('a'));
  const operation = client.dispatch(deposit('a'));
  await server.next();
  expect(sent.cancel()).toBe(false);
  expect(operation.cancel()).toBe(true);
  await expect(operation.accepted).rejects.toMatchObject({ code: 'closed' });
  expect(await operation.settled).toMatchObject({ status: 'cancelled' });
  expect(client.outbox.list()).toEqual([sent]);
});

test('a reload repeats what was under way, in its order, with its id', async () => {
  const storage = new KeptStorage();
  const page = start({ storage });
  const operation = page.client.dispatch(deposit('a'));
  const second = page.client.dispatch(deposit('a'));
  await page.server.next();
  expect(operation.get().isStored).toBe(true);
  page.client.close();
  const { client, server } = start({ storage });
  const third = client.dispatch(deposit('a'));
  expect(client.outbox.status).toBe('loading');
  await client.outbox.loaded;
  expect(client.outbox.list().map(({ id }) => id)).toEqual([operation.id, second.id, third.id]);
  for (const { id } of [operation, second, third]) {
    const asked = await server.next();
    expect(asked.id).toBe(id);
    asked.accept(1);
  }
  await third.settled;
  await quiet();
  expect(storage.kept.size).toBe(0);
});

test('a refusal survives a reload', async () => {
  const storage = new KeptStorage();
  const page = start({ storage });
  const operation = page.client.dispatch(deposit('a'));
  (await page.server.next()).refuse('NotOpen');
  await operation.settled;
  page.client.close();
  await quiet();
  const { client } = start({ storage });
  await client.outbox.loaded;
  const [kept] = client.outbox.refused();
  expect(kept).toMatchObject({ id: operation.id, status: 'refused', message: operation.message });
  expect(kept?.get().outcome).toMatchObject({ refusal: { type: 'NotOpen' } });
  client.outbox.discard(operation.id);
  await quiet();
  expect(storage.kept.size).toBe(0);
});

test.each([
  ['another user’s', { user: 'bea' }],
  ['another version’s', { version: '2' }],
])('%s operations are parked, never sent, until a person says so', async (_, changed) => {
  const storage = new KeptStorage();
  const mine = { user: 'ada', version: '1' };
  const page = start({ storage, ...mine });
  const operation = page.client.dispatch(deposit('a'));
  await page.server.next();
  page.client.close();
  const { client, server } = start({ storage, ...mine, ...changed });
  await client.outbox.loaded;
  await quiet();
  expect(server.count).toBe(0);
  expect(client.outbox.list()).toMatchObject([{ id: operation.id, status: 'parked' }]);
  const own = client.dispatch(deposit('a'));
  (await server.next()).accept(0);
  await own.settled;
  expect(client.outbox.retry(operation.id)).toMatchObject({ id: operation.id });
  expect((await server.next()).id).toBe(operation.id);
});

test('what could not be sent within its time is parked', async () => {
  const { client, server } = start({ ttlMs: 0 });
  const operation = client.dispatch(deposit('a'));
  await until(operation, 'parked');
  expect(server.count).toBe(0);
  expect(client.outbox.discard(operation.id)).toBe(true);
  expect(operation.status).toBe('cancelled');
});

test('a storage that fails keeps nobody from sending, and is said', async () => {
  const storage = new KeptStorage();
  storage.isBroken = true;
  const { client, server } = start({ storage });
  const operation = client.dispatch(deposit('a'));
  const asked = await server.next();
  expect(operation.get().isStored).toBe(false);
  asked.accept(0);
  await operation.settled;
});

test('an id that is known gives the operation that has it', () => {
  const { client } = start();
  const operation = client.dispatch(deposit('a'), { id: 'mine' });
  expect(client.dispatch(deposit('a'), { id: 'mine' })).toBe(operation);
});
