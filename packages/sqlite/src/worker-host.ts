/** The caller's side of a worker: its calls, its death, its end. */
import { Worker } from 'node:worker_threads';

import { StoreUnavailableError } from '@daybook/core';

import {
  START_CALL,
  unpackError,
  type CallMessage,
  type ReplyMessage,
  type WorkerMethods,
  type WorkerStart,
} from './worker-message.ts';

/** The workers of this package, by the name of their file. */
export type WorkerFile = 'event-writer' | 'read-model-writer';

export interface WorkerEvents {
  /** A message that is no reply to a call. */
  readonly onMessage: (message: readonly unknown[]) => void;
  /** The worker ended by itself: what it was asked may have been done or not. */
  readonly onDeath: (error: Error) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class WorkerHost<Methods extends WorkerMethods> {
  readonly #worker: Worker;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  readonly #events: WorkerEvents;
  readonly #exited: Promise<void>;
  #lastCall = START_CALL;
  #isClosing = false;
  #death: Error | undefined;

  private constructor(file: WorkerFile, options: unknown, events: WorkerEvents) {
    this.#events = events;
    const workerData: WorkerStart<unknown> = { options, signal: this.#signal.buffer };
    this.#worker = new Worker(urlOf(file), { workerData, name: `daybook ${file}` });
    this.#worker.on('message', (message: unknown) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#die(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        if (!this.#isClosing) this.#die(new Error(`exit code ${exitCode}`));
        resolve();
      });
    });
  }

  /** Resolves when the worker has opened its file. */
  static async start<Methods extends WorkerMethods>(
    file: WorkerFile,
    options: unknown,
    events: WorkerEvents,
  ): Promise<WorkerHost<Methods>> {
    const host = new WorkerHost<Methods>(file, options, events);
    try {
      await host.#reply(START_CALL);
      return host;
    } catch (error) {
      await host.#end();
      throw error;
    }
  }

  /** Sends a message that is no call. */
  post(message: readonly unknown[]): void {
    this.#send(message);
  }

  /** @throws {@link StoreUnavailableError} when the worker has ended; whether the call was carried out is not known then. */
  async call<Name extends keyof Methods & string>(
    method: Name,
    ...args: Parameters<Methods[Name]>
  ): Promise<ReturnType<Methods[Name]>> {
    if (this.#death !== undefined) throw this.#death;
    this.#lastCall += 1;
    const message: CallMessage = { call: this.#lastCall, method, args };
    const reply = this.#reply(this.#lastCall);
    this.#send(message);
    // What the method's own type says: the worker serves the same interface.
    return (await reply) as ReturnType<Methods[Name]>;
  }

  /** Lets the worker finish what it was sent, close its file and end. */
  async close(): Promise<void> {
    if (this.#isClosing) return this.#exited;
    this.#isClosing = true;
    if (this.#death === undefined) this.#send(null);
    return this.#exited;
  }

  async #end(): Promise<void> {
    this.#isClosing = true;
    await this.#worker.terminate();
  }

  async #reply(call: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
    });
  }

  /** First the message, then the signal: the worker that sees the signal finds the message. */
  #send(message: readonly unknown[] | CallMessage | null): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A thread, not a window.
    this.#worker.postMessage(message);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  #onMessage(message: unknown): void {
    if (Array.isArray(message)) {
      this.#events.onMessage(message);
      return;
    }
    // Only our own worker sends here.
    const reply = message as ReplyMessage;
    const waiting = this.#waiting.get(reply.call);
    this.#waiting.delete(reply.call);
    if ('error' in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.value);
  }

  #die(cause: Error): void {
    if (this.#death !== undefined) return;
    this.#death = new StoreUnavailableError(
      `The writing thread ended unexpectedly (${cause.message}). Close the store and open it again.`,
      { cause },
    );
    for (const waiting of this.#waiting.values()) waiting.reject(this.#death);
    this.#waiting.clear();
    this.#events.onDeath(this.#death);
  }
}

/** The compiler does not rewrite names in `new URL`, so the file beside this one is found by this one's own ending. */
function urlOf(file: WorkerFile): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${file}.${extension}`, import.meta.url);
}
