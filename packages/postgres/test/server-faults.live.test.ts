/** G1, L5: the server itself is stopped and killed in mid-load. */
import type { EventStore } from '@daybook/core';
import { postgresEventStore } from '@daybook/postgres';
import { expect, it, onTestFinished, type TestContext } from 'vitest';

import { rounds } from '../../../scripts/rounds.ts';
import { OwnServer } from './own-server.ts';
import { oneAppend } from './one-append.ts';
import { allEvents, expectWhole } from './whole-log.ts';

const KILLS = rounds(20);

it(
  'G1 G2 L5: of a server killed in mid-load nothing acknowledged is lost; sent again, each append has one effect',
  async (context) => {
    const { server, store } = await started(context);
    const load = new Load(store);
    for (let round = 0; round < KILLS; round += 1) {
      await load.acknowledged(100 + ((round * 37) % 300));
      await server.kill();
      await server.startAgain();
      expect(await load.lost()).toEqual([]);
    }
    const sent = await load.stop();
    expect(await load.lost()).toEqual([]);
    const events = await allEvents(store);
    expectWhole(events);
    expect(events.map(({ id }) => id).toSorted()).toEqual(sent.map((id) => `${id}.0`).toSorted());
  },
  60_000 + KILLS * 15_000,
);

it('G1 L5: a server that is restarted in order loses nothing either, and appends go on by themselves', async (context) => {
  const { server, store } = await started(context);
  const load = new Load(store);
  await load.acknowledged(200);
  await server.stop();
  await server.startAgain();
  await load.acknowledged(200);
  const sent = await load.stop();
  expect(await load.lost()).toEqual([]);
  expect((await store.head()).position).toBe(sent.length - 1);
}, 60_000);

it('G8: while the server is away, reads and appends fail in time and by name; when it is back they work', async (context) => {
  const { server, store } = await started(context, { awayTimeoutMs: 500, connectTimeoutMs: 1_000 });
  await store.append(oneAppend('a'));
  await server.stop();
  await expect(store.append(oneAppend('b'))).rejects.toMatchObject({
    code: expect.stringMatching(/^(store-unavailable|outcome-unknown)$/),
  });
  await expect(store.append(oneAppend('c'))).rejects.toMatchObject({ code: 'store-unavailable' });
  await expect(store.read()).rejects.toMatchObject({ code: 'store-unavailable' });
  await expect(postgresEventStore(server.url)).rejects.toMatchObject({ code: 'store-unavailable' });
  await server.startAgain();
  expect((await store.append(oneAppend('b'))).position).toBe(1);
  expect((await store.read()).events).toHaveLength(2);
}, 60_000);

async function started(
  context: TestContext,
  options: { readonly awayTimeoutMs?: number; readonly connectTimeoutMs?: number } = {},
) {
  const server = await OwnServer.start(context);
  const store = await postgresEventStore(server.url, options);
  onTestFinished(() => store.close());
  return { server, store };
}

/** Appends without end, 32 in flight, each until it is acknowledged. */
class Load {
  readonly #store: EventStore;
  readonly #acknowledged = new Map<string, number>();
  readonly #lanes: Promise<void>[];
  #next = 0;
  #isStopped = false;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(store: EventStore) {
    this.#store = store;
    this.#lanes = Array.from({ length: 32 }, (_, lane) => this.#lane(lane));
  }

  /** Resolves when so many more were acknowledged. */
  async acknowledged(more: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = { count: this.#acknowledged.size + more, resolve };
    });
  }

  /** What was acknowledged and is not there, or not where it was said to be. */
  async lost(): Promise<readonly string[]> {
    const told = [...this.#acknowledged];
    const found = new Map((await allEvents(this.#store)).map(({ id, position }) => [id, position]));
    return told.flatMap(([id, position]) => (found.get(`${id}.0`) === position ? [] : [id]));
  }

  /** The ids of all, once each was acknowledged. */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    return [...this.#acknowledged.keys()];
  }

  async #lane(lane: number): Promise<void> {
    while (!this.#isStopped) {
      const id = `a${this.#next}`;
      this.#next += 1;
      this.#acknowledged.set(id, await this.#append(id, lane));
      const waiting = this.#waiting;
      if (waiting !== undefined && this.#acknowledged.size >= waiting.count) waiting.resolve();
    }
  }

  async #append(id: string, lane: number): Promise<number> {
    for (;;) {
      try {
        return (await this.#store.append(oneAppend(id, `account-${lane}`))).position ?? -1;
      } catch (error) {
        const isLater = error instanceof Error && Reflect.get(error, 'isRetryable') === true;
        if (!isLater) throw error;
      }
    }
  }
}
