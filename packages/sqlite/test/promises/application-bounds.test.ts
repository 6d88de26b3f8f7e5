/** G9: the named bounds of an application, each hit: an error with the bound's name, and everything goes on. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import {
  PARKED_KEYS_MAX,
  PARKED_PAGE_MAX,
  type AppFace,
  type AppLimits,
  type EventStore,
  type StartOptions,
  type StoreAdapter,
} from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, onTestFinished, test } from 'vitest';

import { temporaryDirectory } from '../temporary-directory.ts';
import { account, balances, bankWith, POISON_CENTS, postEntry } from './bank.ts';
import { changed } from './changed.ts';

test('G9: decideAttemptsMax: a command that always loses is a contention error; nothing is written, and the id can be sent again', async () => {
  let isRobbed = true;
  // Another writer is always faster.
  const store = wrapped(newStore(), (events) => ({
    async append(request) {
      if (isRobbed) await appendTo(events, 'account-a');
      return events.append(request);
    },
  }));
  const app = await start({ store, processing: false, limits: { decideAttemptsMax: 3 } });
  const move = account.MoveMoney('a', { cents: 1 });
  await expect(app.send(move, { id: 'm' })).rejects.toMatchObject({ code: 'contention' });
  expect((await app.events.head()).position).toBe(2);
  isRobbed = false;
  expect(await app.send(move, { id: 'm' })).toMatchObject({
    status: 'accepted',
    isRepeated: false,
  });
});

test('G9: waitingPerStreamMax: commands beyond it are refused as overloaded, the others are carried out', async () => {
  const app = await start({ processing: false, limits: { waitingPerStreamMax: 5 } });
  const sent = Array.from({ length: 20 }, () => app.send(account.MoveMoney('a', { cents: 1 })));
  const settled = await Promise.allSettled(sent);
  const refused = settled.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(15);
  expect(refused[0]).toMatchObject({
    reason: { code: 'overloaded', limit: 'waitingPerStreamMax' },
  });
  expect(await app.stateOf('account-a')).toMatchObject({ state: { balanceCents: 5 } });
});

test('G9: foldEventsMax: a stream longer than it is an error for commands, decisions and states', async () => {
  const app = await start({ processing: false, limits: { foldEventsMax: 3 } });
  for (let turn = 0; turn < 3; turn += 1) await app.send(account.MoveMoney('a', { cents: 1 }));
  const last = await app.send(account.MoveMoney('a', { cents: 1 }));
  expect(last.status).toBe('accepted');
  const limit = { code: 'limit-exceeded', limit: 'foldEventsMax' };
  const entry = postEntry({ postings: [{ account: 'a', cents: 1 }] });
  await expect(app.send(account.MoveMoney('a', { cents: 1 }))).rejects.toMatchObject(limit);
  await expect(app.send(entry)).rejects.toMatchObject(limit);
  await expect(app.stateOf('account-a')).rejects.toMatchObject(limit);
});

test('G9 T2: waitMsMax bounds every wait, whatever was asked for', async () => {
  const store = newStore();
  await builtOnce(store);
  const app = await start({ store, processing: false, limits: { waitMsMax: 30 } });
  const { token } = await app.send(account.OpenAccount('a', { overdraftCents: 0 }));
  const answer = await app.query(balances.all(), { after: token, waitMs: 600_000 });
  expect(answer.status).toBe('timed-out');
});

test('G9: waitersMax and liveQueriesMax: one more than that is refused as overloaded', async () => {
  const store = newStore();
  await builtOnce(store);
  const limits = { waitersMax: 3, liveQueriesMax: 2 };
  const app = await start({ store, processing: false, limits });
  const { token } = await app.send(account.OpenAccount('a', { overdraftCents: 0 }));
  const end = new AbortController();
  const { signal } = end;
  const ask = () => app.query(balances.all(), { after: token, waitMs: 30_000, signal });
  const all = Array.from({ length: 4 }, ask);
  await expect(Promise.race(all)).rejects.toMatchObject({
    code: 'overloaded',
    limit: 'waitersMax',
  });
  const lives = Array.from({ length: 3 }, () =>
    app.live(balances.all(), { signal })[Symbol.asyncIterator](),
  );
  const [first, second, third] = lives.map((live) => live.next());
  await expect(third).rejects.toMatchObject({ code: 'overloaded', limit: 'liveQueriesMax' });
  expect([(await first)?.value, (await second)?.value]).toMatchObject([
    { status: 'fresh' },
    { status: 'fresh' },
  ]);
  end.abort();
  const settled = await Promise.allSettled(all);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
});

test(
  'G9 P3: PARKED_KEYS_MAX: a read model that parks more keys than that stops, red; PARKED_PAGE_MAX of them are listed',
  { timeout: 60_000 },
  async () => {
    const app = await start({}, () => true);
    const names = Array.from({ length: PARKED_KEYS_MAX + 1 }, (_, n) => `acc-${n}`);
    const poison = { cents: POISON_CENTS };
    await Promise.all(names.map((name) => app.send(account.MoveMoney(name, poison))));
    await changed(app.readModels, async () => {
      const { readModels } = await app.health();
      return readModels[0]?.processor === 'stopped';
    });
    expect(await app.health()).toMatchObject({
      status: 'failing',
      readModels: [{ error: { code: 'projection-failed' } }],
    });
    expect((await app.parked()).length).toBeLessThanOrEqual(PARKED_PAGE_MAX);
  },
);

test('G9: LAG_SECONDS_MAX: a read model that nobody fills is failing in health 10 s after the event that it lacks', async () => {
  const clock = new Float64Array(new SharedArrayBuffer(8)).fill(Date.UTC(2026, 10, 17));
  const store = sqlite(join(temporaryDirectory(), 'bank.db'), { clock: clock.buffer });
  await builtOnce(store);
  const app = await start({ store, processing: false });
  await app.send(account.OpenAccount('a', { overdraftCents: 0 }));
  clock.fill(Date.UTC(2026, 10, 17, 0, 0, 10));
  expect((await app.health()).status).toBe('ok');
  clock.fill(Date.UTC(2026, 10, 17, 0, 0, 11));
  expect(await app.health()).toMatchObject({
    status: 'failing',
    readModels: [{ lagEvents: 1, lagSeconds: 11 }],
  });
});

async function start(
  options: Partial<Omit<StartOptions, 'limits'>> & { readonly limits?: Partial<AppLimits> },
  isBroken = (): boolean => false,
): Promise<AppFace> {
  const { face } = await bankWith(isBroken).start({ store: newStore(), ...options });
  onTestFinished(() => face.close());
  return face;
}

function newStore(): StoreAdapter {
  return sqlite(join(temporaryDirectory(), 'bank.db'));
}

/** Its read models are built, and answer from now on. */
async function builtOnce(store: StoreAdapter): Promise<void> {
  const { face } = await bankWith(() => false).start({ store });
  await changed(face.readModels, async () => (await face.health()).status === 'ok');
  await face.close();
}

function wrapped(
  store: StoreAdapter,
  change: (events: EventStore) => Partial<EventStore>,
): StoreAdapter {
  return {
    async open() {
      const opened = await store.open();
      const { events } = opened;
      const changes = change(events);
      const proxy = new Proxy(events, {
        get(target, name) {
          const value: unknown = Reflect.get(name in changes ? changes : target, name);
          return typeof value === 'function'
            ? value.bind(name in changes ? changes : target)
            : value;
        },
      });
      return { ...opened, events: proxy };
    },
  };
}

async function appendTo(events: EventStore, stream: string): Promise<void> {
  const event = {
    id: randomUUID(),
    type: 'MoneyMoved',
    schemaVersion: 1,
    data: { cents: 1 },
    metadata: {},
  };
  await events.append({
    id: randomUUID(),
    streams: [{ stream, expected: 'any', events: [event] }],
  });
}
