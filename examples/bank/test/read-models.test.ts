import { createHash } from 'node:crypto';

import { memory } from '@daybook/core';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { account, bank, postEntry } from '../bank.ts';
import { balances } from '../balances.ts';
import { statements } from '../statements.ts';

type Bank = Awaited<ReturnType<typeof bank.start>>;
let app: Bank;
let token = '';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

beforeEach(async () => {
  app = await bank.start({ store: memory({ sha256 }) });
});

afterEach(() => app.close());

/** Sends it; the answers that follow have seen it. */
async function send(message: Parameters<Bank['send']>[0]): Promise<void> {
  const outcome = await app.send(message);
  expect(outcome).toMatchObject({ status: 'accepted' });
  ({ token } = outcome);
}

async function ask<Question extends Parameters<Bank['query']>[0]>(question: Question) {
  const answer = await app.query(question, { after: token });
  if (answer.status !== 'fresh') throw new Error(`The answer is ${answer.status}.`);
  return answer.data;
}

async function open(id: string, owner: string, cents: number): Promise<void> {
  await send(account.OpenAccount(id, { owner }));
  if (cents > 0) await send(account.DepositMoney(id, { cents }));
}

test('balances has a row for each open account, and none for a closed one', async () => {
  await open('acc-1', 'Ada', 0);
  expect(await ask(balances.balanceOf({ id: 'acc-1' }))).toEqual({ owner: 'Ada', balanceCents: 0 });
  expect(await ask(balances.balanceOf({ id: 'acc-2' }))).toBeNull();
  await send(account.CloseAccount('acc-1', {}));
  expect(await ask(balances.balanceOf({ id: 'acc-1' }))).toBeNull();
  await open('acc-1', 'Bea', 7);
  expect(await ask(balances.balanceOf({ id: 'acc-1' }))).toEqual({ owner: 'Bea', balanceCents: 7 });
});

test('balances answers by owner, and the richest first', async () => {
  await open('acc-1', 'Ada', 100);
  await open('acc-2', 'Bea', 300);
  await open('acc-3', 'Ada', 200);
  const { rows, next } = await ask(balances.richest({ limit: 2 }));
  expect(rows.map(({ balanceCents }) => balanceCents)).toEqual([300, 200]);
  expect(next).toBeTypeOf('string');
  expect(await ask(balances.richest({}))).toMatchObject({ next: null });
  const { rows: adas } = await ask(balances.ofOwner({ owner: 'Ada' }));
  expect(adas.map(({ balanceCents }) => balanceCents)).toEqual([100, 200]);
});

test('a statement has each movement in order, with the balance after it, page by page', async () => {
  await open('acc-1', 'Ada', 500);
  await open('acc-2', 'Bea', 50);
  await send(account.WithdrawMoney('acc-1', { cents: 120 }));
  const postings = [
    { account: 'acc-1', cents: -80 },
    { account: 'acc-2', cents: 80 },
  ];
  await send(postEntry({ entryId: 'e-1', postings, payee: 'Bea', memo: 'Lunch' }));

  const first = await ask(statements.statementOf({ id: 'acc-1', limit: 2 }));
  expect(first.rows).toMatchObject([
    { account: 'acc-1', revision: 1, cents: 500, balanceCents: 500 },
    { account: 'acc-1', revision: 2, cents: -120, balanceCents: 380 },
  ]);
  const cursor = first.next ?? '';
  const second = await ask(statements.statementOf({ id: 'acc-1', limit: 2, cursor }));
  expect(second).toMatchObject({
    rows: [{ revision: 3, cents: -80, balanceCents: 300, entryId: 'e-1', payee: 'Bea' }],
    next: null,
  });
  const { rows } = await ask(statements.statementOf({ id: 'acc-2' }));
  expect(rows.map(({ cents, balanceCents }) => [cents, balanceCents])).toEqual([
    [50, 50],
    [80, 130],
  ]);
});
