import { describe, expect, test } from 'vitest';

import { report } from '../servers/report.ts';

const missing = { server: 'postgres 18', found: undefined, why: 'npm brought none' };

describe('what is said of servers', () => {
  test('names the version of a real one', () => {
    const states = [{ server: 'postgres 18', found: '18.4, from npm', why: '' }];
    expect(report(states, [], '2026-11-23')).toEqual({
      lines: ['REAL postgres 18: 18.4, from npm'],
      missing: [],
    });
  });

  test('a waiver counts on its last day, and not on the next', () => {
    const waivers = [{ server: 'postgres 18', until: '2026-11-23', why: 'no such machine' }];
    expect(report([missing], waivers, '2026-11-23')).toEqual({
      lines: ['WAIVED postgres 18 until 2026-11-23: no such machine (npm brought none)'],
      missing: [],
    });
    expect(report([missing], waivers, '2026-11-24')).toEqual({
      lines: ['MISSING postgres 18: npm brought none'],
      missing: ['postgres 18'],
    });
  });

  test('a waiver of one server is none of another', () => {
    const waivers = [{ server: 'postgres 16', until: '2026-12-31', why: 'no such machine' }];
    expect(report([missing], waivers, '2026-11-23').missing).toEqual(['postgres 18']);
  });
});
