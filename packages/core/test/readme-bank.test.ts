import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { memory } from '@daybook/core';
import { expect, expectTypeOf, test } from 'vitest';

import { testPlatform } from './platform.ts';
import { account, balances, bank } from './readme-bank.ts';

test('the bank of the README takes at most 45 lines of 100 characters, without a cast or a type parameter', async () => {
  const source = await readFile(join(import.meta.dirname, 'readme-bank.ts'), 'utf8');
  const lines = source.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(45);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(source).not.toMatch(/\bas\b|<[A-Z]|@\w+\(|: any\b/);
});

test('the bank of the README opens, deposits, refuses, and reads its own writes', async () => {
  const app = await bank.start({ store: memory(testPlatform()) });
  await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
  const deposited = await app.send(account.DepositMoney('acc-1', { cents: 700 }));
  const refused = await app.send(account.WithdrawMoney('acc-1', { cents: 701 }));
  expect(refused).toMatchObject({
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 700 } },
  });
  const answer = await app.query(balances.balanceOf({ id: 'acc-1' }), { after: deposited.token });
  expect(answer).toMatchObject({ status: 'fresh', data: { owner: 'Ada', balanceCents: 700 } });
  const { events } = await app.history(account, 'acc-1');
  expect(events.map(({ type }) => type)).toEqual(['AccountOpened', 'MoneyDeposited']);
  const { state } = await app.state(account, 'acc-1');
  expectTypeOf(state).toEqualTypeOf<{ isOpen: boolean; balanceCents: number }>();
  expect(state).toEqual({ isOpen: true, balanceCents: 700 });
  await app.close();
});

test('a query of the past is refused with a sentence, until there is one', async () => {
  const app = await bank.start({ store: memory(testPlatform()) });
  const past = app.query(balances.balanceOf({ id: 'acc-1' }), { at: '2026-11-17T15:00:00Z' });
  await expect(past).rejects.toMatchObject({ code: 'unsupported-capability' });
  await app.close();
});

test('a query without a token, of a read model that cannot answer, throws what a token would be told', async () => {
  const app = await bank.start({ store: memory(testPlatform()), processing: false });
  const question = balances.balanceOf({ id: 'acc-1' });
  await expect(app.query(question, { waitMs: 0 })).rejects.toMatchObject({ code: 'not-fresh' });
  const { token } = await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
  const answer = await app.query(question, { after: token, waitMs: 0 });
  expect(answer.status).not.toBe('fresh');
  await app.close();
});
