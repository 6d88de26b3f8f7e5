import {
  decider,
  event,
  face,
  readEvent,
  type EventFace,
  type RecordedEvent,
  type StandardSchemaV1,
} from '@daybook/core';
import { expect, test } from 'vitest';
import { z } from 'zod';

const v1 = z.object({ name: z.string() });
const v2 = z.object({ first: z.string(), last: z.string() });
const v3 = z.object({ first: z.string(), last: z.string(), title: z.string().default('') });
const split = (name: string): readonly string[] => name.split(' ');

const named = event(v1)
  .next(v2, ({ name }) => ({ first: split(name)[0] ?? '', last: split(name)[1] ?? '' }))
  .next(v3, (old) => ({ ...old, title: `of ${old.last}` }));

/** The face of an event, as a decider makes it of a definition that the types may not know. */
function faceOf(definition: StandardSchemaV1): EventFace {
  const thing = decider('thing', {
    events: { Happened: definition as StandardSchemaV1<string> },
    commands: {},
    initialState: 0,
    evolve: { Happened: () => 0 },
    decide: {},
  });
  const found = thing[face].events.get('Happened');
  if (found === undefined) throw new Error('the decider lacks its event');
  return found;
}

test('the newest version is written, as its schema’s output', () => {
  const { version, write } = faceOf(named);
  expect(version).toBe(3);
  expect(write({ first: 'Ada', last: 'King' })).toEqual({ first: 'Ada', last: 'King', title: '' });
});

test('every older version is lifted through the ones after it', () => {
  const { read } = faceOf(named);
  const lifted = { first: 'Ada', last: 'King', title: 'of King' };
  expect(read(1, { name: 'Ada King' })).toEqual(lifted);
  expect(read(2, { first: 'Ada', last: 'King' })).toEqual(lifted);
  expect(read(3, lifted)).toEqual(lifted);
});

test.each([0, 4, 1.5, Number.NaN, -1])('version %j is not declared, and says so', (version) => {
  expect(() => faceOf(named).read(version, {})).toThrow(
    expect.objectContaining({
      code: 'upcast-failed',
      message: expect.stringContaining('versions 1 to 3 are'),
    }),
  );
});

test('a lift that throws, or gives what does not fit, is an upcast that failed, with its cause', () => {
  const failing = faceOf(
    event(v1).next(v2, () => {
      throw new Error('no last name');
    }),
  );
  expect(() => failing.read(1, { name: 'Ada' })).toThrow(
    expect.objectContaining({
      code: 'upcast-failed',
      issues: [{ path: '', message: 'no last name' }],
    }),
  );
  // @ts-expect-error The wrong shape.
  const wrong = faceOf(event(v1).next(v2, () => ({ first: 1 })));
  expect(() => wrong.read(1, { name: 'Ada' })).toThrow(
    expect.objectContaining({
      code: 'upcast-failed',
      cause: expect.objectContaining({ code: 'invalid-message' }),
    }),
  );
});

test('a retired first version: the versions begin later', () => {
  const { version, read } = faceOf(
    event(v2, { firstVersion: 2 }).next(v3, (old) => ({ ...old, title: '' })),
  );
  expect(version).toBe(3);
  expect(read(2, { first: 'a', last: 'b' })).toEqual({ first: 'a', last: 'b', title: '' });
  expect(() => read(1, { name: 'a b' })).toThrow('versions 2 to 3 are');
  expect(() => event(v1, { firstVersion: 0 })).toThrow('begin at 1 or later');
});

test('tags are said anew for a next version', () => {
  const tagged = event(v1, { tags: ({ name }) => [name] });
  // @ts-expect-error The tags are missing.
  expect(() => tagged.next(v2, () => ({ first: '', last: '' }))).toThrow('says them anew');
  const { tags } = faceOf(
    tagged.next(v2, () => ({ first: '', last: '' }), { tags: ({ last }) => [last] }),
  );
  expect(tags?.({ first: 'a', last: 'b' })).toEqual(['b']);
});

test.each([
  ['trimmed text', z.object({ s: z.string().trim() }), { s: ' a ' }, { s: 'a' }],
  ['a default', z.object({ n: z.int().default(3) }), {}, { n: 3 }],
  ['unknown fields dropped', z.object({ n: z.int() }), { n: 1, x: 2 }, { n: 1 }],
])('stores %s as the schema’s output', (_, schema, given, stored) => {
  expect(faceOf(schema).write(given)).toEqual(stored);
});

test.each([
  ['grows', z.object({ s: z.string().transform((s) => `${s}!`) })],
  [
    'is refused',
    z.object({
      s: z
        .string()
        .max(1)
        .transform((s) => `${s}!`),
    }),
  ],
  ['changes its type', z.object({ s: z.string().transform(Number) })],
])('refuses an output that %s when it is validated again', (_, schema) => {
  expect(() => faceOf(schema).write({ s: '1' })).toThrow(
    expect.objectContaining({
      code: 'invalid-definition',
      message: expect.stringContaining('not idempotent'),
    }),
  );
});

test.each([
  ['a Date', z.object({ v: z.date() }), new Date(0)],
  ['a bigint', z.object({ v: z.bigint() }), 1n],
  ['a Map', z.object({ v: z.map(z.string(), z.string()) }), new Map()],
  ['a lone surrogate', z.object({ v: z.string() }), '\ud800'],
  ['U+0000', z.object({ v: z.string() }), 'a\0'],
  ['an unsafe integer', z.object({ v: z.number() }), 2 ** 53],
])('N3: refuses %s before anything is written', (_, schema, v) => {
  expect(() => faceOf(schema).write({ v })).toThrow(
    expect.objectContaining({
      code: 'invalid-message',
      issues: [{ path: '/v', message: expect.any(String) }],
    }),
  );
});

test('an asynchronous schema is refused with a sentence, and its rejection ends nothing', () => {
  const slow = z.object({ s: z.string().refine(() => Promise.resolve(true)) });
  expect(() => faceOf(slow).write({ s: '' })).toThrow('validates asynchronously');
  const failing: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => Promise.reject(new Error('not waited for')),
    },
  };
  expect(() => faceOf(failing).read(1, { s: '' })).toThrow('validates asynchronously');
});

test('every issue is listed, each with its JSON pointer', () => {
  const schema = z.object({ 'a/b': z.string(), list: z.array(z.int()) });
  expect(() => faceOf(schema).write({ 'a/b': 1, list: [1, 'x', 1.5] })).toThrow(
    expect.objectContaining({
      issues: [
        expect.objectContaining({ path: '/a~1b' }),
        expect.objectContaining({ path: '/list/1' }),
        expect.objectContaining({ path: '/list/2' }),
      ],
    }),
  );
});

test('an event as recorded is read by its type', () => {
  const events = new Map([['Happened', faceOf(named)]]);
  const recorded: RecordedEvent = {
    id: 'e',
    log: 'main',
    position: 0,
    commit: 0,
    stream: 'thing-a',
    streamId: 'a',
    revision: 0,
    type: 'Happened',
    schemaVersion: 1,
    data: { name: 'Ada King' },
    metadata: {},
    tags: [],
    recordedAt: 0,
  };
  expect(readEvent(events, recorded).data).toMatchObject({ last: 'King' });
  expect(recorded.data).toEqual({ name: 'Ada King' });
  expect(() => readEvent(events, { ...recorded, type: 'constructor' })).toThrow(
    expect.objectContaining({ code: 'unknown-event-type' }),
  );
});
