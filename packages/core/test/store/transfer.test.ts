import { exportLog, hasCode, importLog, type EventStore, type ReadOptions } from '@daybook/core';
import { expect, test } from 'vitest';

import {
  newStore,
  fill,
  event,
  refuse,
  textOf,
  allEvents,
  exportOf,
  importChanged,
  patch,
  eventLine,
  startLine,
} from './transferred-log.ts';

test('S5: an imported log has every event, position, instant and outcome, and exports to the same text', async () => {
  const { store, text } = await exportOf(900);
  const copy = newStore();
  const report = await importLog(copy, [text]);
  expect(report.refused).toBeUndefined();
  const events = await allEvents(store);
  expect(report).toMatchObject({
    imported: events.length,
    skipped: 0,
    outcomes: 900,
    place: await store.head(),
  });
  expect(await allEvents(copy)).toEqual(events);
  for (const index of [0, 4, 17, 899]) {
    expect(await copy.outcomeOf(`append-${index}`)).toEqual(
      await store.outcomeOf(`append-${index}`),
    );
  }
  const copied = await textOf(copy);
  expect(copied.slice(copied.indexOf('\n'))).toBe(text.slice(text.indexOf('\n')));
});

test('S5: an empty log, and one with refusals alone, can be exported and imported', async () => {
  const empty = newStore();
  expect(await importLog(newStore(), [await textOf(empty)])).toMatchObject({
    imported: 0,
    refused: undefined,
  });
  await empty.append({
    id: 'refused',
    outcome: { actor: null, command: 'c', input: null, refusal: { type: 'NotOpen', data: {} } },
    streams: [{ stream: 'account-a', expected: 'any', events: [] }],
  });
  const copy = newStore();
  expect(await importLog(copy, [await textOf(empty)])).toMatchObject({
    imported: 0,
    outcomes: 1,
    refused: undefined,
  });
  expect((await copy.outcomeOf('refused'))?.outcome?.refusal?.type).toBe('NotOpen');
});

test('S5: bytes may be cut anywhere, inside a character too', async () => {
  const { text, store } = await exportOf(20);
  const bytes = new TextEncoder().encode(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 3) pieces.push(bytes.slice(at, at + 3));
  const copy = newStore();
  expect((await importLog(copy, pieces)).refused).toBeUndefined();
  expect(await allEvents(copy)).toEqual(await allEvents(store));
});

test('S5: content beyond the line bound travels in pieces, each line within it', async () => {
  const store = newStore();
  const data = { text: '"🙂\\'.repeat(180_000).slice(0, 500_000) };
  await store.append({
    id: 'large',
    outcome: { actor: null, command: 'c', input: data },
    streams: [
      {
        stream: 'note-a',
        expected: 'any',
        events: [{ ...event('large'), data, metadata: { more: 'é'.repeat(300_000) } }],
      },
    ],
  });
  const text = await textOf(store);
  expect(text).toContain('{"part":');
  for (const line of text.split('\n'))
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1_048_576);
  const copy = newStore();
  expect((await importLog(copy, [text])).refused).toBeUndefined();
  expect(await allEvents(copy)).toEqual(await allEvents(store));
});

test('S5: a file that is cut off is refused, and the whole file goes on from there', async () => {
  const { text, lines, store } = await exportOf(900);
  const copy = newStore();
  const cut = await importLog(copy, [`${lines.slice(0, 1_500).join('\n')}\n`]);
  expect(cut.refused?.lines[0]).toMatchObject({
    line: 1_500,
    why: expect.stringContaining('cut off') as string,
  });
  expect(cut.imported).toBeGreaterThanOrEqual(500);
  expect(cut.imported).toBe((await copy.head()).position + 1);
  const again = await importLog(copy, [text]);
  expect(again.refused).toBeUndefined();
  expect(again.skipped).toBe(cut.imported);
  expect(await allEvents(copy)).toEqual(await allEvents(store));
});

test('S5: going on with another file than the one that was begun is refused', async () => {
  const { lines } = await exportOf(900);
  const copy = newStore();
  await importLog(copy, [lines.slice(0, 1_500).join('\n')]);
  const other = [...lines];
  const at = other.findIndex((line) => line.includes('"event"'));
  patch(other, at, (content) => {
    content['event'] = { ...content['event'], data: { text: 'changed' } };
  });
  const report = await importLog(copy, [other.join('\n')]);
  expect(report.imported).toBe(0);
  expect(report.refused?.lines[0]?.line).toBe(at + 1);
});

