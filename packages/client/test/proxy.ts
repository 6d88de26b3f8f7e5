/** A wire that a test can cut: TCP to a server, whose connections are dropped on request. */
import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** Drops every connection; a new one is let through. */
  cut(): void;
  /** Refuses new connections until `mend`, and drops those that are open. */
  down(): void;
  /** Lets connections through again, to another port if one is given. */
  mend(port?: number): void;
  /** Drops each connection once so many bytes of answers have passed; undefined lets all pass. */
  cutAfter(bytes: number | undefined): void;
  /** Connections that were let through. */
  readonly connectionCount: number;
  close(): Promise<void>;
}

export async function proxyTo(target: number): Promise<Proxy> {
  let port = target;
  let isDown = false;
  let bytesMax: number | undefined;
  let connectionCount = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    connectionCount += 1;
    const upstream = connect(port, '127.0.0.1');
    let bytes = 0;
    const drop = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', drop);
      socket.on('close', () => {
        sockets.delete(socket);
        drop();
      });
    }
    client.on('data', (data) => void upstream.write(data));
    upstream.on('data', (data) => {
      bytes += data.length;
      if (bytesMax !== undefined && bytes > bytesMax) {
        client.write(data.subarray(0, Math.max(0, data.length - (bytes - bytesMax))), drop);
        return;
      }
      client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    down() {
      isDown = true;
      cut();
    },
    mend(to = port) {
      port = to;
      isDown = false;
    },
    cutAfter(bytes) {
      bytesMax = bytes;
    },
    get connectionCount() {
      return connectionCount;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
