/** A wire between client and server that the test cuts: before a request gets through, or before its answer does. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { onTestFinished } from 'vitest';

type Mode = 'pass' | 'cut-requests' | 'cut-answers' | 'refuse';

export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onCut: (() => void)[] = [];
  #mode: Mode = 'pass';
  #onlyAfter = '';

  static async start(targetUrl: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(Number(new URL(targetUrl).port), new URL(targetUrl).hostname);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    onTestFinished(() => proxy.close());
    return proxy;
  }

  private constructor(port: number, host: string) {
    this.#server = createServer((client) => this.#join(client, connect(port, host)));
  }

  /** The URL of the same database by way of this wire. */
  urlOf(targetUrl: string): string {
    const url = new URL(targetUrl);
    const address = this.#server.address();
    url.hostname = '127.0.0.1';
    url.port = String(typeof address === 'object' ? address?.port : '');
    return url.href;
  }

  /** From now on; `cut-…` cuts the connection of the next request with this text in it, and passes everything then. */
  set(mode: Mode, text = ''): Promise<void> {
    this.#mode = mode;
    this.#onlyAfter = text;
    if (mode === 'refuse') for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      if (mode === 'cut-requests' || mode === 'cut-answers') this.#onCut.push(resolve);
      else resolve();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    if (this.#mode === 'refuse') {
      client.destroy();
      server.destroy();
      return;
    }
    let isChosen = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (bytes) => {
      const isWanted = bytes.includes(this.#onlyAfter);
      if (this.#mode === 'cut-requests' && isWanted) return this.#cut(client, server);
      if (this.#mode === 'cut-answers' && isWanted) isChosen = true;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.#mode === 'cut-answers' && isChosen) return this.#cut(client, server);
      client.write(bytes);
    });
  }

  #cut(client: Socket, server: Socket): void {
    this.#mode = 'pass';
    client.destroy();
    server.destroy();
    for (const told of this.#onCut.splice(0)) told();
  }
}