test('S5: a log that holds something of its own is refused', async () => {
  const { text } = await exportOf(10);
  const store = newStore();
  await fill(store, 3, 3);
  const before = await allEvents(store);
  const report = await importLog(store, [text]);
  expect(report.refused?.lines).toHaveLength(1);
  expect(await allEvents(store)).toEqual(before);
});

/** Name, why, and what is done to the first outcome of an append that is not the log's first. */
const wrongOutcomes: readonly (readonly [
  string,
  string,
  (outcome: Record<string, unknown>) => void,
])[] = [
  [
    'the place of another append',
    'its own append',
    (one) => Object.assign(one, { first: 0, position: 0 }),
  ],
  ['another first event', 'its own append', (one) => (one['first'] = 0)],
  ['a first event and no last', '"first"', (one) => (one['position'] = null)],
  ['a head before its events', 'head', (one) => (one['head'] = { position: 0, mark: '' })],
  [
    'a revision that is not reached',
    'revision',
    (one) => (one['streams'] = [{ stream: 'account-0', revision: 999 }]),
  ],
  [
    'a stream that is no name',
    'category-id',
    (one) => (one['streams'] = [{ stream: 'account', revision: 0 }]),
  ],
  ['no id', '"id"', (one) => delete one['id']],
  [
    'an input that is no JSON of ours',
    'surrogate',
    (one) => (one['outcome'] = { actor: null, command: 'c', input: '\ud800' }),
  ],
  [
    'a refusal that is no JSON of ours',
    'surrogate',
    (one) =>
      (one['outcome'] = {
        actor: null,
        command: 'c',
        input: null,
        refusal: { type: 'No', data: '\ud800' },
      }),
  ],
  [
    'an actor that is no text',
    '"actor"',
    (one) => (one['outcome'] = { actor: 1, command: 'c', input: null }),
  ],
];

test.each(wrongOutcomes)('S5: an outcome with %s is refused by line', async (_, why, change) => {
  const { lines } = await exportOf(60);
  const at = startLine(lines) - 1;
  const report = await importChanged(lines, (changed) =>
    patch(changed, at, ({ outcome }) => outcome && change(outcome)),
  );
  expect(report.refused?.lines[0]).toEqual({
    line: at + 1,
    why: expect.stringContaining(why) as string,
  });
});

test('S5: an outcome inside an append, and anything after the end, is refused', async () => {
  const { lines } = await exportOf(30);
  const inside =
    lines.findIndex(
      (line, index) => line.startsWith('{"event"') && lines[index + 1]?.startsWith('{"event"'),
    ) + 1;
  const early = await importChanged(lines, (changed) =>
    changed.splice(inside, 0, lines.find((line) => line.startsWith('{"outcome"')) ?? ''),
  );
  expect(early.refused?.lines[0]).toEqual({
    line: inside + 1,
    why: expect.stringContaining('inside') as string,
  });
  const late = await importChanged(lines, (changed) => changed.push(lines.at(-1) ?? ''));
  expect(late.refused?.lines[0]).toEqual({
    line: lines.length + 1,
    why: expect.stringContaining('after the closing') as string,
  });
});

test('S5: what was refused is counted: every event and outcome that is not in the store', async () => {
  const { lines } = await exportOf(900);
  const at = startLine(lines) + 1_300;
  const report = await importChanged(lines, (changed) => (changed[at] = '{'));
  const content = lines.length - 2;
  expect(report.refused?.count).toBe(content - report.imported - report.outcomes);
  expect(report.imported).toBeGreaterThan(0);
});

test('S5: bytes that are no UTF-8 are refused by line', async () => {
  const { text } = await exportOf(3);
  const bytes = new TextEncoder().encode(text);
  bytes[bytes.indexOf(10) + 30] = 0xff;
  expect((await importLog(newStore(), [bytes])).refused?.lines[0]).toEqual({
    line: 2,
    why: expect.stringContaining('UTF-8') as string,
  });
});

test('outcomes of one transaction share its head, and stand each after its own append all the same', async () => {
  const store = newStore();
  await fill(store, 40);
  const head = await store.head();
  // As a store would give them that had taken all the appends as one group, then was appended to again.
  const grouped: EventStore = Object.assign(Object.create(store) as EventStore, {
    epoch: store.epoch,
    logs: () => store.logs(),
    head: () => Promise.resolve(head),
    read: (options: ReadOptions) => store.read(options),
    async readOutcomes() {
      const { outcomes } = await store.readOutcomes();
      const withEvents = outcomes.filter(({ position }) => position !== null);
      const without = outcomes.filter(({ position }) => position === null);
      const later = {
        ...outcomes[0],
        id: 'later',
        head: { position: head.position + 1, mark: 'x' },
      };
      return {
        outcomes: [...[...without, ...withEvents].map((one) => ({ ...one, head })), later],
        next: null,
      };
    },
  });
  const text = await textOf(grouped);
  expect(text).not.toContain('"later"');
  const copy = newStore();
  expect(await importLog(copy, [text])).toMatchObject({ refused: undefined, outcomes: 40 });
  expect((await copy.outcomeOf('append-3'))?.head).toEqual(head);
});

