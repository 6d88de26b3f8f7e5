/**
 * A page, a network and a server, moved step by step, and what must hold after every one of them.
 *
 * Every command has a memo of its own that its rows name, so each look at a view tells exactly which effects it shows.
 */
import type {
  Client,
  LiveQuery,
  LiveStream,
  LoadedState,
  Operation,
  OutboxStorage,
  StoredOperation,
  TypesOf,
} from '@daybook/client';
import { uuidV7, type CommandMessage, type QueryMessage } from '@daybook/core';
import { vi } from 'vitest';

import { clientWith } from '../../src/client.ts';
import type { PredictionRules } from '../../src/prediction/rules.ts';
import { Network } from './network.ts';
import { ModelServer } from './server.ts';
import { move, purse, wallet, wallets, type Wallet } from './wallet.ts';

export interface WorldOptions {
  readonly rules: PredictionRules;
  /** Rows may be ahead of the position that an answer names. */
  readonly isExact: boolean;
  /** The naive page: asks everything again when a command was accepted. */
  readonly refetches: boolean;
}

export interface Step {
  readonly kind: StepKind;
  readonly pick: number;
}

export const stepKinds: readonly StepKind[] = [
  ...times(8, 'dispatch'),
  ...times(3, 'move'),
  ...times(6, 'foreign'),
  ...times(10, 'request'),
  ...times(2, 'lose-request'),
  ...times(2, 'double-request'),
  'refuse-request',
  ...times(8, 'up'),
  ...times(14, 'down'),
  ...times(2, 'double-down'),
  ...times(2, 'lose-down'),
  'cut',
  ...times(8, 'project'),
  ...times(3, 'project-rows'),
  ...times(4, 'time'),
  ...times(3, 'flush'),
  'rebuild',
  'reload',
  'watch',
];

export type StepKind =
  | 'dispatch'
  | 'move'
  | 'foreign'
  | 'request'
  | 'lose-request'
  | 'double-request'
  | 'refuse-request'
  | 'up'
  | 'down'
  | 'double-down'
  | 'lose-down'
  | 'cut'
  | 'project'
  | 'project-rows'
  | 'time'
  | 'flush'
  | 'rebuild'
  | 'reload'
  | 'watch';

function times(count: number, kind: StepKind): readonly StepKind[] {
  return Array<StepKind>(count).fill(kind);
}

type PurseClient = Client<TypesOf<typeof purse>>;

interface Watched {
  readonly message: QueryMessage;
  readonly live: LiveQuery<unknown>;
  readonly seen: Set<string>;
  position: number;
  generation: number;
}

