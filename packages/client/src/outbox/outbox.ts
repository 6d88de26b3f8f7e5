/**
 * The outbox: commands that were dispatched, until the server has answered for good.
 *
 * What always holds:
 * - Operations that share a key are sent one after the other, in the order of dispatch; others side by side, at most
 *   `IN_FLIGHT_MAX` at once. An operation that waits for its next attempt keeps its keys, but no place in flight.
 * - Every attempt carries the same id; it is stored before the first one, so that a reload repeats rather than loses it.
 * - A final answer, whatever it is, frees its keys. What the server refused stays until somebody discards it.
 * - 401 stops everything; one operation asks again, each time with credentials asked for anew, until it is let in.
 */
import {
  LimitExceededError,
  OverloadedError,
  type CommandMessage,
  type DecisionMessage,
  type Emitted,
} from '@daybook/core';
import { retryDelayMs } from '../backoff.ts';
import type { HttpClient } from '../http.ts';
import { Listeners } from '../listeners.ts';
import type { ClientOptions } from '../options.ts';
import { attemptOnce, type Verdict } from './attempt.ts';
import { TrackedOperation, type Operation } from './operation.ts';
import type { OutboxStorage, StoredOperation } from './outbox-storage.ts';

/** Operations that are sent at once, at most. */
export const IN_FLIGHT_MAX = 6;
/** Operations that an outbox holds, at most: one more is refused by {@link OverloadedError}. */
export const OUTBOX_MAX = 1_000;
/** Default of `ttlMs`: 24 hours. */
export const OUTBOX_TTL_MS = 86_400_000;
/** Largest `ttlMs`: how long a server remembers outcomes unless it is told otherwise, 7 days. */
export const OUTBOX_TTL_MS_MAX = 604_800_000;

export interface DispatchOptions {
  /** The command's id; default a new UUIDv7. */
  readonly id?: string | undefined;
  /** Only if the stream is at this revision; not for decisions. */
  readonly expectedRevision?: number | 'no-stream' | undefined;
  readonly correlationId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Operations of one key are sent one after the other. Default: the streams that the command is for. */
  readonly key?: string | undefined;
  /**
   * The events that the command is expected to have, for when the state of its stream is not known here: its history is
   * closed to this user, or not loaded yet. Made by the decider's `events`. A reload forgets them.
   */
  readonly predict?: readonly Emitted[] | undefined;
}

/** What is on its way, and what needs a person. */
export interface OutboxView {
  /** Resolves when what an earlier page left has been taken up; rejects when the storage could not be read. */
  readonly loaded: Promise<void>;
  /** `needs-auth`: nothing is sent until the credentials are taken. */
  readonly status: 'loading' | 'running' | 'needs-auth';
  /** Everything that is not done: what waits, is under way, accepted but not settled, parked, refused or failed. */
  list(): readonly Operation[];
  /** What the server refused or could not do: its message is kept until it is tried again or discarded. */
  refused(): readonly Operation[];
  /**
   * Sends again: what is parked, with its id; what was refused or failed, as a new operation in its place; what waits for
   * its next attempt, now.
   *
   * @returns the operation to watch; undefined where there is none of this id, or nothing to try again.
   */
  retry(id: string): Operation | undefined;
  /** Drops what is parked, refused, failed or was never sent; false for anything else. */
  discard(id: string): boolean;
  /** Tries at once instead of waiting: somebody signed in, or the network is back. */
  resume(): void;
  /** Calls back after each change of the list or the status. Returns what ends it. */
  subscribe(listener: () => void): () => void;
}

export class Outbox implements OutboxView {
  readonly loaded: Promise<void>;
  readonly #http: HttpClient;
  readonly #options: ClientOptions;
  readonly #newId: () => string;
  readonly #keysOf: (message: CommandMessage | DecisionMessage) => readonly string[];
  readonly #ttlMs: number;
  readonly #user: string;
  readonly #version: string;
  readonly #storage: OutboxStorage | undefined;
  readonly #listeners = new Listeners();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** In the order of dispatch. */
  #operations = new Map<string, TrackedOperation>();
  #inFlight = 0;
  #lastOrder = 0;
  #isLoading = true;
  /** Answers 401 in a row. */
  #denials = 0;
  /** The next attempt after a 401 has to wait. */
  #isHeld = false;
  #isClosed = false;
  /** Writes follow one another. */
  #writes: Promise<unknown> = Promise.resolve();

