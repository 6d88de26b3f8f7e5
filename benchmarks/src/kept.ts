/** Logs that are filled once and read in every round. */
import { join } from 'node:path';
import type { EventStore } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';
import { emmett, isThere, newEmmettStore, type Emmett, type EmmettStore } from './emmett.ts';
import { fillEmmett, fillRaw, fillStore, type Filling } from './fill.ts';
import { RawLog } from './raw-log.ts';

export interface FilledLogs {
  readonly folder: string;
  readonly events: EventStore;
  readonly daybookFile: string;
  readonly raw: RawLog;
  readonly rawFile: string;
  readonly emmett: FilledEmmett | undefined;
  readonly skipped: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export interface FilledEmmett {
  readonly peer: Emmett;
  readonly store: EmmettStore;
  readonly fileName: string;
}

/** Fills all with the same events; Emmett, which is slower, with as many as `emmettFilling` says. */
export async function filledLogs(
  folder: string,
  filling: Filling,
  emmettFilling?: Filling,
): Promise<FilledLogs> {
  const daybookFile = join(folder, 'daybook.db');
  const rawFile = join(folder, 'raw.db');
  const events = await sqliteEventStore(daybookFile);
  await fillStore(events, filling);
  const raw = new RawLog(rawFile);
  fillRaw(raw, filling);
  // Nothing is to lie in the write-ahead log of one that does not in that of the other.
  raw.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const peer = emmettFilling === undefined ? undefined : await emmett();
  const isPeer = peer !== undefined && isThere(peer);
  return {
    folder,
    events,
    daybookFile,
    raw,
    rawFile,
    emmett:
      isPeer && emmettFilling !== undefined
        ? await filledEmmett(peer, join(folder, 'emmett.db'), emmettFilling)
        : undefined,
    skipped: new Map(peer === undefined || isPeer ? [] : [['Emmett', peer.reason]]),
    async close() {
      raw.close();
      await events.close();
    },
  };
}

async function filledEmmett(
  peer: Emmett,
  fileName: string,
  filling: Filling,
): Promise<FilledEmmett> {
  const store = newEmmettStore(peer, fileName);
  await fillEmmett(store, filling);
  return { peer, fileName, store };
}
