// oxlint-disable vitest/expect-expect -- What is given here expects by itself.
import { given } from '@daybook/core/testing';
import { expect, expectTypeOf, test } from 'vitest';

import { account, postEntry } from '../bank.ts';

const { AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed } = account.events;
const opened = AccountOpened({ owner: 'Ada', overdraftCents: 0 });
const deposited = (cents: number) => MoneyDeposited({ cents, balanceCents: cents });

test('given events, when a command, then events', () => {
  given(account, [opened, deposited(10)])
    .when(account.WithdrawMoney('acc-1', { cents: 4 }))
    .thenEmitted([MoneyWithdrawn({ cents: 4, balanceCents: 6 })]);
  given(account, [opened]).when(account.CloseAccount('acc-1')).thenEmitted([AccountClosed()]);
});

test('given events, when a command, then a refusal or nothing', () => {
  given(account, [opened])
    .when(account.WithdrawMoney('acc-1', { cents: 4 }))
    .thenRefused('InsufficientFunds', { balanceCents: 0 });
  given(account, [])
    .when(account.DepositMoney('acc-1', { cents: 4 }))
    .thenRefused('NotOpen');
  given(account, []).when(account.CloseAccount('acc-1')).thenNothing();
});

test('a default of the command is applied', () => {
  given(account, [])
    .when(account.OpenAccount('a', { owner: 'Ada' }))
    .thenEmitted([opened]);
});

test('given streams, when a decision is asked for, then events of each', () => {
  const [from, to] = [account.stream('from'), account.stream('to')];
  const entry = postEntry({
    entryId: 'e',
    postings: [
      { account: 'from', cents: -4 },
      { account: 'to', cents: 4 },
    ],
  });
  given(postEntry, [
    [from, opened, deposited(10)],
    [to, opened],
  ])
    .when(entry)
    .thenEmitted([
      [from, MoneyWithdrawn({ cents: 4, balanceCents: 6, entryId: 'e' })],
      [to, MoneyDeposited({ cents: 4, balanceCents: 4, entryId: 'e' })],
    ]);
  given(postEntry, [[from, opened]])
    .when(entry)
    .thenRefused('InsufficientFunds', {
      account: 'from',
      balanceCents: 0,
    });
  given(postEntry, [[from, opened, deposited(4)]])
    .when(entry)
    .thenRefused('NotOpen', { account: 'to' });
});

test('says what was expected and what came, line by line', () => {
  const then = given(account, [opened, deposited(10)]).when(
    account.WithdrawMoney('acc-1', { cents: 4 }),
  );
  expect(() => then.thenEmitted([MoneyWithdrawn({ cents: 4, balanceCents: 7 })])).toThrow(
    expect.objectContaining({
      name: 'AssertionError',
      message: expect.stringMatching(/-\s+"balanceCents": 7,?\n\+\s+"balanceCents": 6,?\n/),
    }),
  );
  expect(() => then.thenRefused('NotOpen')).toThrow('"type": "NotOpen"');
  expect(() => then.thenNothing()).toThrow('+ ');
  expect(() => then.thenEmitted([])).toThrow('+ ');
});

test('events and commands are validated', () => {
  expect(() => given(account, [deposited(-1)]).when(account.CloseAccount('a'))).toThrow(
    'The event "MoneyDeposited" does not match its schema',
  );
  expect(() => given(account, []).when(account.DepositMoney('a', { cents: 0 }))).toThrow(
    'The command "DepositMoney" does not match its schema',
  );
});

test('types: only the command’s own refusals, with their data', () => {
  const then = given(account, []).when(account.DepositMoney('a', { cents: 1 }));
  expectTypeOf(then.thenRefused<'NotOpen'>)
    .parameter(0)
    .toEqualTypeOf<'NotOpen'>();
  // @ts-expect-error DepositMoney cannot be refused so.
  expect(() => then.thenRefused('InsufficientFunds', { balanceCents: 0 })).toThrow('NotOpen');
});
