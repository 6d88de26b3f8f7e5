import { expect, test } from 'vitest';

import { argumentsOf, UsageError } from '../arguments.ts';

test('without flags and environment the bank is served on this machine, port 4680, from ./data', () => {
  expect(argumentsOf([], { PORT: '', HOST: '', DATA_DIR: '' })).toEqual({
    port: 4680,
    host: '127.0.0.1',
    dataDir: './data',
    isDemo: false,
    isPublic: false,
  });
});

test('flags and environment override each', () => {
  const environment = { PORT: '65535', HOST: '::1', DATA_DIR: '/srv/bank' };
  expect(argumentsOf(['--public', '--demo'], environment)).toEqual({
    port: 65_535,
    host: '::1',
    dataDir: '/srv/bank',
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
