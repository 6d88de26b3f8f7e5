/** A socket whose other end is the test: the protocol's hard cases in the order that the test chooses. */
import type { WebSocketFactory, WebSocketLike } from '@daybook/client';
import type { DownFrame, NextFrame, SnapFrame, UpFrame, WelcomeFrame } from '@daybook/protocol';
import { defaultHttpLimits, PROTOCOL_VERSION } from '@daybook/protocol';

/** One connection, as the server sees it. */
export interface ServerEnd {
  readonly url: string;
  /** The next frame from the client. */
  frame(): Promise<UpFrame>;
  say(frame: DownFrame): void;
  open(): void;
  close(code?: number): void;
  readonly isClosed: boolean;
}

export interface FakeServer {
  readonly WebSocket: WebSocketFactory;
  /** The next connection that is made. */
  connection(): Promise<ServerEnd>;
  readonly connectionCount: number;
}

export function fakeServer(): FakeServer {
  const connections = new Queue<ServerEnd>();
  let count = 0;
  class FakeSocket {
    readonly #listeners = new Map<string, (event: never) => void>();
    readonly #frames = new Queue<UpFrame>();
    #isClosed = false;
    constructor(url: string) {
      count += 1;
      const isClosed = (): boolean => this.#isClosed;
      connections.put({
        url,
        frame: () => this.#frames.take(),
        say: (frame) => this.#tell('message', { data: JSON.stringify(frame) }),
        open: () => this.#tell('open', {}),
        close: (code = 1006) => this.close(code),
        get isClosed() {
          return isClosed();
        },
      });
    }
    addEventListener(type: string, listener: (event: never) => void): void {
      this.#listeners.set(type, listener);
    }
    #tell(type: string, event: object): void {
      this.#listeners.get(type)?.(event as never);
    }
    send(text: string): void {
      this.#frames.put(JSON.parse(text) as UpFrame);
    }
    close(code = 1000): void {
      if (this.#isClosed) return;
      this.#isClosed = true;
      queueMicrotask(() => this.#tell('close', { code }));
    }
  }
  return {
    WebSocket: FakeSocket satisfies new (url: string) => WebSocketLike,
    connection: () => connections.take(),
    get connectionCount() {
      return count;
    },
  };
}

/** Greets, after `hello`. */
export async function greet(end: ServerEnd, welcome: Partial<WelcomeFrame> = {}): Promise<UpFrame> {
  end.open();
  const hello = await end.frame();
  end.say({
    type: 'welcome',
    v: PROTOCOL_VERSION,
    epoch: 'e1',
    limits: defaultHttpLimits,
    heartbeatMs: 60_000,
    ...welcome,
  });
  return hello;
}

export function snap(
  sub: string,
  position: number,
  data: unknown = position,
  more: Partial<SnapFrame> = {},
): SnapFrame {
  return {
    type: 'snap',
    sub,
    generation: 1,
    position,
    token: `t${position}`,
    data,
    exact: true,
    ...more,
  };
}

export function next(
  sub: string,
  from: number,
  to: number,
  data: unknown = to,
  more: Partial<NextFrame> = {},
): NextFrame {
  const about = { generation: 1, position: to, token: `t${to}`, exact: true };
  return { type: 'next', sub, ...about, data, from, to, ...more };
}

/** Values that wait for their takers, and takers for their values. */
class Queue<Value> {
  readonly #values: Value[] = [];
  readonly #takers: ((value: Value) => void)[] = [];
  put(value: Value): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#values.push(value);
    else taker(value);
  }
  take(): Promise<Value> {
    const [value] = this.#values.splice(0, 1);
    return value === undefined
      ? new Promise((resolve) => this.#takers.push(resolve))
      : Promise.resolve(value);
  }
}
