import { daybook, decider, face, readModel } from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { account, balances, bank, postEntry, statements } from '../bank.ts';

const other = decider('other', {
  events: { Happened: z.object({}) },
  commands: {},
  initialState: 0,
  evolve: { Happened: () => 0 },
  decide: {},
});

test('holds its definitions by name, in maps: N2', () => {
  const { deciders, decisions, readModels, events } = bank[face];
  expect([...deciders.keys()]).toEqual(['account']);
  expect([...decisions.keys()]).toEqual(['PostEntry']);
  expect([...readModels.keys()]).toEqual(['balances', 'statements']);
  expect([...events.keys()]).toContain('MoneyDeposited');
  expect(deciders.get('constructor')).toBeUndefined();
});

test('two definitions with one name are refused', () => {
  expect(() => daybook({ deciders: [account, account] })).toThrow(
    'Two deciders are named "account"',
  );
  expect(() => daybook({ deciders: [account], decisions: [postEntry, postEntry] })).toThrow(
    'Two decisions are named "PostEntry"',
  );
  expect(() => daybook({ deciders: [account], readModels: [balances, balances] })).toThrow(
    'Two read models are named "balances"',
  );
});

test('an event type that two deciders declare differently is refused', () => {
  const twin = decider('twin', {
    events: { AccountClosed: z.object({}) },
    commands: {},
    initialState: 0,
    evolve: { AccountClosed: () => 0 },
    decide: {},
  });
  expect(() => daybook({ deciders: [account, twin] })).toThrow(
    'The event "AccountClosed" is declared by two deciders, and differently',
  );
});

test('a decision or read model of a decider that is not there is refused', () => {
  expect(() => daybook({ deciders: [other], decisions: [postEntry] })).toThrow(
    'The decision PostEntry emits to the decider "account"',
  );
  expect(() => daybook({ deciders: [other], readModels: [statements] })).toThrow(
    'whose decider is not among this daybook’s deciders'.replace('’', "'"),
  );
  const mixed = readModel('mixed', { from: [account, other], row: z.object({}), on: {} });
  expect(() => daybook({ deciders: [account, other], readModels: [mixed] })).not.toThrow();
});
