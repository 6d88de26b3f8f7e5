/**
 * One WebSocket for everything that is listened to.
 *
 * What always holds:
 * - There is at most one socket, and its events count only while it is the present one.
 * - After each `welcome`, every channel opens itself again; a channel that was closed is never heard of again.
 * - A connection that shows no life for two heartbeats is given up, and tried again with growing, random delays.
 */
import { ClosedError, LimitExceededError } from '@daybook/core';
import {
  closeCodes,
  PROTOCOL_VERSION,
  type DownFrame,
  type Problem,
  type UpFrame,
  type WelcomeFrame,
} from '@daybook/protocol';
import { retryDelayMs } from './backoff.ts';
import { ProblemError } from './errors.ts';
import type { FrameGate } from './frame-gate.ts';
import type { HttpClient } from './http.ts';
import type { ClientOptions, WebSocketLike } from './options.ts';

/** One subscription or await on the connection. */
export interface Channel {
  /** The server greeted: ask for what is wanted, from where it had come. */
  open(send: (frame: UpFrame) => void, welcome: WelcomeFrame): void;
  receive(frame: DownFrame): void;
  /** The connection was lost and is tried again. */
  lost(): void;
  /** The connection is given up for good. */
  fail(error: Error): void;
}

export class LiveConnection {
  readonly #http: HttpClient;
  readonly #options: ClientOptions;
  readonly #channels = new Map<string, Channel>();
  /** Holds back what may contain commands under way. */
  gate: FrameGate | undefined;
  /** Nothing is connected before. */
  ready: Promise<void> = Promise.resolve();
  #socket: WebSocketLike | undefined;
  #welcome: WelcomeFrame | undefined;
  #attempt = 0;
  #askedMs = 0;
  /** Credentials in a row that were nobody's. */
  #denials = 0;
  #silentBeats = 0;
  #nextId = 0;
  #isConnecting = false;
  #isClosed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #beatTimer: ReturnType<typeof setInterval> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(http: HttpClient, options: ClientOptions) {
    this.#http = http;
    this.#options = options;
  }

  /** Adds a channel under a new id, connecting when there is no connection yet. */
  add(makeChannel: (id: string) => Channel): string {
    if (this.#isClosed) throw new ClosedError('The client');
    clearTimeout(this.#idleTimer);
    this.#nextId += 1;
    const id = String(this.#nextId);
    const channel = makeChannel(id);
    this.#channels.set(id, channel);
    if (this.#welcome !== undefined) this.#open(id, channel, this.#welcome);
    else this.#connect();
    return id;
  }

  /** Takes a channel away; the connection is closed some time after the last. */
  remove(id: string): void {
    if (!this.#channels.delete(id) || this.#channels.size > 0) return;
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#drop(), this.#http.timings.idleMs);
  }

  /** Gives a channel a new id, so that what still comes for the old one is not taken for an answer to what is asked now. */
  renew(id: string): string {
    const channel = this.#channels.get(id);
    if (channel === undefined) return id;
    this.#channels.delete(id);
    this.#nextId += 1;
    const renewed = String(this.#nextId);
    this.#channels.set(renewed, channel);
    return renewed;
  }

  /** A random delay before the attempt after `attempt`. */
  delayMs(attempt: number): number {
    return retryDelayMs(attempt, this.#http.timings, this.#options.random ?? Math.random);
  }

  /** Says something, if there is anybody to hear it. */
  send(frame: UpFrame): void {
    if (this.#welcome !== undefined) this.#socket?.send(JSON.stringify(frame));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drop();
    this.#failAll(new ClosedError('The client'));
  }

  #connect(): void {
    if (
      this.#isClosed ||
      this.#isConnecting ||
      this.#socket !== undefined ||
      this.#retryTimer !== undefined
    )
      return;
    this.#isConnecting = true;
    this.ready
      .then(() => this.#http.headers())
      .then((headers) => {
        this.#isConnecting = false;
        if (!this.#isClosed && this.#channels.size > 0) this.#openSocket(bearerOf(headers));
      })
      // The application's headers may come from the network too: tried again, as a connection is.
      .catch(() => {
        this.#isConnecting = false;
        this.#retryLater();
      });
  }

  #openSocket(token: string | undefined): void {
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    const address = this.#http.address('live');
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket: WebSocketLike = new Socket(address.href);
    this.#socket = socket;
    this.#connectTimer = setTimeout(() => this.#giveUp(), this.#http.timings.connectMs);
    socket.addEventListener('open', () => {
      const hello: UpFrame = {
        type: 'hello',
        v: PROTOCOL_VERSION,
        ...(token === undefined ? {} : { token }),
      };
      socket.send(JSON.stringify(hello));
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket && typeof data === 'string') this.#receive(frameOf(data));
    });
    // After an error comes a close, which is what counts.
    socket.addEventListener('close', ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    });
  }

  #receive(frame: DownFrame | undefined): void {
    this.#silentBeats = 0;
    if (frame === undefined) return;
    switch (frame.type) {
      case 'welcome':
        this.#welcomed(frame);
        return;
      case 'bye':
        this.#askedMs = frame.retryAfterMs;
        return;
      case 'pong':
        return;
      case 'snap':
      case 'next':
      case 'pos':
      case 'state':
      case 'reset':
        this.#works();
        this.#pass(() => this.#channels.get(frame.sub)?.receive(frame));
        return;
      case 'outcomes':
        this.gate?.answer(frame.id, frame.commands, (question) => this.send(question));
        return;
      case 'ready':
        this.#works();
        this.#channels.get(frame.id)?.receive(frame);
        return;
      case 'problem':
        this.gate?.answer(frame.id, [], (question) => this.send(question));
        this.#pass(() => this.#channels.get(frame.id ?? '')?.receive(frame));
    }
  }

  #pass(deliver: () => void): void {
    const isPassed = this.gate?.pass(deliver, (question) => this.send(question));
    if (isPassed === undefined) deliver();
    else if (!isPassed) this.#giveUp();
  }

  #welcomed(welcome: WelcomeFrame): void {
    clearTimeout(this.#connectTimer);
    this.#welcome = welcome;
    this.#beatTimer = setInterval(() => this.#beat(), welcome.heartbeatMs);
    for (const [id, channel] of this.#channels) this.#open(id, channel, welcome);
  }

  /** A connection counts as good when it has given an answer; until then, delays go on growing. */
  #works(): void {
    this.#attempt = 0;
    this.#denials = 0;
  }

  #open(id: string, channel: Channel, welcome: WelcomeFrame): void {
    channel.open((frame) => {
      const text = JSON.stringify(frame);
      const { frameBytesMax } = welcome.limits;
      if (text.length * 3 > frameBytesMax) {
        const bytes = new TextEncoder().encode(text).length;
        if (bytes > frameBytesMax) {
          this.remove(id);
          channel.fail(new LimitExceededError('frameBytesMax', frameBytesMax, bytes));
          return;
        }
      }
      this.#socket?.send(text);
    }, welcome);
  }

  #beat(): void {
    if (this.#silentBeats >= 2) {
      this.#giveUp();
      return;
    }
    this.#silentBeats += 1;
    this.send({ type: 'ping' });
  }

  /** The present socket is as good as closed; its own word may come late, or never. */
  #giveUp(): void {
    const socket = this.#socket;
    this.#closed(0);
    socket?.close();
  }

  #closed(code: number): void {
    this.#forgetSocket();
    if (code === closeCodes.unauthenticated) this.#denials += 1;
    const problem = finalProblem(code, this.#denials);
    if (problem !== undefined) {
      this.#failAll(new ProblemError(problem));
      return;
    }
    for (const channel of this.#channels.values()) channel.lost();
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#channels.size === 0 || this.#isClosed) return;
    const random = this.#options.random ?? Math.random;
    const delayMs = retryDelayMs(this.#attempt, this.#http.timings, random, this.#askedMs);
    this.#attempt += 1;
    this.#askedMs = 0;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#channels.size > 0) this.#connect();
    }, delayMs);
  }

  /** Lets go of the socket without a word to the channels. */
  #drop(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const socket = this.#socket;
    this.#forgetSocket();
    socket?.close(1000);
  }

  #forgetSocket(): void {
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#idleTimer);
    clearInterval(this.#beatTimer);
    this.gate?.clear();
    this.#socket = undefined;
    this.#welcome = undefined;
    this.#silentBeats = 0;
  }

  #failAll(error: Error): void {
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const channel of channels) channel.fail(error);
  }
}

