import { afterEach, describe, expect, test, vi } from 'vitest';

import { rounds } from '../rounds.ts';

describe('rounds', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('runs a tenth of a fault loop by default', () => {
    vi.stubEnv('ROUNDS', undefined);
    expect(rounds(50)).toBe(5);
  });

  test('runs all of it in a soak', () => {
    vi.stubEnv('ROUNDS', '1');
    expect(rounds(50)).toBe(50);
  });

  test('runs it once at least', () => {
    vi.stubEnv('ROUNDS', '0.001');
    expect(rounds(3)).toBe(1);
  });

  test.each(['0', '-1', 'all', 'Infinity'])('refuses the share %j', (share) => {
    vi.stubEnv('ROUNDS', share);
    expect(() => rounds(50)).toThrow(RangeError);
  });
});
