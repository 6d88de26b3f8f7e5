import { decider, event, face, type Emitted } from '@daybook/core';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';

import { account } from '../bank.ts';

const money = z.object({ cents: z.int().positive() });
const simple = {
  events: { MoneyDeposited: money },
  commands: { DepositMoney: money },
  initialState: { cents: 0 },
  evolve: { MoneyDeposited: (state: { cents: number }) => state },
  decide: { DepositMoney: () => [] },
};

test('a command is a plain JSON value that names its stream', () => {
  const command = account.WithdrawMoney('acc-1', { cents: 5 });
  expect(structuredClone(command)).toEqual({
    kind: 'command',
    decider: 'account',
    id: 'acc-1',
    command: 'WithdrawMoney',
    data: { cents: 5 },
  });
  expect(account.CloseAccount('acc-1').data).toEqual({});
});

test('a stream is named by its decider and id, and an id that is none is refused', () => {
  expect(account.stream('a-b').stream).toBe('account-a-b');
  for (const id of ['', '.', '..', 'a\u0007', '\ud800', 'x'.repeat(257)]) {
    expect(() => account.stream(id)).toThrow('The id of a stream of account');
  }
});

test('decides with validated events, named streams and today’s version', () => {
  const state = { isOpen: true, overdraftCents: 0, balanceCents: 7 };
  const { decide } = account[face];
  expect(decide('WithdrawMoney', 'acc-1', { cents: 5 }, state)).toEqual({
    events: [
      {
        stream: 'account-acc-1',
        type: 'MoneyWithdrawn',
        schemaVersion: 1,
        data: { cents: 5, balanceCents: 2 },
        tags: [],
      },
    ],
  });
  expect(decide('WithdrawMoney', 'acc-1', { cents: 8 }, state)).toEqual({
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 7 } },
  });
  expect(decide('CloseAccount', 'acc-1', {}, { ...state, isOpen: false })).toEqual({ events: [] });
});

test('an emitted event that its own schema refuses is not given on', () => {
  const { decide } = account[face];
  const state = { isOpen: true, overdraftCents: 0, balanceCents: 0 };
  expect(() => decide('DepositMoney', 'acc-1', { cents: -1 }, state)).toThrow(
    /The event "MoneyDeposited" does not match its schema: \/cents/,
  );
});

test('a refusal is stored as its schema’s output, and must match it', () => {
  const refusing = decider('refusing', {
    ...simple,
    refusals: {
      TooMuch: z.object({ cents: z.int().max(10), currency: z.string().default('EUR') }),
    },
    decide: { DepositMoney: ({ cents }, _, { refuse }) => refuse.TooMuch({ cents }) },
  });
  const { decide } = refusing[face];
  expect(decide('DepositMoney', 'a', { cents: 10 }, { cents: 0 }).refusal).toEqual({
    type: 'TooMuch',
    data: { cents: 10, currency: 'EUR' },
  });
  expect(() => decide('DepositMoney', 'a', { cents: 11 }, { cents: 0 })).toThrow(
    'The refusal "TooMuch" does not match its schema',
  );
});

test('an event’s default is fixed when it is written, and its tags are those of what is stored', () => {
  const schema = z.object({ course: z.string(), seats: z.int().default(10) });
  const course = decider('course', {
    events: { CourseOffered: event(schema, { tags: (data) => [`seats:${data.seats}`] }) },
    commands: { OfferCourse: z.object({}) },
    initialState: 0,
    evolve: { CourseOffered: (_, { seats }) => seats },
    decide: { OfferCourse: (_, __, { emit }) => emit.CourseOffered({ course: 'a' }) },
  });
  expect(course[face].decide('OfferCourse', 'a', {}, 0).events).toMatchObject([
    { data: { course: 'a', seats: 10 }, tags: ['seats:10'] },
  ]);
});

test('what is looked up by a name from outside is found in maps only: N2', () => {
  const { commands, decide, evolve } = account[face];
  expect(commands.get('constructor')).toBeUndefined();
  expect(() => decide('constructor', 'a', {}, {})).toThrow('There is no command');
  expect(() => evolve({}, 'toString', {})).toThrow('declared by no registered decider');
});

test('a state that is given as a value cannot be changed in place', () => {
  const counter = decider('counter', {
    ...simple,
    initialState: { list: [0] },
    evolve: {
      MoneyDeposited: (state, { cents }) => {
        state.list.push(cents);
        return state;
      },
    },
  });
  const { evolve, initialState } = counter[face];
  expect(() => evolve(initialState(), 'MoneyDeposited', { cents: 1 })).toThrow(TypeError);
  expect(initialState()).toEqual({ list: [0] });
});

test('a state that is given by a function is made anew', () => {
  type Cart = { status: 'empty' } | { status: 'open'; items: string[] };
  const cart = decider('cart', {
    ...simple,
    initialState: (): Cart => ({ status: 'empty' }),
    evolve: {
      MoneyDeposited: (state) => (state.status === 'open' ? state : { status: 'open', items: [] }),
    },
  });
  const { initialState } = cart[face];
  expect(initialState()).toEqual({ status: 'empty' });
  expect(initialState()).not.toBe(initialState());
});

test('a handler that returns something else is told what to return', () => {
  const forged = decider('forged', {
    ...simple,
    // @ts-expect-error Nothing else may be returned.
    decide: { DepositMoney: ({ cents }) => (cents === 1 ? undefined : { type: 'constructor' }) },
  });
  const { decide } = forged[face];
  expect(() => decide('DepositMoney', 'a', { cents: 1 }, {})).toThrow(
    'decide.DepositMoney of forged returned nothing. It returns what emit or refuse gave',
  );
  expect(() => decide('DepositMoney', 'a', { cents: 2 }, {})).toThrow(
    'returned "constructor", which is not declared',
  );
});

test.each(['Account', 'a-b', '', 'x'.repeat(41), '1a', '__proto__'])(
  'N1: a decider cannot be named %j',
  (name) => {
    expect(() => decider(name, simple)).toThrow('A decider cannot be named');
  },
);

test('N1: events, commands and refusals begin with a capital', () => {
  const lower = { ...simple, commands: { constructor: money }, decide: { constructor: () => [] } };
  expect(() => decider('a', lower)).toThrow('A command cannot be named "constructor"');
});

test('a handler that is missing or has no declaration is refused', () => {
  // @ts-expect-error DepositMoney is missing.
  expect(() => decider('a', { ...simple, decide: {} })).toThrow('no function for "DepositMoney"');
  const evolve = { ...simple.evolve, Other: () => ({ cents: 0 }) };
  // @ts-expect-error Other is not declared.
  expect(() => decider('a', { ...simple, evolve })).toThrow('has "Other", which is not declared');
});

test('names of inherited properties are ordinary ids and names', () => {
  expect(account.WithdrawMoney('constructor', { cents: 1 }).id).toBe('constructor');
  expect(account.stream('Assets:US:BofA:Checking').stream).toBe('account-Assets:US:BofA:Checking');
});

test('types: events as values, and outcomes by command', () => {
  expectTypeOf(account.events.AccountClosed).parameters.toEqualTypeOf<
    [data?: Record<string, never>]
  >();
  expectTypeOf(account.events.AccountOpened).returns.toExtend<
    Emitted<'AccountOpened', { owner: string; overdraftCents: number }>
  >();
  expectTypeOf(account.OpenAccount)
    .parameter(1)
    .toEqualTypeOf<{ owner: string; overdraftCents?: number | undefined }>();
});
