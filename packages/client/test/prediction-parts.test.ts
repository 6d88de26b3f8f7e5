/** Parts of the prediction whose hard cases are seen best by themselves. */
import { daybookClient } from '@daybook/client';
import { daybook, readModel } from '@daybook/core';
import type { SubFrame } from '@daybook/protocol';
import { httpHandler } from '@daybook/server';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { FrameGate } from '../src/frame-gate.ts';
import type { OperationPlace, TrackedOperation } from '../src/outbox/operation.ts';
import { soundRules } from '../src/prediction/rules.ts';
import { account, bank, memoryStore } from './bank.ts';
import { FakeFetch } from './fake-fetch.ts';
import { fakeServer, greet, snap } from './fake-socket.ts';

test('frames of a lost connection are not delivered, and its question is not waited for', () => {
  const delivered: string[] = [];
  const asked: string[] = [];
  const gate = new FrameGate(
    () => ['mine'],
    () => undefined,
  );
  const pass = (name: string): boolean =>
    gate.pass(
      () => delivered.push(name),
      (frame) => asked.push(frame.type === 'ask' ? frame.id : ''),
    );
  const answer = (id: string | undefined): void => gate.answer(id, [], () => undefined);
  pass('old');
  gate.clear();
  pass('new');
  expect(asked).toHaveLength(2);
  answer(asked[0]);
  expect(delivered).toEqual([]);
  answer(asked[1]);
  expect(delivered).toEqual(['new']);
});

test('G9: at most so many frames wait, and more than one question is asked for many commands', () => {
  const commands = Array.from({ length: 250 }, (_, index) => `c${index}`);
  const asked: (readonly string[])[] = [];
  const ids: string[] = [];
  const send = (frame: { readonly type: string }): void => {
    if (!('commands' in frame) || !('id' in frame)) return;
    asked.push(frame.commands as readonly string[]);
    ids.push(frame.id as string);
  };
  const gate = new FrameGate(
    () => commands,
    () => undefined,
  );
  let delivered = 0;
  const passed = Array.from({ length: 1_001 }, () => gate.pass(() => (delivered += 1), send));
  expect(passed.indexOf(false)).toBe(1_000);
  for (let index = 0; index < 3; index += 1) {
    expect(delivered).toBe(0);
    gate.answer(ids[index], [], send);
  }
  expect(asked.slice(0, 3).flat()).toEqual(commands);
  expect(delivered).toBe(1);
});

function at(place: OperationPlace | undefined, epoch: string, position: number): boolean {
  return soundRules.isIncluded({ place } as TrackedOperation, { position, epoch });
}

test('L9: a place in another epoch is in every answer, and one without events too', () => {
  const place = { log: 'main', first: 7, position: 7, epoch: 'e1' };
  expect(at(place, 'e1', 6)).toBe(false);
  expect(at(place, 'e1', 7)).toBe(true);
  expect(at(place, 'e2', 0)).toBe(true);
  expect(at({ ...place, position: null }, 'e1', -1)).toBe(true);
  expect(at(undefined, 'e1', 100)).toBe(false);
});

test('G7: a query that is opened after an operation was settled has to see it', async () => {
  const fetched = new FakeFetch();
  const server = fakeServer();
  const client = daybookClient(bank, {
    url: 'http://bank.test',
    fetch: fetched.fetch,
    WebSocket: server.WebSocket,
  });
  onTestFinished(() => client.close());
  const operation = client.dispatch(account.OpenAccount('a', { owner: 'Ada' }));
  (await fetched.next()).accept(3);
  await operation.settled;
  client.live({ kind: 'query', readModel: 'balances', query: 'balanceOf', params: {} } as never);
  const end = await server.connection();
  await greet(end);
  expect(((await end.frame()) as SubFrame).after).toBe('t3');
});

test('without definitions there is an outbox, and an operation is settled when every query has reached it', async () => {
  const fetched = new FakeFetch();
  const server = fakeServer();
  const client = daybookClient(undefined, {
    url: 'http://bank.test',
    fetch: fetched.fetch,
    WebSocket: server.WebSocket,
  });
  onTestFinished(() => client.close());
  client.live({ kind: 'query', readModel: 'r', query: 'q', params: {} } as never);
  const end = await server.connection();
  await greet(end);
  const { id, rows } = (await end.frame()) as SubFrame;
  expect(rows).toBeUndefined();
  end.say(snap(id, -1));
  const nothing = client.dispatch(account.OpenAccount('a', { owner: 'Ada' }));
  (await fetched.next()).accept(null);
  expect(await nothing.settled).toMatchObject({ status: 'settled' });
  const operation = client.dispatch(account.OpenAccount('a', { owner: 'Ada' }));
  (await fetched.next()).accept(4);
  expect(await end.frame()).toEqual({ type: 'reach', id, token: 't4' });
  expect(operation.status).toBe('accepted');
  end.say({ type: 'pos', sub: id, generation: 1, position: 4, token: 't4', from: -1, to: 4 });
  expect(await operation.settled).toMatchObject({ status: 'settled' });
});

test('an overlay that was overtaken while its query ran is not shown', async () => {
  let opened = Promise.resolve();
  const slow = readModel('slow', {
    from: [account],
    row: z.object({ cents: z.int() }),
    initialRow: { cents: 0 },
    on: { MoneyDeposited: (row, { cents }) => ({ cents: row.cents + cents }) },
    queries: (query) => ({
      one: query(z.object({ id: z.string() }), async (rows, { id }) => {
        await opened;
        return rows.get(id);
      }),
    }),
  });
  const slowBank = daybook({ deciders: [account], readModels: [slow] });
  const app = await slowBank.start({ store: memoryStore() });
  const server = await httpHandler(app).listen({ port: 0 });
  const client = daybookClient(slowBank, { url: server.url });
  onTestFinished(async () => {
    client.close();
    await server.close();
    await app.close();
  });
  await app.send(account.OpenAccount('a', { owner: 'Ada' }));
  const { token } = await app.send(account.DepositMoney('a', { cents: 1 }));
  const live = client.live(slow.one({ id: 'a' }), { after: token });
  const stream = client.stream(account, 'a');
  const shows = (cents: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (live.get().data?.cents === cents && stream.get().status === 'live') resolve();
      };
      live.subscribe(look);
      stream.subscribe(look);
      look();
    });
  await shows(1);
  const seen: (number | undefined)[] = [];
  live.subscribe(({ data }) => seen.push(data?.cents));
  let open: (() => void) | undefined;
  opened = new Promise((resolve) => (open = resolve));
  client.dispatch(account.DepositMoney('a', { cents: 2 }));
  await Promise.resolve();
  client.dispatch(account.DepositMoney('a', { cents: 4 }));
  open?.();
  await shows(7);
  expect(seen[0]).toBe(7);
});
