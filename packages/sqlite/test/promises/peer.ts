/** A real process beside the test, which it calls, freezes and kills. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { onTestFinished } from 'vitest';

import type { CallMessage, ChildMessage } from './served.ts';

/** The programs, by the name of their file. */
export type Program = 'store-process' | 'bank-process';

export interface PeerOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears what the process says by itself. */
  readonly onSaid?: (said: never) => void;
}

/** Thrown by calls of a process that is gone. */
export class PeerGoneError extends Error {
  readonly code = 'peer-gone';
}

/** An error that was thrown in the process. */
export class PeerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

export class Peer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onSaid: (said: never) => void;
  readonly #gone: Promise<void>;
  #lastCall = READY;
  #complaint = '';

  /** The process is on its way; {@link Peer.ready} says when it serves. It ends with the test at the latest. */
  constructor(program: Program, options: unknown, { environment, onSaid }: PeerOptions = {}) {
    this.#onSaid = onSaid ?? ignore;
    this.#child = fork(new URL(`./${program}.ts`, import.meta.url), [JSON.stringify(options)], {
      execArgv: ['--conditions=daybook-source'],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#complaint = (this.#complaint + text.toString()).slice(-COMPLAINT_LENGTH);
    });
    this.#child.on('message', (message: ChildMessage) => this.#hear(message));
    // The channel ends after its last message, whichever of the two comes first.
    const ends = [once(this.#child, 'close'), once(this.#child, 'disconnect')];
    this.#gone = Promise.all(ends).then(() => this.#end());
    onTestFinished(() => this.kill());
  }

  /** A process that serves. */
  static async start(program: Program, options: unknown, more?: PeerOptions): Promise<Peer> {
    const peer = new Peer(program, options, more);
    await peer.ready();
    return peer;
  }

  async ready(): Promise<void> {
    await this.#answer(READY);
  }

  /** @throws {@link PeerError} what the method threw. {@link PeerGoneError} */
  async call<Value>(method: string, ...args: readonly unknown[]): Promise<Value> {
    this.#lastCall += 1;
    const message: CallMessage = { call: this.#lastCall, method, args };
    const answer = this.#answer<Value>(this.#lastCall);
    if (this.#child.connected) this.#child.send(message, ignore);
    else this.#end();
    return answer;
  }

  /** At once, as a power cut of the process; resolves when all that it said was heard. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  /** Resolves when it ended by itself. */
  async gone(): Promise<void> {
    await this.#gone;
  }

  /** Stops it where it stands, in the middle of whatever it does. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  #answer<Value>(call: number): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
    });
  }

  #hear(message: ChildMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#settle(READY)?.resolve(undefined as never);
        return;
      case 'value':
        this.#settle(message.call)?.resolve(message.value as never);
        return;
      case 'error':
        this.#settle(message.call)?.reject(
          new PeerError(message.error.code, message.error.message),
        );
        return;
      case 'said':
        this.#onSaid(message.said as never);
    }
  }

  #settle(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }

  #end(): void {
    const error = new PeerGoneError(`The process is gone. ${this.#complaint}`);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Something to wait for that the process will say. */
export function signal(): Signal {
  let resolve = ignore;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve: () => resolve() };
}

export interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

const READY = 0;
const COMPLAINT_LENGTH = 4_000;

function ignore(): void {
  // Nobody asked.
}
