/** One connection for writes that follow one another; a lost one is replaced at the next. */
import { ClosedError, OverloadedError } from '@daybook/core';

import type { Connection } from './connection.ts';
import type { Connector } from './connector.ts';

export class SerialConnection {
  readonly #connect: Connector;
  #connection: Connection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isClosed = false;

  constructor(connect: Connector) {
    this.#connect = connect;
  }

  /** @throws what `work` throws; {@link OverloadedError} {@link ClosedError} and what connecting throws. */
  async use<Value>(work: (connection: Connection) => Promise<Value>): Promise<Value> {
    if (this.#isClosed) throw new ClosedError('The read-model store');
    if (this.#waiting >= WAITING_WRITES_MAX) {
      throw new OverloadedError('waitingWritesMax', WAITING_WRITES_MAX);
    }
    this.#waiting += 1;
    const turn = this.#last.then(async () => work(await this.#open()));
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Finishes what was begun. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#connection?.close();
  }

  async #open(): Promise<Connection> {
    if (this.#connection?.isLost === false) return this.#connection;
    await this.#connection?.close();
    this.#connection = await this.#connect();
    return this.#connection;
  }
}

export const WAITING_WRITES_MAX = 1_000;
