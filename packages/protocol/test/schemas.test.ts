import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import * as protocol from '@daybook/protocol';
import { checkSchema, PROTOCOL_VERSION, protocolHistory, schemas } from '@daybook/protocol';

test('the schemas are those of the newest line of the history: to change them is to raise the version', () => {
  const last = protocolHistory.at(-1);
  expect(last?.version).toBe(PROTOCOL_VERSION);
  expect(createHash('sha256').update(canonical(schemas)).digest('hex')).toBe(last?.sha256);
});

test('every reference leads to a schema', () => {
  const names = [...JSON.stringify(schemas).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !Object.hasOwn(schemas, name ?? ''))).toEqual([]);
});

test('follows references, names every member that is wrong and allows those that are not named', () => {
  const page = { stream: 'a-1', events: [{ id: 'e' }], next: 'x', more: true };
  const issues = checkSchema({ $ref: '#/components/schemas/StreamAnswer' }, page, schemas);
  expect(issues.map(({ pointer }) => pointer)).toEqual([
    ...[
      'log',
      'position',
      'commit',
      'stream',
      'streamId',
      'revision',
      'type',
      'schemaVersion',
      'data',
      'metadata',
    ].map((name) => `/events/0/${name}`),
    '/events/0/tags',
    '/events/0/recordedAt',
    '/next',
  ]);
});

test('the exported names are these', () => {
  expect(Object.keys(protocol).toSorted()).toEqual([
    'PROTOCOL_VERSION',
    'checkSchema',
    'closeCodes',
    'defaultHttpLimits',
    'headerNames',
    'mediaTypes',
    'parseDownFrame',
    'parseUpFrame',
    'problemType',
    'protocolHistory',
    'schemas',
  ]);
});

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(
          Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
      : member,
  );
}
