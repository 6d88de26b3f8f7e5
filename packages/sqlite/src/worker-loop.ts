/**
 * The worker's side: takes message after message until it is told to end.
 *
 * The thread sleeps on the signal and not in its event loop: waking it is one system call, and the hop to the writer is
 * what an append alone pays for.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';

import {
  packError,
  START_CALL,
  type CallMessage,
  type ReplyMessage,
  type WorkerMethods,
  type WorkerStart,
} from './worker-message.ts';

export interface WorkerRole<Methods extends WorkerMethods> {
  readonly methods: Methods;
  /** A message that is no call, and those of its kind that have arrived behind it. */
  readonly onMessages?: (messages: readonly (readonly unknown[])[]) => void;
  /** After each message, when its answer is on its way. */
  readonly onAnswered: () => void;
  /** When nothing has come for {@link IDLE_MS}. */
  readonly onIdle: () => void;
  readonly close: () => void;
}

/** Opens the worker's role and serves it to the end. */
export function serveWorker<Methods extends WorkerMethods>(
  open: (options: never) => WorkerRole<Methods>,
): void {
  // Given by the host: the options are those that this worker is started with.
  const { options, signal } = workerData as WorkerStart<never>;
  let role: WorkerRole<Methods>;
  try {
    role = open(options);
  } catch (error) {
    post({ call: START_CALL, error: packError(error) });
    return;
  }
  post({ call: START_CALL, value: null });
  const inbox = new Inbox(new Int32Array(signal), role.onIdle);
  for (let message = inbox.take(); message !== null; message = inbox.take()) {
    if (isCall(message)) answer(role.methods, message);
    else role.onMessages?.([message, ...inbox.takeMore()]);
    role.onAnswered();
  }
  role.close();
  parentPort?.close();
}

export function post(message: readonly unknown[] | ReplyMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- A thread's port, not a window.
  parentPort?.postMessage(message);
}

function answer(methods: WorkerMethods, { call, method, args }: CallMessage): void {
  try {
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (run === undefined) throw new TypeError(`There is no method ${method}`);
    // The arguments have the types of the method: both sides share its interface.
    post({ call, value: run(...(args as never)) });
  } catch (error) {
    post({ call, error: packError(error) });
  }
}

type Message = readonly unknown[] | CallMessage;

/** What has arrived; null is the last message. */
class Inbox {
  readonly #signal: Int32Array;
  readonly #onIdle: () => void;
  #ahead: Message | null | undefined;

  constructor(signal: Int32Array, onIdle: () => void) {
    this.#signal = signal;
    this.#onIdle = onIdle;
  }

  /** The next message, waiting for it. */
  take(): Message | null {
    for (;;) {
      const seen = Atomics.load(this.#signal, 0);
      const message = this.#receive();
      if (message !== undefined) return message;
      if (Atomics.wait(this.#signal, 0, seen, IDLE_MS) !== 'timed-out') continue;
      this.#onIdle();
      Atomics.wait(this.#signal, 0, seen);
    }
  }

  /** Messages that are no calls, as far as they have arrived. */
  takeMore(): readonly (readonly unknown[])[] {
    const messages: (readonly unknown[])[] = [];
    for (;;) {
      const message = this.#receive();
      if (message === undefined) return messages;
      if (message === null || isCall(message)) {
        this.#ahead = message;
        return messages;
      }
      messages.push(message);
    }
  }

  #receive(): Message | null | undefined {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined || parentPort === null) return ahead;
    // Only our own host sends here.
    const received: { readonly message: Message | null } | undefined =
      receiveMessageOnPort(parentPort);
    return received?.message;
  }
}

function isCall(message: Message): message is CallMessage {
  return !Array.isArray(message);
}

/** Longer than a client takes from one answer to its next append: what others wait for comes after that one. */
const IDLE_MS = 0.1;