export class World {
  readonly server = new ModelServer();
  readonly #network = new Network(this.server);
  readonly #options: WorldOptions;
  readonly #stored = new Map<string, StoredOperation>();
  /** By memo: the newest handle of each operation. */
  readonly #operations = new Map<string, Operation>();
  /** Memos in the order of dispatch, by wallet. */
  readonly #dispatched = new Map<string, string[]>();
  /** What each effect does to its wallet. */
  readonly #cents = new Map<string, number>();
  /** Memos of what is shown in both wallets or in none. */
  readonly #moves: string[] = [];
  readonly #newId = uuidV7(() => Date.now());
  #client: PurseClient;
  #views: Watched[] = [];
  #streams: ReadonlyMap<string, LiveStream<unknown>> = new Map();
  #memos = 0;
  /** The first thing that did not hold. */
  fault: string | undefined;
  /** What happened, to see that the test tests. */
  readonly counts = { predicted: 0, conflicted: 0, refused: 0, settled: 0, looks: 0 };

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#client = this.#open();
  }

  async step({ kind, pick }: Step): Promise<void> {
    const network = this.#network;
    switch (kind) {
      case 'dispatch':
        this.#dispatch(pick);
        break;
      case 'move':
        this.#move(pick);
        break;
      case 'foreign':
        this.#foreign(pick);
        break;
      case 'request':
        network.deliverRequest(pick);
        break;
      case 'lose-request':
        network.loseRequest(pick);
        break;
      case 'double-request':
        network.doubleRequest(pick);
        break;
      case 'refuse-request':
        network.refuseRequest(pick, 503);
        break;
      case 'flush':
        await this.flush();
        break;
      case 'up':
        network.deliverUp(pick);
        break;
      case 'down':
        network.deliverDown(pick, false);
        break;
      case 'double-down':
        network.deliverDown(pick, true);
        break;
      case 'lose-down':
        network.loseDown(pick);
        break;
      case 'cut':
        network.cut();
        break;
      case 'project':
        this.server.project(false);
        break;
      case 'project-rows':
        this.server.project(!this.#options.isExact);
        break;
      case 'time':
        vi.advanceTimersByTime(pick * 10);
        break;
      case 'rebuild':
        this.server.rebuild();
        break;
      case 'reload':
        this.#reload();
        break;
      case 'watch':
        this.#watchAnother(pick);
        break;
    }
    await quiet();
  }

  /** Everything is delivered, and projected, until nothing is on its way. */
  async flush(): Promise<void> {
    await quiet();
    while (this.#network.isBusy || this.server.isBehind) {
      this.#network.deliverAll();
      this.server.project(false);
      await quiet();
    }
  }

  /** The network heals; then all must be as it is on the server. */
  async settle(): Promise<void> {
    this.#network.cut();
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      vi.advanceTimersByTime(60_000);
      await this.flush();
      if (this.#areDone()) break;
    }
    this.#checkEnd();
  }

  close(): void {
    this.#client.close();
  }

  #open(): PurseClient {
    const storage: OutboxStorage = {
      load: async () => [...this.#stored.values()],
      put: async (operation) => void this.#stored.set(operation.id, structuredClone(operation)),
      remove: async (id) => void this.#stored.delete(id),
    };
    const client = clientWith(
      purse,
      {
        url: 'http://model.test',
        fetch: this.#network.fetch,
        WebSocket: this.#network.WebSocket,
        random: () => 0.5,
        newId: this.#newId,
        outbox: { storage },
      },
      this.#options.rules,
    );
    client.outbox.subscribe(() => this.#takeHandles());
    this.#views = [];
    for (const id of WALLETS) this.#watch(client, wallets.one({ id }));
    this.#watch(client, wallets.all());
    this.#streams = new Map(WALLETS.map((id) => [id, client.stream(wallet, id)]));
    return client;
  }

  #watch(client: PurseClient, message: QueryMessage): void {
    const live: LiveQuery<unknown> = client.live(message as ReturnType<typeof wallets.all>);
    const view: Watched = { message, live, seen: new Set(), position: -1, generation: 0 };
    live.subscribe((state) => {
      if (state.status === 'live' || state.status === 'stale') this.#look(view, state);
    });
    this.#views.push(view);
  }

  #watchAnother(pick: number): void {
    const at = pick % this.#views.length;
    const view = this.#views[at];
    if (view === undefined) return;
    view.live.close();
    this.#views.splice(at, 1);
    this.#watch(this.#client, view.message);
  }

  #reload(): void {
    this.#client.close();
    this.#network.forget();
    this.#client = this.#open();
  }

  #takeHandles(): void {
    for (const operation of this.#client.outbox.list()) {
      const { memo } = Object(operation.message.data) as { readonly memo: string };
      this.#operations.set(memo, operation);
      if (operation.status === 'conflicted') this.counts.conflicted += 1;
    }
  }

  #dispatch(pick: number): void {
    const id = WALLETS[pick % WALLETS.length] ?? '';
    const memo = this.#memo([id]);
    const data = { cents: (pick % 7) + 1, memo };
    this.#cents.set(`${id} ${memo}`, pick % 3 === 0 ? -data.cents : data.cents);
    const message = pick % 3 === 0 ? wallet.Take(id, data) : wallet.Add(id, data);
    this.#track(memo, this.#client.dispatch(message));
  }

  #move(pick: number): void {
    const [from = '', to = ''] = pick % 2 === 0 ? WALLETS : WALLETS.toReversed();
    const memo = this.#memo([from, to]);
    const cents = (pick % 5) + 1;
    this.#moves.push(memo);
    this.#cents.set(`${from} ${memo}`, -cents).set(`${to} ${memo}`, cents);
    this.#track(memo, this.#client.dispatch(move({ from, to, cents, memo })));
  }

  #track(memo: string, operation: Operation): void {
    this.#operations.set(memo, operation);
    if (!this.#options.refetches) return;
    operation.subscribe(({ status }) => {
      if (status === 'accepted') queueMicrotask(() => this.#refetch());
    });
  }

  /** What it saw before still counts: the page is the same. */
  #refetch(): void {
    for (const view of this.#views.splice(0)) {
      view.live.close();
      this.#watch(this.#client, view.message);
      const next = this.#views.at(-1);
      for (const memo of view.seen) next?.seen.add(memo);
    }
  }

  #foreign(pick: number): void {
    const id = WALLETS[pick % WALLETS.length] ?? '';
    this.#memos += 1;
    const data = { cents: (pick % 7) + 1, memo: `f${this.#memos}` };
    this.#cents.set(`${id} ${data.memo}`, pick % 2 === 0 ? -data.cents : data.cents);
    const message: CommandMessage = pick % 2 === 0 ? wallet.Take(id, data) : wallet.Add(id, data);
    this.server.send(message, data.memo);
  }

  #memo(ids: readonly string[]): string {
    this.#memos += 1;
    const memo = `m${this.#memos}`;
    for (const id of ids) this.#dispatched.set(id, [...(this.#dispatched.get(id) ?? []), memo]);
    return memo;
  }

  #look(view: Watched, { data, position, generation, pending }: LoadedState<unknown>): void {
    this.counts.looks += 1;
    this.counts.predicted += pending.filter(({ status }) => status !== 'accepted').length;
    if (generation === view.generation && position < view.position)
      this.#broken(`the base went back from ${view.position} to ${position}`);
    view.position = position;
    view.generation = generation;
    const rows = rowsIn(data);
    const shown = new Set<string>();
    for (const { id, cents, memos } of rows) {
      const sum = memos.reduce((all, memo) => all + (this.#cents.get(`${id} ${memo}`) ?? 0), 0);
      if (sum !== cents) this.#broken(`${id} has ${cents}, its memos make ${sum}`);
      for (const memo of memos) {
        if (shown.has(`${id} ${memo}`)) this.#broken(`${memo} stands twice in ${id}`);
        shown.add(`${id} ${memo}`);
      }
    }
    for (const memo of view.message.query === 'all' ? this.#moves : []) {
      const sides = WALLETS.filter((id) => shown.has(`${id} ${memo}`));
      if (sides.length === 1) this.#broken(`half of ${memo} is shown`);
    }
    for (const effect of view.seen) {
      if (shown.has(effect) || this.#mayBeGone(effect)) continue;
      this.#broken(`${effect} was seen and is gone, ${this.#statusOf(effect)}`);
    }
    view.seen.clear();
    for (const effect of shown) view.seen.add(effect);
  }

  /** An effect that was said to be none: refused, or as predicted now it would be. */
  #mayBeGone(effect: string): boolean {
    return GONE.has(this.#statusOf(effect));
  }

  #statusOf(effect: string): string {
    return this.#operations.get(effect.split(' ')[1] ?? '')?.status ?? 'nobody’s';
  }

  #areDone(): boolean {
    return [...this.#operations.values()].every(({ status }) => DONE.has(status));
  }

  #checkEnd(): void {
    for (const [memo, { status }] of this.#operations) {
      if (status === 'settled' || status === 'refused') this.counts[status] += 1;
      if (!DONE.has(status)) this.#broken(`${memo} never ended: ${status}`);
      const places = this.server.log.filter(({ data }) => memoOf(data) === memo);
      const streams = new Set(places.map(({ stream }) => stream));
      if (streams.size !== places.length) this.#broken(`${memo} happened twice`);
      if (status === 'settled' && places.length === 0) this.#broken(`${memo} never happened`);
      if (status === 'refused' && places.length > 0) this.#broken(`${memo} happened, refused`);
    }
    for (const [id, memos] of this.#dispatched) {
      const happened = this.server.log
        .filter(({ streamId, data }) => streamId === id && memos.includes(memoOf(data)))
        .map(({ data }) => memoOf(data));
      const inOrder = memos.filter((memo) => happened.includes(memo));
      if (happened.join() !== inOrder.join()) this.#broken(`${id} saw ${happened.join()}`);
    }
    for (const [id, stream] of this.#streams) {
      const state = stream.get();
      const isSame =
        state.status === 'live' &&
        state.pending.length === 0 &&
        JSON.stringify(state.state) === JSON.stringify(this.server.state(`wallet-${id}`));
      if (!isSame) this.#broken(`${id} ended as ${JSON.stringify(state)}`);
    }
    for (const { message, live } of this.#views) {
      const state = live.get();
      const isSame = JSON.stringify(state.data) === JSON.stringify(this.server.answer(message));
      if (!isSame) this.#broken(`${message.query} ended at ${JSON.stringify(state)}`);
    }
  }

  #broken(fault: string): void {
    this.fault ??= fault;
  }
}

/** Lets promises run; no timer is among them. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function rowsIn(data: unknown): readonly Wallet[] {
  if (data === null || data === undefined) return [];
  const found = data as Wallet | { readonly rows: readonly Wallet[] };
  return 'rows' in found ? found.rows : [found];
}

function memoOf(data: unknown): string {
  return (Object(data) as { readonly memo: string }).memo;
}

const WALLETS = ['a', 'b'];
const GONE: ReadonlySet<string> = new Set([
  'refused',
  'conflicted',
  'failed',
  'parked',
  'cancelled',
]);
const DONE: ReadonlySet<string> = new Set(['settled', 'refused', 'failed', 'cancelled']);
const ROUNDS_MAX = 60;