/** What a server says is trusted to be a frame; one of a later version is passed over, as what is no JSON is. */
function frameOf(text: string): DownFrame | undefined {
  try {
    return JSON.parse(text) as DownFrame;
  } catch {
    return undefined;
  }
}

/** A bearer token goes into `hello`, since a browser's socket sends no headers of ours. */
function bearerOf(headers: Readonly<Record<string, string>>): string | undefined {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
  const value = name === undefined ? undefined : headers[name];
  return value !== undefined && /^bearer /i.test(value) ? value.slice('bearer '.length) : undefined;
}

/**
 * A problem where trying again cannot help. A credential may have expired since it was asked for, so it is asked for once
 * more; a second one that is nobody's either is the last.
 */
function finalProblem(code: number, denials: number): Problem | undefined {
  if (code === closeCodes.versionUnsupported) {
    const detail = `The server does not speak version ${PROTOCOL_VERSION} of the protocol. Reload, or update the client.`;
    return {
      type: 'about:blank',
      title: 'Version',
      status: 400,
      code: 'protocol-unsupported',
      detail,
      retryable: false,
    };
  }
  if (denials < DENIALS_MAX) return undefined;
  const detail = 'The server knows nobody by this credential. Sign in again.';
  return {
    type: 'about:blank',
    title: 'Unauthenticated',
    status: 401,
    code: 'unauthenticated',
    detail,
    retryable: false,
  };
}

const DENIALS_MAX = 2;
