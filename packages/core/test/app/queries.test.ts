import { daybook, memory, mergeTokens, readModel } from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { account, balances, statements } from '../bank.ts';
import { testPlatform } from '../platform.ts';
import { fresh, runningBank } from './running-bank.ts';

const anna = { owner: 'Anna' };

test('G7: a query with the token of a command sees the command', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  for (let cents = 1; cents <= 50; cents += 1) {
    const done = await app.send(account.DepositMoney('a', { cents: 1 }));
    const answer = fresh(await app.query(balances.balanceOf({ id: 'a' }), { after: done.token }));
    expect(answer.data).toEqual({ owner: 'Anna', balanceCents: cents });
    expect(answer.position).toBeGreaterThanOrEqual(cents);
  }
});

test('a missing row is null, and an answer says its position', async () => {
  await using running = await runningBank();
  const answer = await running.app.query(balances.balanceOf({ id: 'nobody' }));
  expect(answer).toMatchObject({ status: 'fresh', data: null, position: -1, exact: true });
});

test('T1: a refused command has a token too, and several tokens are asked for together', async () => {
  await using running = await runningBank();
  const { app } = running;
  const refused = await app.send(account.DepositMoney('a', { cents: 1 }));
  const opened = await app.send(account.OpenAccount('a', anna));
  const merged = mergeTokens([refused.token, opened.token]);
  expect(
    fresh(await app.query(balances.balanceOf({ id: 'a' }), { after: merged })).data,
  ).toMatchObject(anna);
  expect(
    fresh(
      await app.query(balances.balanceOf({ id: 'a' }), { after: [refused.token, opened.token] }),
    ).data,
  ).toMatchObject(anna);
});

test('T1: a token that is none, or of another log, is refused', async () => {
  await using running = await runningBank();
  const { app } = running;
  for (const after of ['', 'x', '1.', '1.e30', `1.${btoa('["e",[["main",1.5,"x"]]]')}`]) {
    await expect(app.query(balances.balanceOf({ id: 'a' }), { after })).rejects.toMatchObject({
      code: 'token-of-another-store',
    });
  }
});

test('T2: without a projector nothing is fresh, and the answer says why within its bound', async () => {
  await using running = await runningBank({ processing: false });
  const { app } = running;
  const done = await app.send(account.OpenAccount('a', anna));
  const answer = await app.query(balances.balanceOf({ id: 'a' }), { after: done.token, waitMs: 0 });
  expect(answer).toMatchObject({ status: 'rebuilding' });
  await expect(app.query(balances.balanceOf({ id: 'a' }), { waitMs: 0 })).rejects.toMatchObject({
    code: 'not-fresh',
    status: 'rebuilding',
  });
});

test('T2: what does not concern the read model does not keep it from being fresh', async () => {
  const platform = testPlatform();
  const store = memory(platform);
  const book = daybook({ deciders: [account], readModels: [balances, statements] });
  const filling = await book.start({ store });
  await filling.send(account.OpenAccount('a', anna));
  const first = await filling.send(account.DepositMoney('a', { cents: 5 }));
  await filling.query(statements.statementOf({ id: 'a' }), { after: first.token });
  await filling.close();
  const app = await book.start({ store, processing: false });
  const opened = await app.send(account.OpenAccount('b', anna));
  // Statements have no row for an opening.
  expect(
    await app.query(statements.statementOf({ id: 'a' }), { after: opened.token, waitMs: 0 }),
  ).toMatchObject({ status: 'fresh' });
  expect(
    await app.query(balances.balanceOf({ id: 'b' }), { after: opened.token, waitMs: 0 }),
  ).toMatchObject({ status: 'behind', behind: 1 });
  expect(
    await app.query(balances.balanceOf({ id: 'b' }), { after: opened.token, waitMs: 20 }),
  ).toMatchObject({ status: 'timed-out' });
  await app.close();
});

