/** A network of which every message waits for the test: delivered, lost, doubled, or late. */
import type { WebSocketFactory } from '@daybook/client';
import type { CommandMessage, DecisionMessage } from '@daybook/core';
import type { DownFrame, UpFrame } from '@daybook/protocol';

import type { ModelServer, ServerSide } from './server.ts';

interface Request {
  readonly message: CommandMessage | DecisionMessage;
  readonly id: string;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
  response: Response | undefined;
}

interface Link {
  readonly up: UpFrame[];
  readonly down: DownFrame[];
  readonly tell: (type: string, event: object) => void;
  side: ServerSide | undefined;
  isOpen: boolean;
}

export class Network {
  readonly #server: ModelServer;
  readonly #requests: Request[] = [];
  readonly #links: Link[] = [];

  constructor(server: ModelServer) {
    this.#server = server;
  }

  readonly fetch = (input: unknown, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const request: Request = {
        message: messageOf(String(input), init.body as string),
        id: new Headers(init.headers).get('idempotency-key') ?? '',
        resolve,
        reject,
        response: undefined,
      };
      this.#requests.push(request);
      init.signal?.addEventListener('abort', () => this.#drop(request));
    });

  get WebSocket(): WebSocketFactory {
    const links = this.#links;
    return class {
      readonly #listeners = new Map<string, (event: never) => void>();
      readonly #link: Link = {
        up: [],
        down: [],
        tell: (type, event) => this.#listeners.get(type)?.(event as never),
        side: undefined,
        isOpen: true,
      };
      constructor() {
        links.push(this.#link);
      }
      addEventListener(type: string, listener: (event: never) => void): void {
        this.#listeners.set(type, listener);
      }
      send(text: string): void {
        this.#link.up.push(JSON.parse(text) as UpFrame);
      }
      close(): void {
        this.#link.isOpen = false;
      }
    };
  }

  /** Whether anything is on its way. */
  get isBusy(): boolean {
    return this.#requests.length > 0 || this.#open().some((link) => this.#isBusy(link));
  }

  /** A request arrives, or its answer does. */
  deliverRequest(pick: number): void {
    const request = this.#pick(pick);
    if (request === undefined) return;
    if (request.response === undefined) {
      request.response = this.#carryOut(request);
    } else {
      this.#drop(request);
      request.resolve(request.response);
    }
  }

  /** It arrives a second time, as a proxy may send it. */
  doubleRequest(pick: number): void {
    const request = this.#pick(pick);
    if (request !== undefined) this.#carryOut(request);
  }

  /** It, or its answer, is lost. */
  loseRequest(pick: number): void {
    const request = this.#pick(pick);
    if (request === undefined) return;
    this.#drop(request);
    request.reject(new TypeError('network'));
  }

  /** The server does not want to now, and has done nothing. */
  refuseRequest(pick: number, status: number): void {
    const request = this.#pick(pick);
    if (request === undefined || request.response !== undefined) return;
    this.#drop(request);
    const problem = {
      type: '',
      title: '',
      status,
      code: 'overloaded',
      detail: 'later',
      retryable: true,
    };
    request.resolve(Response.json(problem, { status, headers: { 'retry-after': '1' } }));
  }

  /** One frame goes up. */
  deliverUp(pick: number): void {
    const link = this.#openAt(pick);
    if (link === undefined) return;
    if (link.side === undefined) {
      link.side = this.#server.open((frame) => link.down.push(frame));
      link.tell('open', {});
      return;
    }
    const frame = link.up.shift();
    if (frame !== undefined) this.#server.receive(link.side, frame);
  }

  /** One frame comes down, twice if `isDoubled`. */
  deliverDown(pick: number, isDoubled: boolean): void {
    const link = this.#openAt(pick);
    const frame = link?.down.shift();
    if (link === undefined || frame === undefined) return;
    for (let times = isDoubled ? 2 : 1; times > 0; times -= 1)
      link.tell('message', { data: JSON.stringify(frame) });
  }

  /** A version gets lost on its way: one that moved the position, for only that can be noticed. */
  loseDown(pick: number): void {
    const link = this.#openAt(pick);
    const frame = link?.down[0];
    if (frame?.type !== 'next' && frame?.type !== 'pos') return;
    if (frame.from !== frame.to) link?.down.shift();
  }

  /** Everything that is on its way now arrives. */
  deliverAll(): void {
    for (const request of this.#requests.slice()) {
      request.response ??= this.#carryOut(request);
      this.#drop(request);
      request.resolve(request.response);
    }
    for (const at of this.#open().keys()) {
      this.deliverUp(at);
      while ((this.#openAt(at)?.up.length ?? 0) > 0) this.deliverUp(at);
      while ((this.#openAt(at)?.down.length ?? 0) > 0) this.deliverDown(at, false);
    }
  }

  cut(): void {
    for (const link of this.#open()) {
      link.isOpen = false;
      if (link.side !== undefined) this.#server.close(link.side);
      link.tell('close', { code: 1006 });
    }
  }

  /** The page is gone, and all that it had asked for. */
  forget(): void {
    for (const link of this.#open()) {
      link.isOpen = false;
      if (link.side !== undefined) this.#server.close(link.side);
    }
    this.#requests.length = 0;
  }

  #carryOut({ message, id }: Request): Response {
    const { status, body } = this.#server.send(message, id);
    return Response.json(body, { status });
  }

  #pick(pick: number): Request | undefined {
    return this.#requests[pick % Math.max(1, this.#requests.length)];
  }

  #drop(request: Request): void {
    const at = this.#requests.indexOf(request);
    if (at >= 0) this.#requests.splice(at, 1);
  }

  #open(): readonly Link[] {
    return this.#links.filter(({ isOpen }) => isOpen);
  }

  #openAt(pick: number): Link | undefined {
    const open = this.#open();
    return open[pick % Math.max(1, open.length)];
  }

  #isBusy({ side, up, down }: Link): boolean {
    return side === undefined || up.length > 0 || down.length > 0;
  }
}

function messageOf(address: string, body: string): CommandMessage | DecisionMessage {
  const [kind, first = '', id = '', command = ''] = new URL(address).pathname
    .split('/')
    .slice(1)
    .map(decodeURIComponent);
  const data: unknown = JSON.parse(body);
  return kind === 'decisions'
    ? { kind: 'decision', decision: first, data }
    : { kind: 'command', decider: first, id, command, data };
}
