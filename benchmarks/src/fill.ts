/** Filling logs with the same events, quickly: 500 in each append. */
import type { EventStore } from '@daybook/core';
import { appendPatiently, type EmmettStore } from './emmett.ts';
import { MOVEMENT_TYPE, movement, movementMetadata } from './movement.ts';
import { platform } from './platform.ts';
import type { RawLog } from './raw-log.ts';

export interface Filling {
  /** Accounts, numbered from 0; each is opened first. */
  readonly accounts: number;
  /** What the accounts' names begin with; default `acc`. */
  readonly prefix?: string;
  /** Movements, over the accounts in turn. */
  readonly movements: number;
  /** Movements of one account that go down in one append; default 10, and fewer where there are fewer for each. */
  readonly movementsPerAppend?: number;
}

/** Appends to an event store: one account after another, so that every append has one stream. */
export async function fillStore(events: EventStore, filling: Filling): Promise<void> {
  for (const batch of batchesOf(filling)) {
    // Several at once, as a server would: they go down in groups.
    await Promise.all(
      batch.map(({ stream, events: made }) =>
        events.append({
          id: platform.newId(),
          streams: [
            {
              stream,
              expected: 'any',
              events: made.map(({ type, data, metadata }) => ({
                id: platform.newId(),
                type,
                schemaVersion: 1,
                data: { ...data },
                metadata: { ...metadata },
              })),
            },
          ],
        }),
      ),
    );
  }
}

export function fillRaw(log: RawLog, filling: Filling): void {
  const revisions = new Map<string, number>();
  for (const batch of batchesOf(filling)) {
    log.transaction(() => {
      for (const { stream, events } of batch) {
        for (const { type, data, metadata } of events) {
          const revision = revisions.get(stream) ?? 0;
          revisions.set(stream, revision + 1);
          log.insertBare({ id: '', stream, revision, type, data, metadata });
        }
      }
    });
  }
}

export async function fillEmmett(store: EmmettStore, filling: Filling): Promise<void> {
  for (const batch of batchesOf(filling)) {
    for (const { stream, events } of batch) await appendPatiently(store, stream, events);
  }
}

interface MadeAppend {
  readonly stream: string;
  readonly events: readonly MadeEvent[];
}

interface MadeEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, string | number>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Movements go round the accounts, some at a time, so that streams lie scattered in the log as they do in life. */
function* batchesOf({
  accounts,
  movements,
  movementsPerAppend = 10,
  prefix = 'acc',
}: Filling): Generator<readonly MadeAppend[]> {
  const names = Array.from({ length: accounts }, (_, index) => `account-${prefix}-${index}`);
  for (let from = 0; from < accounts; from += BATCH) {
    yield names.slice(from, from + BATCH).map((stream) => ({
      stream,
      events: [madeEvent('AccountOpened', { owner: `owner of ${stream}` })],
    }));
  }
  const run = Math.max(1, Math.min(movementsPerAppend, Math.ceil(movements / accounts)));
  let written = 0;
  for (let turn = 0; written < movements;) {
    const batch: MadeAppend[] = [];
    for (let size = 0; size < BATCH && written < movements; turn += 1) {
      const count = Math.min(run, movements - written);
      const stream = names[turn % accounts] ?? '';
      const first = written;
      batch.push({
        stream,
        events: Array.from({ length: count }, (_, index) =>
          madeEvent(MOVEMENT_TYPE, { ...movement(first + index) }),
        ),
      });
      size += count;
      written += count;
    }
    yield batch;
  }
}

function madeEvent(type: string, data: MadeEvent['data']): MadeEvent {
  return { type, data, metadata: { ...movementMetadata() } };
}

const BATCH = 500;