  constructor(
    http: HttpClient,
    options: ClientOptions,
    newId: () => string,
    keysOf: (message: CommandMessage | DecisionMessage) => readonly string[],
  ) {
    const { storage, user = '', version = '', ttlMs = OUTBOX_TTL_MS } = options.outbox ?? {};
    if (ttlMs > OUTBOX_TTL_MS_MAX) throw new LimitExceededError('ttlMs', OUTBOX_TTL_MS_MAX, ttlMs);
    this.#http = http;
    this.#options = options;
    this.#newId = newId;
    this.#keysOf = keysOf;
    this.#storage = storage;
    this.#user = user;
    this.#version = version;
    this.#ttlMs = ttlMs;
    storage?.onLeft?.((left) => this.#takeUp(left));
    this.loaded = this.#load();
    this.loaded.catch(() => undefined);
  }

  get status(): OutboxView['status'] {
    if (this.#isLoading) return 'loading';
    return this.#denials > 0 ? 'needs-auth' : 'running';
  }

  list(): readonly TrackedOperation[] {
    return [...this.#operations.values()];
  }

  refused(): readonly TrackedOperation[] {
    return this.list().filter(({ phase }) => phase === 'refused' || phase === 'failed');
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** @throws {@link OverloadedError} when too many wait already. */
  dispatch(
    message: CommandMessage | DecisionMessage,
    options: DispatchOptions,
    keys: readonly string[] = options.key === undefined ? this.#keysOf(message) : [options.key],
  ): TrackedOperation {
    if (this.#operations.size >= OUTBOX_MAX) throw new OverloadedError('OUTBOX_MAX', OUTBOX_MAX);
    const { id = this.#newId(), expectedRevision, correlationId, traceparent } = options;
    const known = this.#operations.get(id);
    if (known !== undefined) return known;
    const createdAt = Date.now();
    this.#lastOrder = Math.max(this.#lastOrder + 1, createdAt);
    const operation = this.#track({
      id,
      order: this.#lastOrder,
      message,
      keys,
      ...(expectedRevision === undefined ? {} : { expectedRevision }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      user: this.#user,
      version: this.#version,
      createdAt,
      expiresAt: createdAt + this.#ttlMs,
      phase: 'queued',
      attempts: 0,
    });
    void this.#write(operation);
    this.#changed();
    return operation;
  }

  retry(id: string): TrackedOperation | undefined {
    const operation = this.#operations.get(id);
    switch (operation?.phase) {
      case 'queued':
      case 'unknown':
        this.#wake(operation);
        break;
      case 'parked':
        operation.renew({
          user: this.#user,
          version: this.#version,
          expiresAt: Date.now() + this.#ttlMs,
        });
        void this.#write(operation);
        break;
      case 'refused':
      case 'failed':
        this.#forget(operation);
        return this.#again(operation.stored);
      case 'sending':
      case 'accepted':
      case 'settled':
      case 'cancelled':
      case undefined:
        return undefined;
    }
    this.#changed();
    return operation;
  }

  discard(id: string): boolean {
    const operation = this.#operations.get(id);
    if (operation === undefined) return false;
    if (this.#cancel(operation)) return true;
    if (!discardable.has(operation.phase)) return false;
    this.#forget(operation);
    if (operation.phase === 'parked') operation.change('cancelled');
    this.#changed();
    return true;
  }

  resume(): void {
    this.#isHeld = false;
    for (const operation of this.#operations.values()) this.#wake(operation);
    this.#changed();
  }

  /** Every open live query has the effect from the server: nothing more is to be known. */
  settle(operation: TrackedOperation): void {
    this.#forget(operation);
    operation.change('settled');
    this.#changed();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#listeners.clear();
    void this.#writes.then(() => this.#storage?.close?.());
  }

  async #load(): Promise<void> {
    try {
      const stored = (await this.#storage?.load()) ?? [];
      // What was dispatched meanwhile comes after it.
      const fresh = this.#operations;
      this.#operations = new Map();
      this.#takeUp(stored.filter(({ id }) => !fresh.has(id)));
      for (const [id, operation] of fresh) this.#operations.set(id, operation);
    } finally {
      this.#isLoading = false;
      this.#changed();
    }
  }

  /** What was under way when its page went may have happened: it is sent again, with its id. */
  #takeUp(stored: readonly StoredOperation[]): void {
    for (const entry of stored.toSorted((left, right) => left.order - right.order)) {
      if (this.#isClosed || this.#operations.has(entry.id)) continue;
      this.#lastOrder = Math.max(this.#lastOrder, entry.order);
      const phase = entry.phase === 'sending' ? 'unknown' : entry.phase;
      const operation = this.#track({ ...entry, phase });
      operation.setStored(true);
      const isForeign = entry.user !== this.#user || entry.version !== this.#version;
      if (operation.isOpen && isForeign) this.#park(operation, new Error(FOREIGN));
    }
    if (!this.#isLoading) this.#changed();
  }

  #track(stored: StoredOperation): TrackedOperation {
    const operation = new TrackedOperation(stored, (own) => this.#cancel(own));
    this.#operations.set(stored.id, operation);
    return operation;
  }

  /** A new operation with the same content: the old id has its answer for ever. */
  #again({
    message,
    keys,
    expectedRevision,
    correlationId,
    traceparent,
  }: StoredOperation): TrackedOperation {
    return this.dispatch(message, { expectedRevision, correlationId, traceparent }, keys);
  }

  #cancel(operation: TrackedOperation): boolean {
    if (operation.phase !== 'queued' || operation.get().attempts > 0) return false;
    this.#forget(operation);
    operation.change('cancelled');
    this.#changed();
    return true;
  }

  #changed(): void {
    this.#pump();
    this.#listeners.tell();
  }

  #pump(): void {
    if (this.#isClosed || this.#isLoading || this.#isHeld) return;
    const max = this.#denials > 0 ? 1 : IN_FLIGHT_MAX;
    const taken = new Set<string>();
    for (const operation of this.#operations.values()) {
      if (!operation.isOpen) continue;
      const { keys } = operation.stored;
      const isNext = keys.every((key) => !taken.has(key));
      for (const key of keys) taken.add(key);
      const isReady = isNext && operation.phase !== 'sending' && !operation.isDelayed;
      if (isReady && this.#inFlight < max) void this.#send(operation);
    }
  }

  async #send(operation: TrackedOperation): Promise<void> {
    if (Date.now() >= operation.stored.expiresAt) {
      this.#park(operation, new Error(EXPIRED));
      this.#changed();
      return;
    }
    this.#inFlight += 1;
    operation.change('sending');
    this.#listeners.tell();
    await this.#write(operation);
    const verdict = this.#isClosed
      ? undefined
      : await attemptOnce(this.#http, operation.stored, this.#http.closing);
    this.#inFlight -= 1;
    if (verdict === undefined || this.#isClosed) return;
    this.#judge(operation, verdict);
    this.#changed();
  }

  #judge(operation: TrackedOperation, verdict: Verdict): void {
    if (verdict.kind !== 'unauthenticated') {
      this.#denials = 0;
      this.#isHeld = false;
    }
    switch (verdict.kind) {
      case 'answered':
        operation.change(verdict.outcome.status, { outcome: verdict.outcome });
        void this.#write(operation);
        break;
      case 'failed':
        operation.change('failed', { error: verdict.error });
        void this.#write(operation);
        break;
      case 'park':
        this.#park(operation, verdict.error);
        break;
      case 'unauthenticated':
        operation.change(operation.isDoubtful ? 'unknown' : 'queued', { error: verdict.error });
        this.#hold();
        break;
      case 'again':
        operation.isDoubtful ||= verdict.isDoubtful;
        operation.change(operation.isDoubtful ? 'unknown' : 'queued', { error: verdict.error });
        this.#delay(operation, this.#delayMs(operation.get().attempts - 1, verdict.askedMs));
        break;
    }
  }

  /** The first time at once, since the credentials may just have run out. */
  #hold(): void {
    this.#denials += 1;
    if (this.#denials === 1) return;
    this.#isHeld = true;
    this.#after('', this.#delayMs(this.#denials - 2, 0), () => (this.#isHeld = false));
  }

  #delay(operation: TrackedOperation, ms: number): void {
    operation.isDelayed = true;
    this.#after(operation.id, ms, () => (operation.isDelayed = false));
  }

  #after(timer: string, ms: number, work: () => void): void {
    clearTimeout(this.#timers.get(timer));
    const id = setTimeout(() => {
      this.#timers.delete(timer);
      work();
      this.#changed();
    }, ms);
    this.#timers.set(timer, id);
  }

  #wake(operation: TrackedOperation): void {
    clearTimeout(this.#timers.get(operation.id));
    this.#timers.delete(operation.id);
    operation.isDelayed = false;
  }

  #delayMs(attempt: number, askedMs: number): number {
    const random = this.#options.random ?? Math.random;
    return retryDelayMs(attempt, this.#http.timings, random, askedMs);
  }

  #park(operation: TrackedOperation, error: Error): void {
    operation.change('parked', { error });
    void this.#write(operation);
  }

  #forget(operation: TrackedOperation): void {
    this.#wake(operation);
    this.#operations.delete(operation.id);
    const storage = this.#storage;
    if (storage !== undefined) void this.#inOrder(() => storage.remove(operation.id));
  }

  async #write(operation: TrackedOperation): Promise<void> {
    const storage = this.#storage;
    if (storage === undefined) return;
    const { stored } = operation;
    const isStored = await this.#inOrder(() => storage.put(stored));
    if (this.#operations.has(operation.id)) operation.setStored(isStored);
  }

  /** A storage that fails keeps nobody from sending; the operation says that it is not stored. */
  #inOrder(work: () => Promise<void>): Promise<boolean> {
    const done = this.#writes.then(work).then(
      () => true,
      () => false,
    );
    this.#writes = done;
    return done;
  }
}

const discardable: ReadonlySet<string> = new Set(['parked', 'refused', 'failed']);
const FOREIGN =
  'It was made by another user, or by another version of the application. Look at it, then send or discard it.';
const EXPIRED =
  'It could not be sent in time. Look whether it is still meant, then send or discard it.';
