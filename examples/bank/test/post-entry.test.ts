// oxlint-disable vitest/expect-expect -- What is given here expects by itself.
import { given } from '@daybook/core/testing';
import { describe, expect, test } from 'vitest';

import { account } from '../account.ts';
import { postEntry, POSTINGS_MAX } from '../post-entry.ts';

const { AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed } = account.events;
const ada = account.stream('ada');
const bea = account.stream('bea');
const opened = AccountOpened({ owner: 'someone', overdraftCents: 0 });
const adaHolds100 = [ada, opened, MoneyDeposited({ cents: 100, balanceCents: 100 })] as const;

const about = { entryId: 'e-1', payee: 'Bea', memo: 'Lunch' };
const transfer = (cents: number) =>
  postEntry({
    entryId: 'e-1',
    postings: [
      { account: 'ada', cents: -cents },
      { account: 'bea', cents },
    ],
    payee: 'Bea',
    memo: 'Lunch',
  });

describe('PostEntry', () => {
  test('moves money on both streams, with the balance after it and what the entry says', () => {
    given(postEntry, [adaHolds100, [bea, opened]])
      .when(transfer(100))
      .thenEmitted([
        [ada, MoneyWithdrawn({ cents: 100, balanceCents: 0, ...about })],
        [bea, MoneyDeposited({ cents: 100, balanceCents: 100, ...about })],
      ]);
  });

  test('leaves out payee and memo where the entry has none', () => {
    const postings = [
      { account: 'ada', cents: -1 },
      { account: 'bea', cents: 1 },
    ];
    given(postEntry, [adaHolds100, [bea, opened]])
      .when(postEntry({ entryId: 'e-2', postings }))
      .thenEmitted([
        [ada, MoneyWithdrawn({ cents: 1, balanceCents: 99, entryId: 'e-2' })],
        [bea, MoneyDeposited({ cents: 1, balanceCents: 1, entryId: 'e-2' })],
      ]);
  });

  test('is refused beyond what an account may be overdrawn, and names the account', () => {
    given(postEntry, [adaHolds100, [bea, opened]])
      .when(transfer(101))
      .thenRefused('InsufficientFunds', { account: 'ada', balanceCents: 100 });
    const overdrawable = [ada, AccountOpened({ owner: 'Ada', overdraftCents: 5 })] as const;
    given(postEntry, [overdrawable, [bea, opened]])
      .when(transfer(5))
      .thenEmitted([
        [ada, MoneyWithdrawn({ cents: 5, balanceCents: -5, ...about })],
        [bea, MoneyDeposited({ cents: 5, balanceCents: 5, ...about })],
      ]);
    given(postEntry, [overdrawable, [bea, opened]])
      .when(transfer(6))
      .thenRefused('InsufficientFunds', { account: 'ada', balanceCents: 0 });
  });

  test('is refused when one of the accounts was never opened, or is closed', () => {
    given(postEntry, [adaHolds100]).when(transfer(1)).thenRefused('NotOpen', { account: 'bea' });
    given(postEntry, [adaHolds100, [bea, opened, AccountClosed({})]])
      .when(transfer(1))
      .thenRefused('NotOpen', { account: 'bea' });
  });

  test('names the first account of the entry that stands in the way', () => {
    given(postEntry, []).when(transfer(1)).thenRefused('NotOpen', { account: 'ada' });
  });

  const max = Number.MAX_SAFE_INTEGER;
  test.each([
    ['cents that do not sum to 0', [-1, 2]],
    ['a posting that moves nothing', [0, -1, 1]],
    ['a single posting', [0]],
    ['no posting', []],
    ['fractions of a cent', [-0.5, 0.5]],
    ['cents that only a rounded sum brings to 0', [max, 2, -max, -1]],
    [
      'too many postings',
      Array.from({ length: POSTINGS_MAX + 2 }, (_, index) => (index % 2) * 2 - 1),
    ],
  ])('is invalid with %s', (_, cents) => {
    const postings = cents.map((value, index) => ({ account: `a${index}`, cents: value }));
    const request = postEntry({ entryId: 'e-1', postings });
    expect(() => given(postEntry, [adaHolds100]).when(request)).toThrow(/PostEntry/);
  });

  test('is invalid when an account stands in it twice', () => {
    const postings = [
      { account: 'ada', cents: -1 },
      { account: 'bea', cents: 2 },
      { account: 'ada', cents: -1 },
    ];
    const request = postEntry({ entryId: 'e-1', postings });
    expect(() => given(postEntry, []).when(request)).toThrow(/PostEntry/);
  });
});
