// oxlint-disable vitest/expect-expect -- What is given here expects by itself.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { memory } from '@daybook/core';
import { given } from '@daybook/core/testing';
import { expect, test } from 'vitest';

import { account, balances, bank } from '../readme-bank.ts';

const source = readFileSync(new URL('../readme-bank.ts', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test('the README shows the bank as it is', () => {
  expect(readme).toContain(
    `<!-- whole examples/bank/readme-bank.ts -->\n\`\`\`ts\n${source}\`\`\`\n`,
  );
});

test('the bank takes at most 45 lines of at most 100 characters, and no cast or type parameter', () => {
  const lines = source.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(45);
  expect(readme).toContain(`\n## The bank in ${lines.length} lines\n`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(source).not.toMatch(/ as |\w<\w|^\s*@\w|\bany\b/m);
});

test('the bank opens, deposits, withdraws, refuses, answers its own writes and tells its history', async () => {
  const app = await bank.start({
    store: memory({ sha256: (text) => createHash('sha256').update(text).digest('hex') }),
  });
  try {
    await app.send(account.OpenAccount('acc-1', { owner: 'Ada' }));
    await app.send(account.DepositMoney('acc-1', { cents: 5_000 }));
    const done = await app.send(account.WithdrawMoney('acc-1', { cents: 1_500 }));
    expect(done).toMatchObject({ status: 'accepted', revision: 2 });
    const answer = await app.query(balances.balanceOf({ id: 'acc-1' }), { after: done.token });
    expect(answer).toMatchObject({
      status: 'fresh',
      data: { owner: 'Ada', balanceCents: 3_500 },
    });
    const refused = await app.send(account.WithdrawMoney('acc-1', { cents: 9_999 }));
    expect(refused).toMatchObject({
      status: 'refused',
      refusal: { type: 'InsufficientFunds', data: { balanceCents: 3_500 } },
    });
    const { events } = await app.history(account, 'acc-1');
    expect(events.map(({ type }) => type)).toEqual([
      'AccountOpened',
      'MoneyDeposited',
      'MoneyWithdrawn',
    ]);
  } finally {
    await app.close();
  }
});

test('the bank does not open twice, and refuses a deposit where there is no account', () => {
  given(account, [account.events.AccountOpened({ owner: 'Ada' })])
    .when(account.OpenAccount('acc-1', { owner: 'Ada' }))
    .thenNothing();
  given(account, [])
    .when(account.DepositMoney('acc-1', { cents: 1 }))
    .thenRefused('NotOpen', {});
});
