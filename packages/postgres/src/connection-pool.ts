/**
 * Connections for reads and views: each has one to itself while it runs.
 *
 * At most `size` run at once; up to {@link WAITING_MAX} more wait their turn. A lost connection is replaced by a new one.
 */
import { ClosedError, OverloadedError } from '@daybook/core';

import type { Connection } from './connection.ts';
import type { Connector } from './connector.ts';

interface Waiting {
  readonly resolve: (connection: Connection | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class ConnectionPool {
  readonly #connect: Connector;
  readonly #size: number;
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiting[] = [];
  #running = 0;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(connect: Connector, size: number) {
    this.#connect = connect;
    this.#size = size;
  }

  /** @throws what `work` throws; {@link OverloadedError} {@link ClosedError} and what connecting throws. */
  async use<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    const connection = await this.#take();
    try {
      return await work(connection);
    } finally {
      this.#giveBack(connection);
    }
  }

  /** Refuses new work, waits for what runs, up to {@link CLOSE_WAIT_MS}, and closes the connections. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new ClosedError('The store'));
    if (this.#running > 0) await this.#runningEnded();
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((connection) => connection.close()));
  }

  async #take(): Promise<Connection> {
    if (this.#closing !== undefined) throw new ClosedError('The store');
    if (this.#running >= this.#size) {
      if (this.#waiting.length >= WAITING_MAX) {
        throw new OverloadedError('waitingReadsMax', WAITING_MAX);
      }
      const given = await new Promise<Connection | undefined>((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
      });
      return given ?? this.#open();
    }
    this.#running += 1;
    for (;;) {
      const idle = this.#idle.pop();
      if (idle === undefined) return this.#open();
      if (!idle.isLost) return idle;
      await idle.close();
    }
  }

  /** In a place that is counted already. */
  async #open(): Promise<Connection> {
    try {
      return await this.#connect();
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  #giveBack(connection: Connection): void {
    if (connection.isLost || this.#isClosed) {
      void connection.close();
      this.#free();
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(connection);
      return;
    }
    this.#idle.push(connection);
    this.#free();
  }

  /** A place is free: it goes to whoever waits, who opens a connection, or is counted down. */
  #free(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(this.#idle.pop());
      return;
    }
    this.#running -= 1;
    if (this.#running === 0) this.#onIdle?.();
  }

  async #runningEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_WAIT_MS);
      this.#onIdle = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export const WAITING_MAX = 10_000;
/** What runs longer than this after its store was closed loses its connection. */
const CLOSE_WAIT_MS = 5_000;
