import { importLog, type EventStore, type ImportBatch } from '@daybook/core';
import { expect, test } from 'vitest';

import {
  newStore,
  event,
  refuse,
  textOf,
  exportOf,
  importChanged,
  patch,
  eventLine,
  startLine,
} from './transferred-log.ts';

/** Name, and what is done to an event. */
const wrongEvents: readonly (readonly [
  string,
  string,
  (event: Record<string, unknown>) => void,
])[] = [
  ['a gap in the positions', 'follows', (one) => (one['position'] = Number(one['position']) + 1)],
  [
    'a revision that is not the next',
    'follows',
    (one) => (one['revision'] = Number(one['revision']) + 1),
  ],
  ['an instant that goes back', 'recorded before', (one) => (one['recordedAt'] = 1)],
  ['an instant that is no integer', '"recordedAt"', (one) => (one['recordedAt'] = 1.5)],
  ['a commit below the position', 'commit', (one) => (one['commit'] = 0)],
  ['a commit beyond the bound', 'eventsPerAppendMax', (one) => (one['commit'] = 5_000)],
  ['a type that is no name', 'event type', (one) => (one['type'] = 'constructor')],
  ['a stream that is no name', 'category-id', (one) => (one['stream'] = 'account')],
  ['an id with a control character', 'control', (one) => (one['id'] = 'a\nb')],
  ['a lone surrogate in the data', 'surrogate', (one) => (one['data'] = { text: '\ud800' })],
  ['tags that are no strings', '"tags"', (one) => (one['tags'] = [1])],
  ['metadata that is no object', '"metadata"', (one) => (one['metadata'] = [])],
  ['no id', '"id"', (one) => delete one['id']],
];

test.each(wrongEvents)(
  'S5: %s is refused by line and nothing after it is imported',
  async (_, why, change) => {
    const { lines } = await exportOf(60);
    const at = startLine(lines);
    const report = await importChanged(lines, (changed) =>
      patch(changed, at, ({ event: one }) => one && change(one)),
    );
    expect(report.refused?.lines[0]).toEqual({
      line: at + 1,
      why: expect.stringContaining(why) as string,
    });
    expect(report.imported).toBe(0);
  },
);

test('S5: an id that stands twice is refused, and an id that stood in an earlier batch', async () => {
  const { lines } = await exportOf(900);
  for (const nth of [41, 1_400]) {
    const [from, to] = [eventLine(lines, 40), eventLine(lines, nth)];
    const id = (JSON.parse(lines[from] ?? '') as { event: { id: string } }).event.id;
    const report = await importChanged(lines, (changed) =>
      patch(changed, to, ({ event: one }) => one && (one['id'] = id)),
    );
    expect(report.refused?.lines[0]).toEqual({
      line: to + 1,
      why: expect.stringContaining(id) as string,
    });
  }
});

const wrongLines: readonly (readonly [string, string, string])[] = [
  ['no JSON', 'not JSON', '{"event":'],
  ['a list', 'not a JSON object', '[]'],
  ['an unknown member', 'no event', '{"evnt":{}}'],
  ['1e400', 'finite', '{"event":{"stream":"a-b","data":1e400}}'],
  ['__proto__', '__proto__', '{"event":{"stream":"a-b","data":{"__proto__":1}}}'],
  [
    'depth 5,000',
    'deeply',
    `{"event":{"stream":"a-b","data":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
  ],
  ['2 MiB', 'longer', `{"event":"${'x'.repeat(2_097_152)}"}`],
  ['a piece without its end', 'piece', '{"part":"{"}'],
];

test.each(wrongLines)(
  'S5: a line with %s is refused, counted, and the rest is read on',
  async (_, why, line) => {
    const { lines } = await exportOf(30);
    const report = await importChanged(lines, (changed) => changed.splice(10, 0, line));
    const first = line.includes('part') ? 12 : 11;
    expect(report.refused?.lines).toEqual([
      { line: first, why: expect.stringContaining(why) as string },
    ]);
    expect(report.refused?.count).toBeGreaterThan(30);
    expect(report.imported).toBe(0);
  },
);

test('G9: refusals alone go down in batches too', async () => {
  const store = newStore();
  for (let index = 0; index < 1_200; index += 1) {
    const outcome = {
      actor: null,
      command: 'c',
      input: index,
      refusal: { type: 'NotOpen', data: {} },
    };
    await store.append({
      id: `refused-${index}`,
      outcome,
      streams: [{ stream: 'account-a', expected: 'any', events: [] }],
    });
  }
  const copy = newStore();
  const sizes: number[] = [];
  const counted: EventStore = Object.assign(Object.create(copy) as EventStore, {
    limits: copy.limits,
    capabilities: copy.capabilities,
    logs: () => copy.logs(),
    importEvents: (batch: ImportBatch) => {
      sizes.push(batch.outcomes.length);
      return copy.importEvents(batch);
    },
  });
  expect((await importLog(counted, [await textOf(store)])).refused).toBeUndefined();
  expect(sizes).toEqual([500, 500, 200]);
});

test('S5: every wrong line is named, up to the bound', async () => {
  const { lines } = await exportOf(30);
  const report = await importChanged(lines, (changed) => {
    patch(changed, 5, (content) => (content['event'] = {}));
    for (let at = 10; at < 50; at += 1) changed[at] = '{';
  });
  expect(report.refused?.lines).toHaveLength(20);
  expect(report.refused?.lines.slice(0, 2).map(({ line }) => line)).toEqual([6, 11]);
});

test('the check of the caller is not asked of system events, which no application declares', async () => {
  const store = newStore();
  await store.append({
    id: 'repair',
    streams: [
      {
        stream: '$repairs-balances',
        expected: 'any',
        events: [{ ...event('r'), type: '$KeySkipped' }],
      },
    ],
  });
  expect(
    (await importLog(newStore(), [await textOf(store)], { checkEvent: refuse })).refused,
  ).toBeUndefined();
});

test('S5: lines missing, twice or in another order are refused', async () => {
  const { lines } = await exportOf(30);
  const at = eventLine(lines, 20);
  for (const change of [
    (changed: string[]) => changed.splice(at, 1),
    (changed: string[]) => changed.splice(at, 0, lines[at] ?? ''),
    (changed: string[]) => changed.splice(at, 2, lines[at + 1] ?? '', lines[at] ?? ''),
    (changed: string[]) =>
      changed.splice(
        eventLine(lines, 25),
        0,
        lines.find((line) => line.startsWith('{"outcome"')) ?? '',
      ),
    (changed: string[]) => changed.push('{"event":{}}'),
    (changed: string[]) => changed.splice(0, 1),
    (changed: string[]) =>
      changed.splice(
        lines.findLastIndex((line) => line.startsWith('{"outcome"')),
        1,
      ),
  ]) {
    expect((await importChanged(lines, change)).refused).toBeDefined();
  }
});
