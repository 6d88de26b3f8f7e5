// oxlint-disable vitest/expect-expect -- What is given here expects by itself.
import { given } from '@daybook/core/testing';
import { describe, expect, test } from 'vitest';

import { account } from '../account.ts';

const { AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed } = account.events;
const opened = AccountOpened({ owner: 'Ada', overdraftCents: 0 });
const holding100 = [opened, MoneyDeposited({ cents: 100, balanceCents: 100 })];
const closed = [opened, AccountClosed({})];

describe('OpenAccount', () => {
  test('opens an account, without an overdraft where none is given', () => {
    given(account, [])
      .when(account.OpenAccount('acc-1', { owner: 'Ada' }))
      .thenEmitted([AccountOpened({ owner: 'Ada', overdraftCents: 0 })]);
  });

  test('opens an account with an overdraft', () => {
    given(account, [])
      .when(account.OpenAccount('acc-1', { owner: 'Ada', overdraftCents: 5_000 }))
      .thenEmitted([AccountOpened({ owner: 'Ada', overdraftCents: 5_000 })]);
  });

  test('is refused for an open account', () => {
    given(account, [opened])
      .when(account.OpenAccount('acc-1', { owner: 'Bea' }))
      .thenRefused('AlreadyOpen', {});
  });

  test('opens a closed account again', () => {
    given(account, closed)
      .when(account.OpenAccount('acc-1', { owner: 'Bea', overdraftCents: 1 }))
      .thenEmitted([AccountOpened({ owner: 'Bea', overdraftCents: 1 })]);
  });

  test('refuses an overdraft below 0 and an owner without a name', () => {
    const negative = account.OpenAccount('acc-1', { owner: 'Ada', overdraftCents: -1 });
    expect(() => given(account, []).when(negative)).toThrow(/overdraftCents/);
    expect(() => given(account, []).when(account.OpenAccount('acc-1', { owner: '' }))).toThrow(
      /owner/,
    );
  });
});

describe('DepositMoney', () => {
  test('adds to the balance', () => {
    given(account, holding100)
      .when(account.DepositMoney('acc-1', { cents: 23 }))
      .thenEmitted([MoneyDeposited({ cents: 23, balanceCents: 123 })]);
  });

  test('is refused for an account that was never opened, or is closed', () => {
    const deposit = account.DepositMoney('acc-1', { cents: 1 });
    given(account, []).when(deposit).thenRefused('NotOpen', {});
    given(account, closed).when(deposit).thenRefused('NotOpen', {});
  });

  test.each([0, -1, 0.5, Number.MAX_SAFE_INTEGER + 1, Number.NaN])('refuses %s cents', (cents) => {
    expect(() => given(account, [opened]).when(account.DepositMoney('acc-1', { cents }))).toThrow(
      /cents/,
    );
  });

  test('takes no amount that would bring a balance near the end of the safe integers', () => {
    const most = account.DepositMoney('acc-1', { cents: 1_000_000_000_000 });
    given(account, holding100)
      .when(most)
      .thenEmitted([MoneyDeposited({ cents: 1_000_000_000_000, balanceCents: 1_000_000_000_100 })]);
    const more = account.DepositMoney('acc-1', { cents: 1_000_000_000_001 });
    expect(() => given(account, holding100).when(more)).toThrow(/DepositMoney/);
  });
});

describe('WithdrawMoney', () => {
  test('takes from the balance, down to the last cent', () => {
    given(account, holding100)
      .when(account.WithdrawMoney('acc-1', { cents: 100 }))
      .thenEmitted([MoneyWithdrawn({ cents: 100, balanceCents: 0 })]);
  });

  test('is refused beyond the balance, and says what there is', () => {
    given(account, holding100)
      .when(account.WithdrawMoney('acc-1', { cents: 101 }))
      .thenRefused('InsufficientFunds', { balanceCents: 100 });
  });

  test('goes down to the overdraft, and not one cent further', () => {
    const overdrawable = [AccountOpened({ owner: 'Ada', overdraftCents: 50 })];
    given(account, overdrawable)
      .when(account.WithdrawMoney('acc-1', { cents: 50 }))
      .thenEmitted([MoneyWithdrawn({ cents: 50, balanceCents: -50 })]);
    given(account, overdrawable)
      .when(account.WithdrawMoney('acc-1', { cents: 51 }))
      .thenRefused('InsufficientFunds', { balanceCents: 0 });
  });

  test('is refused for an account that was never opened, or is closed', () => {
    const withdrawal = account.WithdrawMoney('acc-1', { cents: 1 });
    given(account, []).when(withdrawal).thenRefused('NotOpen', {});
    given(account, closed).when(withdrawal).thenRefused('NotOpen', {});
  });
});

describe('CloseAccount', () => {
  test('closes an empty account', () => {
    given(account, [opened])
      .when(account.CloseAccount('acc-1', {}))
      .thenEmitted([AccountClosed({})]);
  });

  test('is refused while there is money, or a debt', () => {
    const overdrawn = [
      AccountOpened({ owner: 'Ada', overdraftCents: 50 }),
      MoneyWithdrawn({ cents: 1, balanceCents: -1 }),
    ];
    given(account, holding100).when(account.CloseAccount('acc-1', {})).thenRefused('NotEmpty', {});
    given(account, overdrawn).when(account.CloseAccount('acc-1', {})).thenRefused('NotEmpty', {});
  });

  test('is refused for an account that was never opened, or is closed', () => {
    given(account, []).when(account.CloseAccount('acc-1', {})).thenRefused('NotOpen', {});
    given(account, closed).when(account.CloseAccount('acc-1', {})).thenRefused('NotOpen', {});
  });
});
