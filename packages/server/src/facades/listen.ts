/** A server of one's own: `node:http`, and an end that loses nothing. */
import { createServer, type IncomingMessage, type Server as NodeServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { isLoopbackAddress } from '../authorise.ts';
import type { Server } from '../call.ts';
import { ListenError } from '../listen-error.ts';
import type { LiveServer } from '../live/live-server.ts';
import { hostCheck } from '../security.ts';
import { serveNode } from './node.ts';

export interface ListenOptions {
  /** 0 for one that is free. Default 4680. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly host?: string | undefined;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /**
   * Takes no more requests, lets those in flight finish (at most `drainMs`), says goodbye to live connections, and frees
   * the port. The application stays open. Closing twice is harmless.
   */
  close(): Promise<void>;
}

/**
 * @throws {@link ListenError} when the port is taken or may not be had, or when the address is not loopback and nothing
 * says who may do what.
 */
export async function listen(
  server: Server,
  live: LiveServer,
  options: ListenOptions,
): Promise<Listening> {
  const { port = DEFAULT_PORT, host = '127.0.0.1' } = options;
  checkAddress(server, host);
  const hosts = server.settings.allowedHosts;
  const ours: Server =
    hosts === 'any' ? server : { ...server, checkHost: hostCheck([...hosts, bracketed(host)]) };
  const http = createServer({ shouldUpgradeCallback: isWebSocket }, (request, response) => {
    void serveNode(ours, request, response);
  });
  http.maxConnections = server.settings.limits.socketsMax;
  http.on('upgrade', (request, socket, head) => {
    if (!live.upgrade(ours, request, socket, head)) refuse(socket);
  });
  http.on('clientError', answerClientError);
  await bound(http, port, host);
  const address = addressOf(http);
  let closing: Promise<void> | undefined;
  return {
    url: `http://${isAnyAddress(host) ? 'localhost' : bracketed(host)}:${address.port}`,
    port: address.port,
    close: () => (closing ??= drain(server, http)),
  };
}

function checkAddress({ settings: { authorize, isPublic } }: Server, host: string): void {
  if (host === 'localhost' || isLoopbackAddress(host) || authorize !== undefined || isPublic)
    return;
  throw new ListenError(
    'not-authorised',
    `Not listening on ${host}: whoever reaches that address could read and write everything, since no "authorize" is given. Give one, or listen on 127.0.0.1, or say "public: true" if everybody may.`,
  );
}

/** Other upgrades, such as the `h2c` that some clients offer with every request, are declined by an ordinary answer. */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** A handshake or a request that is no HTTP. The answer's code is Node's own. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
}

function bound(http: NodeServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(sentenceOf(error, port, host)));
    http.listen(port, host, resolve);
  });
}

function sentenceOf(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new ListenError(
      'address-in-use',
      `Port ${port} of ${host} is in use by another program. Stop that one, or choose another port.`,
      { cause: error },
    );
  }
  if (error.code === 'EACCES') {
    return new ListenError(
      'address-not-permitted',
      `This user may not open port ${port}: ports below 1024 belong to the system. Choose a higher one.`,
      { cause: error },
    );
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ListenError(
      'address-unknown',
      `This machine has no address ${host}. Listen on one that it has.`,
      {
        cause: error,
      },
    );
  }
  return error;
}

async function drain(server: Server, http: NodeServer): Promise<void> {
  const { drainMs } = server.settings.limits;
  const closed = new Promise<void>((resolve) => {
    http.close(() => resolve());
  });
  server.connections.end(RETRY_AFTER_MS);
  http.closeIdleConnections();
  // An answer that was begun before does not say `Connection: close`: its connection is idle later.
  const sweep = setInterval(() => http.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => http.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

function addressOf(http: NodeServer): AddressInfo {
  const address = http.address();
  if (address === null || typeof address === 'string')
    throw new TypeError('The server does not listen on a port.');
  return address;
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

const DEFAULT_PORT = 4_680;
const SWEEP_MS = 50;
/** What live connections are told: come back soon, spread by their own jitter. */
export const RETRY_AFTER_MS = 1_000;
