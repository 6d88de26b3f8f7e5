import { createHash } from 'node:crypto';

import {
  exportLog,
  importLog,
  memoryEventStore,
  type EventStore,
  type ImportReport,
  type RecordedEvent,
} from '@daybook/core';

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function newStore(): EventStore {
  let ids = 0;
  let now = 1_700_000_000_000;
  return memoryEventStore({
    now: () => (now += 7),
    newId: () => {
      ids += 1;
      return `epoch-${ids}-${Math.random()}`;
    },
    sha256,
  })();
}

/** Appends of one to three events on up to two of `streams` streams, every fifth a refusal. */
export async function fill(store: EventStore, appends: number, streams = 7): Promise<void> {
  for (let index = 0; index < appends; index += 1) {
    const stream = `account-${index % streams}`;
    const other = `account-${(index + 1) % streams}`;
    const events = (count: number, of: string): readonly never[] | Parameters<typeof event>[0][] =>
      Array.from({ length: count }, (_, at) => `${index}-${of}-${at}`);
    const isRefusal = index % 5 === 4;
    await store.append({
      id: `append-${index}`,
      contentHash: sha256(String(index)),
      outcome: {
        actor: index % 2 === 0 ? 'ada' : null,
        command: `account/${index % streams}/Deposit`,
        input: { cents: index },
        ...(isRefusal ? { refusal: { type: 'NotOpen', data: { index } } } : {}),
      },
      streams: isRefusal
        ? [{ stream, expected: 'any', events: [] }]
        : [
            { stream, expected: 'any', events: events((index % 3) + 1, stream).map(event) },
            { stream: other, expected: 'any', events: events(index % 2, other).map(event) },
          ],
    });
  }
}

export function event(id: string): {
  id: string;
  type: string;
  schemaVersion: number;
  data: { text: string };
  metadata: { actor: string };
  tags: readonly string[];
} {
  return {
    id,
    type: 'Noted',
    schemaVersion: 1,
    data: { text: `“${id}” 🙂` },
    metadata: { actor: 'ada' },
    tags: id.endsWith('0') ? ['tag:a'] : [],
  };
}

export function refuse(): never {
  throw Object.assign(new Error('not known'), { code: 'unknown-event-type', isRetryable: false });
}

export async function textOf(store: EventStore): Promise<string> {
  let text = '';
  for await (const line of exportLog(store)) text += line;
  return text;
}

export async function allEvents(store: EventStore): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  let after = -1;
  for (;;) {
    const page = await store.read({ after });
    events.push(...page.events.map((one) => ({ ...one })));
    if (page.events.length === 0) return events;
    after = page.scannedTo.position;
  }
}

export async function exportOf(
  appends: number,
): Promise<{ store: EventStore; text: string; lines: string[] }> {
  const store = newStore();
  await fill(store, appends);
  const text = await textOf(store);
  return { store, text, lines: text.trimEnd().split('\n') };
}

/** Imports lines after one of them was changed. */
export async function importChanged(
  lines: readonly string[],
  change: (lines: string[]) => void,
): Promise<ImportReport> {
  const changed = [...lines];
  change(changed);
  return importLog(newStore(), [changed.join('\n')]);
}

export function patch(
  lines: string[],
  at: number,
  change: (content: Record<string, Record<string, unknown>>) => void,
): void {
  const content = JSON.parse(lines[at] ?? '') as Record<string, Record<string, unknown>>;
  change(content);
  lines[at] = JSON.stringify(content);
}

export function eventLine(lines: readonly string[], nth: number): number {
  return (
    lines
      .map((line, index) => (line.startsWith('{"event"') ? index : -1))
      .filter((index) => index >= 0)[nth] ?? 0
  );
}

/** The first event of an append somewhere in the middle. */
export function startLine(lines: readonly string[]): number {
  const middle = eventLine(lines, 40);
  return lines.findIndex(
    (line, index) =>
      index > middle && line.startsWith('{"event"') && lines[index - 1]?.startsWith('{"outcome"'),
  );
}
