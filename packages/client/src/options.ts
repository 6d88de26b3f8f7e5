/** What a client is told, and the bounds of its patience. */
import type { OutboxOptions } from './outbox/outbox-storage.ts';

export interface ClientOptions {
  /** Where the server is: `https://bank.example`, or in a browser also a path such as `/daybook`. */
  readonly url: string;
  /** Asked before every request and connection, so that a credential may be renewed. */
  readonly headers?: (() => HeadersOption | Promise<HeadersOption>) | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly WebSocket?: WebSocketFactory | undefined;
  readonly timings?: Partial<ClientTimings> | undefined;
  readonly outbox?: OutboxOptions | undefined;
  /** Ids of commands; default UUIDv7 by the clock. */
  readonly newId?: (() => string) | undefined;
  /** From 0 up to 1, for the delays; default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export type HeadersOption = Readonly<Record<string, string>>;

/** The part of the `WebSocket` class that is used; events are a browser's. */
export type WebSocketFactory = new (url: string) => WebSocketLike;

export interface WebSocketLike {
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  send(text: string): void;
  close(code?: number): void;
}

/** In milliseconds, all inclusive. */
export interface ClientTimings {
  /** The first delay before a repeat is random up to this, the next up to twice as long, and so on. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
  /** After so long no further attempt begins. */
  readonly retryForMs: number;
  /** How many attempts one request is. */
  readonly attemptsMax: number;
  /** How long one attempt may take; a query's own wait is added. */
  readonly attemptMs: number;
  /** How long a connection may take until the server greets. */
  readonly connectMs: number;
  /** How long the connection stays open with nothing to listen to. */
  readonly idleMs: number;
}

export const defaultTimings: ClientTimings = {
  retryDelayMinMs: 250,
  retryDelayMaxMs: 30_000,
  retryForMs: 120_000,
  attemptsMax: 12,
  attemptMs: 30_000,
  connectMs: 10_000,
  idleMs: 5_000,
};
