import { describe, expect, test } from 'vitest';

import { parseDownFrame, parseUpFrame } from '@daybook/protocol';

describe('frames from a client', () => {
  test.each([
    { type: 'hello', v: 1 },
    { type: 'hello', v: 1, token: 'secret' },
    {
      type: 'sub',
      id: 's1',
      query: { readModel: 'balances', query: 'balanceOf', params: { id: 'a' } },
    },
    { type: 'sub', id: 's1', query: { readModel: 'balances', query: 'all' }, after: '1.abc' },
    { type: 'sub', id: 's1', query: { readModel: 'balances', query: 'all' }, rows: true },
    { type: 'watch', id: 's2', stream: 'account-a' },
    { type: 'unsub', id: 's1' },
    { type: 'reach', id: 's1', token: '1.abc' },
    { type: 'ask', id: 'q1', commands: ['c1'] },
    { type: 'await', id: 'a1', token: '1.abc', models: ['balances'], waitMs: 10 },
    { type: 'ping' },
  ])('takes $type', (frame) => {
    expect(parseUpFrame(JSON.stringify(frame))).toEqual({ frame });
  });

  test.each([
    ['not JSON', '{', ''],
    ['a list', '[]', '/type'],
    ['null', 'null', ''],
    ['an unknown type', '{"type":"shout"}', '/type'],
    ['the name of a method as type', '{"type":"constructor"}', '/type'],
    ['a missing member', '{"type":"unsub"}', '/id'],
    ['a wrong type of member', '{"type":"unsub","id":7}', '/id'],
    ['an empty id', '{"type":"unsub","id":""}', '/id'],
    ['a long id', JSON.stringify({ type: 'unsub', id: 'x'.repeat(257) }), '/id'],
    [
      'a wrong inner member',
      '{"type":"sub","id":"a","query":{"readModel":"b","query":1}}',
      '/query/query',
    ],
    ['a fraction for a version', '{"type":"hello","v":1.5}', '/v'],
    ['a negative wait', '{"type":"await","id":"a","token":"t","waitMs":-1}', '/waitMs'],
    [
      'too many models',
      JSON.stringify({ type: 'await', id: 'a', token: 't', models: Array(101).fill('m') }),
      '/models',
    ],
  ])('refuses %s with a pointer', (_, text, pointer) => {
    expect(parseUpFrame(text).issues?.map((issue) => issue.pointer)).toEqual([pointer]);
  });

  test('lists every issue and keeps the id for the answer', () => {
    expect(parseUpFrame('{"type":"sub","id":"s1","query":{},"after":3}')).toEqual({
      id: 's1',
      issues: [
        { pointer: '/query/readModel', detail: 'is missing' },
        { pointer: '/query/query', detail: 'is missing' },
        { pointer: '/after', detail: 'must be string' },
      ],
    });
  });

  test('an inherited name is not a member', () => {
    expect(parseUpFrame('{"__proto__":{"type":"ping"}}').issues).toHaveLength(1);
  });
});

describe('frames from a server', () => {
  test('a known type is given, an unknown one is skipped', () => {
    expect(parseDownFrame('{"type":"pong"}')).toEqual({ type: 'pong' });
    expect(parseDownFrame('{"type":"patch"}')).toBeUndefined();
    expect(parseDownFrame('garbage')).toBeUndefined();
  });
});
