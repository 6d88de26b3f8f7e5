/**
 * Wakes whoever listens after commits, of other processes too.
 *
 * NOTIFY does it at once; what is relied on is looking now and then, for notifications are lost with their connection, and
 * never come behind some poolers. The connection that listens is opened for the first listener and opened again when it is
 * lost; meanwhile looks are closer together. Nothing here keeps the process alive.
 */
import { setTimeout as delay } from 'node:timers/promises';

import type { Connection } from './connection.ts';
import type { Connector } from './connector.ts';

export interface BellOptions {
  readonly connect: Connector;
  readonly channel: string;
  /** What a notification says. */
  readonly onPayload: (payload: string) => void;
  /** Looks at the store whether something was committed of which nothing was heard. */
  readonly look: () => Promise<void>;
}

export class Bell {
  readonly #options: BellOptions;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #listening: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: BellOptions) {
    this.#options = options;
  }

  /** Begins to listen; again is harmless. Resolves when the first attempt has been made. */
  async start(): Promise<void> {
    if (this.#listening === undefined) {
      this.#listening = this.#listen();
      this.#schedule();
    }
    return this.#listening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#listening;
    await this.#connection?.close();
  }

  async #listen(): Promise<void> {
    const { connect, channel, onPayload, look } = this.#options;
    try {
      const connection = await connect();
      this.#connection = connection;
      connection.onNotification(onPayload);
      await connection.run(`LISTEN "${channel}"`);
      void connection.lost.then(() => this.#again(connection));
      // What was committed before LISTEN was heard by nobody.
      await look();
    } catch {
      // The looks go on, and each tries again.
      const connection = this.#connection;
      this.#connection = undefined;
      await connection?.close();
    }
  }

  async #again(lost: Connection): Promise<void> {
    this.#connection = undefined;
    await lost.close();
    if (!this.#isClosed) this.#listening = this.#listen();
  }

  #schedule(): void {
    const isHeard = this.#connection?.isLost === false;
    this.#timer = setTimeout(() => void this.#turn(), isHeard ? SLOW_LOOK_MS : FAST_LOOK_MS);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    await this.#options.look().catch(() => undefined);
    if (this.#isClosed) return;
    if (this.#connection === undefined) {
      await this.#listening;
      if (this.#connection === undefined && !this.#isClosed) this.#listening = this.#listen();
      await Promise.race([this.#listening, delay(FAST_LOOK_MS, undefined, { ref: false })]);
    }
    if (!this.#isClosed) this.#schedule();
  }
}

/** The longest that a commit stays unheard while notifications come. */
export const SLOW_LOOK_MS = 1_000;
const FAST_LOOK_MS = 250;