test('find, orderBy, limit and cursor page through rows without a row twice or missed', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  let last = await app.send(account.DepositMoney('a', { cents: 1 }));
  for (let count = 1; count < 7; count += 1)
    last = await app.send(account.DepositMoney('a', { cents: 1 }));
  const found: number[] = [];
  let cursor: string | undefined;
  do {
    const question = statements.statementOf({
      id: 'a',
      limit: 3,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const page = fresh(await app.query(question, { after: last.token })).data;
    found.push(...page.rows.map(({ balanceCents }) => balanceCents));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(found).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('live gives the answer and its later versions in order, and ends with its signal', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  const stop = new AbortController();
  const seen: number[] = [];
  let position = -1;
  for await (const answer of app.face.live(balances.balanceOf({ id: 'a' }), {
    signal: stop.signal,
  })) {
    if (answer.status !== 'fresh') continue;
    expect(answer.position).toBeGreaterThanOrEqual(position);
    position = answer.position;
    const { balanceCents } = z.object({ balanceCents: z.int() }).parse(answer.data);
    seen.push(balanceCents);
    if (balanceCents >= 5) stop.abort();
    else await app.send(account.DepositMoney('a', { cents: 1 }));
  }
  expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
});

test('awaitToken tells of each read model when it has seen the token', async () => {
  await using running = await runningBank();
  const { app } = running;
  const done = await app.send(account.OpenAccount('a', anna));
  expect(await app.face.awaitToken([done.token], undefined)).toMatchObject([
    { readModel: 'balances', status: 'fresh' },
    { readModel: 'statements', status: 'fresh' },
  ]);
});

test('S4: a find that no declared index serves is refused, at run time too', async () => {
  const sneaky = readModel('sneaky', {
    from: [account],
    row: z.object({ owner: z.string(), note: z.string() }),
    indexes: ['owner'],
    on: { AccountOpened: (_, { owner }) => ({ owner, note: 'x' }) },
    queries: (query) => ({
      byAnything: query(z.object({ where: z.record(z.string(), z.string()) }), (rows, { where }) =>
        rows.find({ where }),
      ),
    }),
  });
  const app = await daybook({ deciders: [account], readModels: [sneaky] }).start({
    store: memory(testPlatform()),
  });
  await expect(app.query(sneaky.byAnything({ where: { note: 'x' } }))).rejects.toMatchObject({
    code: 'not-indexed',
  });
  await expect(app.query(sneaky.byAnything({ where: { constructor: 'x' } }))).rejects.toMatchObject(
    { code: 'not-indexed' },
  );
  await app.close();
});

test('T2: a live query that must have seen a token never answers from before it', async () => {
  const store = memory(testPlatform());
  const book = daybook({ deciders: [account], readModels: [balances] });
  const filling = await book.start({ store });
  await filling.query(balances.balanceOf({ id: 'a' }));
  await filling.close();
  const app = await book.start({ store, processing: false, limits: { waitMsDefault: 5 } });
  const { token } = await app.send(account.OpenAccount('a', anna));
  const stop = new AbortController();
  const seen: unknown[] = [];
  const data: unknown[] = [];
  for await (const answer of app.face.live(balances.balanceOf({ id: 'a' }), {
    after: token,
    signal: stop.signal,
  })) {
    seen.push(answer.status);
    if (answer.status === 'fresh') {
      data.push(answer.data);
      stop.abort();
    } else if (seen.length === 1) {
      void book
        .start({ store })
        .then((late) => stop.signal.addEventListener('abort', () => void late.close()));
    }
  }
  expect(data).toMatchObject([anna]);
  expect(seen[0]).toBe('timed-out');
  await app.close();
});

test('a condition on an undefined value is refused: it would mean every row', async () => {
  const open = readModel('open', {
    from: [account],
    row: z.object({ owner: z.string() }),
    indexes: ['owner'],
    on: { AccountOpened: (_, { owner }) => ({ owner }) },
    queries: (query) => ({
      ofOwner: query(z.object({ owner: z.string().optional() }), (rows, { owner }) =>
        rows.find(Object({ where: { owner } })),
      ),
    }),
  });
  const app = await daybook({ deciders: [account], readModels: [open] }).start({
    store: memory(testPlatform()),
  });
  await expect(app.query(open.ofOwner({}))).rejects.toMatchObject({ code: 'invalid-message' });
  await app.close();
});

test('a query of the past is refused with a sentence, until there is one', async () => {
  await using running = await runningBank();
  const past = running.app.query(balances.balanceOf({ id: 'a' }), { at: '2026-11-17T15:00:00Z' });
  await expect(past).rejects.toMatchObject({ code: 'unsupported-capability' });
});
