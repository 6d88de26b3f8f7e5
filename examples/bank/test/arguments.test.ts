import { expect, test } from 'vitest';

import { argumentsOf, UsageError } from '../arguments.ts';

test('without flags and environment the bank is served on this machine, port 4680, from ./data', () => {
  expect(argumentsOf([], { PORT: '', HOST: '', DATA_DIR: '' })).toEqual({
    port: 4680,
    host: '127.0.0.1',
    dataDir: './data',
    store: 'sqlite',
    databaseUrl: undefined,
    isDemo: false,
    isPublic: false,
  });
});

test('flags and environment override each', () => {
  const DATABASE_URL = 'postgres://127.0.0.1/bank';
  const environment = { PORT: '65535', HOST: '::1', DATA_DIR: '/srv/bank', DATABASE_URL };
  expect(argumentsOf(['--public', '--store', 'postgres', '--demo'], environment)).toEqual({
    port: 65_535,
    host: '::1',
    dataDir: '/srv/bank',
    store: 'postgres',
    databaseUrl: DATABASE_URL,
    isDemo: true,
    isPublic: true,
  });
});

test.each(['65536', '70000', 'abc', '-1', '46.8', ' 1', '1e3'])('PORT "%s" is no port', (PORT) => {
  expect(() => argumentsOf([], { PORT })).toThrow(UsageError);
  expect(() => argumentsOf([], { PORT })).toThrow(`PORT is "${PORT}"`);
});

test.each(['--dem', '-h', 'demo', '--demo=1'])('%s is no flag', (flag) => {
  expect(() => argumentsOf(['--demo', flag], {})).toThrow(`does not know "${flag}"`);
});

test.each([[['--store']], [['--store', 'mysql']], [['--store', '--demo']]])(
  '%j names no store',
  (flags) => {
    expect(() => argumentsOf(flags, {})).toThrow('sqlite or postgres');
  },
);