test('S5: content that was changed after the export is noticed by the mark of the head', async () => {
  const { lines } = await exportOf(30);
  const at = lines.findLastIndex((line) => line.startsWith('{"event"'));
  const report = await importChanged(lines, (changed) =>
    patch(changed, at, ({ event: one }) => one && (one['data'] = { text: 'more' })),
  );
  expect(report.refused?.lines[0]?.why).toContain('mark');
});

test('S5: a check of the caller refuses a line, and an instant in the future is refused', async () => {
  const { text, lines } = await exportOf(30);
  const checked = await importLog(newStore(), [text], {
    checkEvent: (one) => one.position === 20 && refuse(),
  });
  expect(checked.refused?.lines).toEqual([{ line: eventLine(lines, 20) + 1, why: 'not known' }]);
  const early = await importLog(newStore(), [text], { recordedAtMax: 1_700_000_000_050 });
  expect(early.refused?.lines[0]?.why).toContain('future');
});

test('S5: an outcome cannot name a head beyond the end of the file', async () => {
  const { lines } = await exportOf(30);
  const at = lines.findIndex((line) => line.startsWith('{"outcome"'));
  const report = await importChanged(lines, (changed) =>
    patch(
      changed,
      at,
      ({ outcome }) => outcome && (outcome['head'] = { position: 2 ** 50, mark: '' }),
    ),
  );
  expect(report.refused?.lines[0]?.line).toBe(at + 1);
});

/** A file of single events, whose first outcome names a head far away: the batch may not end before it. */
function* withFarHead(count: number, text: string): Generator<string> {
  yield `${JSON.stringify({ daybook: 'export', version: 1, log: 'main', epoch: 'e', head: { position: count - 1, mark: '' } })}\n`;
  for (let position = 0; position < count; position += 1) {
    const one = { ...event(`e-${position}`), data: { text } };
    const place = {
      position,
      commit: position,
      revision: 0,
      stream: `account-${position}`,
      recordedAt: 1,
    };
    yield `${JSON.stringify({ event: { ...one, ...place } })}\n`;
    if (position > 0) continue;
    const head = { position: count - 1, mark: '' };
    const outcome = {
      id: 'o',
      contentHash: null,
      outcome: null,
      first: 0,
      position: 0,
      streams: [],
      head,
      recordedAt: 1,
    };
    yield `${JSON.stringify({ outcome })}\n`;
  }
}

test('G9: a batch that may not end is refused at its bound of events', async () => {
  const report = await importLog(newStore(), withFarHead(50_100, ''));
  expect(report.refused?.lines).toEqual([
    { line: 50_003, why: expect.stringContaining('too far') as string },
  ]);
});

test('G9: a batch that may not end is refused at its bound of length', async () => {
  const report = await importLog(newStore(), withFarHead(80, 'x'.repeat(1_000_000)));
  expect(report.refused?.lines).toEqual([
    { line: 71, why: expect.stringContaining('too far') as string },
  ]);
});

test('G9: pieces of one line are bounded together', async () => {
  const { lines } = await exportOf(3);
  const piece = JSON.stringify({ part: 'x'.repeat(1_000_000) });
  const report = await importLog(newStore(), [
    `${[lines[0], ...Array.from({ length: 17 }, () => piece)].join('\n')}\n`,
  ]);
  expect(report.refused?.lines[0]).toEqual({
    line: 18,
    why: expect.stringContaining('16777216') as string,
  });
});

test('stops with the signal, keeping what was imported', async () => {
  const { text } = await exportOf(900);
  const controller = new AbortController();
  const copy = newStore();
  const run = importLog(copy, [text], {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('enough')),
  });
  await expect(run).rejects.toThrow('enough');
  expect((await copy.head()).position).toBeGreaterThan(400);
  const lines: string[] = [];
  await expect(async () => {
    for await (const line of exportLog(copy, { signal: controller.signal })) lines.push(line);
  }).rejects.toThrow('enough');
});

test('what the store throws otherwise is thrown', async () => {
  const { text } = await exportOf(3);
  const store = newStore();
  await store.close();
  await importLog(store, [text]).then(
    () => expect.unreachable(),
    (error: unknown) => expect(hasCode(error, 'closed')).toBe(true),
  );
});
