/**
 * Appends on their way to the writer.
 *
 * There is no timer: a group is whatever was called in one turn, or came while {@link GROUPS_IN_FLIGHT_MAX} groups were on
 * their way. Groups go down one connection in order, so that appends to one stream commit in the order of their calls.
 */
import {
  ClosedError,
  OverloadedError,
  type AppendRequest,
  type AppendResult,
  type EventStoreLimits,
} from '@daybook/core';

import { AppendGroup } from './append-group.ts';
import { encodeAppend } from './encoded-append.ts';

export class AppendQueue {
  readonly #limits: EventStoreLimits;
  readonly #send: (group: AppendGroup) => Promise<void>;
  /** Filled and not yet sent, in order; appends to a log go to its last one. */
  readonly #waiting: AppendGroup[] = [];
  readonly #open = new Map<string, AppendGroup>();
  #inFlight = 0;
  #count = 0;
  #isFlushDue = false;
  #isClosed = false;
  #onEmpty: (() => void) | undefined;

  /** @param send gives every append of a group its answer; it must not throw. */
  constructor(limits: EventStoreLimits, send: (group: AppendGroup) => Promise<void>) {
    this.#limits = limits;
    this.#send = send;
  }

  /** The request has been checked. */
  async append(request: AppendRequest, log: string): Promise<AppendResult> {
    if (this.#isClosed) throw new ClosedError('The event store');
    const { pendingAppendsMax } = this.#limits;
    if (this.#count >= pendingAppendsMax) {
      throw new OverloadedError('pendingAppendsMax', pendingAppendsMax);
    }
    return new Promise((resolve, reject) => {
      const encoded = encodeAppend({ request, resolve, reject }, this.#limits);
      let group = this.#open.get(log);
      if (group?.add(encoded) !== true) {
        group = new AppendGroup(log);
        group.add(encoded);
        this.#waiting.push(group);
        this.#open.set(log, group);
      }
      this.#count += 1;
      this.#flushSoon();
    });
  }

  /** Refuses appends from now on; resolves when those that were accepted are answered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#inFlight >= GROUPS_IN_FLIGHT_MAX) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#inFlight < GROUPS_IN_FLIGHT_MAX) {
      const group = this.#waiting.shift();
      if (group === undefined) return;
      if (this.#open.get(group.log) === group) this.#open.delete(group.log);
      this.#inFlight += 1;
      void this.#send(group).finally(() => {
        this.#inFlight -= 1;
        this.#count -= group.pending.length;
        this.#flush();
        if (this.#count === 0) this.#onEmpty?.();
      });
    }
  }
}

export const GROUPS_IN_FLIGHT_MAX = 2;
