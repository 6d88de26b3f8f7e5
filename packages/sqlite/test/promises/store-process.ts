/** A process with the event store of a file: appends what it is told, or under load, and reads the log as it grows. */
import { randomUUID } from 'node:crypto';

import { LOG_START, subscribe, type AppendRequest, type AppendResult } from '@daybook/core';
import { sqliteEventStore } from '@daybook/sqlite';

import { describeError, say, serve, type ChildError } from './served.ts';

export interface StoreProcessOptions {
  readonly path: string;
}

/** An append as it ended. */
export type Verdict =
  | { readonly id: string; readonly result: AppendResult }
  | { readonly id: string; readonly error: ChildError };

/** What the load says of each append that was acknowledged. */
export interface Acknowledged {
  readonly id: string;
  readonly first: number;
  readonly position: number;
}

/** What the data of the load's events say: which append they belong to and how many it has. */
export interface LoadData {
  readonly append: string;
  readonly index: number;
  readonly count: number;
}

export interface Followed {
  /** Positions in the order in which they were seen. */
  readonly positions: readonly number[];
  /** Pages that did not end on a commit. */
  readonly torn: number;
}

await serve(async ({ path }: StoreProcessOptions) => {
  const store = await sqliteEventStore(path);
  let isLoading = true;

  async function verdictOf(request: AppendRequest): Promise<Verdict> {
    try {
      return { id: request.id, result: await store.append(request) };
    } catch (error) {
      return { id: request.id, error: describeError(error) };
    }
  }

  /** One append after the other, for as long as the load goes on. */
  async function loadLane(lane: string, appendsMax: number): Promise<void> {
    for (let turn = 0; isLoading && turn < appendsMax; turn += 1) {
      const request = loadAppend(lane, turn);
      const { id, first, position } = await store.append(request);
      say({ id, first, position });
    }
  }

  return {
    /** All at once: they meet in one group, and with those of other processes. */
    appendAll: (requests: readonly AppendRequest[]) => Promise.all(requests.map(verdictOf)),
    async load(lanes: number, appendsMax: number) {
      const name = randomUUID();
      const all = Array.from({ length: lanes }, (_, lane) =>
        loadLane(`${name}${lane}`, appendsMax),
      );
      await Promise.all(all);
    },
    stopLoad() {
      isLoading = false;
    },
    /** Everything from the beginning, as it comes, until a position was seen. */
    async follow(until: number, limit: number): Promise<Followed> {
      const positions: number[] = [];
      let torn = 0;
      for await (const page of subscribe(store, { after: LOG_START, limit })) {
        for (const { position } of page.events) positions.push(position);
        const last = page.events.at(-1);
        if (last === undefined || last.commit !== page.scannedTo.position) torn += 1;
        if (page.scannedTo.position >= until) break;
      }
      return { positions, torn };
    },
    close: () => store.close(),
  };
});

/** One to three events in one or two streams, and now and then the check of a third. */
function loadAppend(lane: string, turn: number): AppendRequest {
  const id = randomUUID();
  const count = 1 + (turn % 3);
  const events = Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    type: 'Loaded',
    schemaVersion: 1,
    data: { append: id, index, count },
    metadata: {},
  }));
  const own = { stream: `load-${lane}`, expected: 'any' as const, events: events.slice(0, 2) };
  const shared = { stream: 'load-shared', expected: 'any' as const, events: events.slice(2) };
  return { id, streams: count > 2 ? [own, shared] : [own] };
}
