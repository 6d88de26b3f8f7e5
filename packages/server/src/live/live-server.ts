/** `/live`: takes WebSocket handshakes and watches over the connections. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { WebSocketServer, type WebSocket } from 'ws';

import type { Server } from '../call.ts';
import type { Reply } from '../exchange.ts';
import { replyOf } from '../handle.ts';
import { segmentsOf } from '../request/raw-path.ts';
import { checkOrigin } from '../security.ts';
import { AnswerTexts } from './answer-text.ts';
import { LiveConnection } from './live-connection.ts';
import { SharedQueries } from './shared-queries.ts';

export class LiveServer {
  readonly shared: SharedQueries;
  readonly texts: AnswerTexts;
  readonly #sockets: WebSocketServer;
  readonly #heartbeatMs: number;
  readonly #connections = new Set<LiveConnection>();
  #beat: NodeJS.Timeout | undefined;

  constructor({ app, settings: { limits, sharesRows } }: Server) {
    this.shared = new SharedQueries(app);
    this.texts = new AnswerTexts(sharesRows);
    this.#heartbeatMs = limits.heartbeatMs;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.frameBytesMax,
      // It costs some 300 KB for each connection, and our frames are small.
      perMessageDeflate: false,
    });
  }

  /** Answers a handshake; false for a path that is not ours. Never rejects. */
  upgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const seen = new Handshake(request);
    try {
      const segments = segmentsOf(seen.path, server.settings.basePath);
      if (segments?.length !== 1 || segments[0] !== 'live') return false;
      server.checkHost(seen);
      checkOrigin(seen, server.settings.allowedOrigins);
      const ending: { end: (retryAfterMs: number) => void } = { end: () => socket.destroy() };
      const release = server.connections.add((retryAfterMs) => ending.end(retryAfterMs));
      socket.once('close', release);
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = this.#open(server, webSocket, seen);
        ending.end = (retryAfterMs) => connection.sayGoodbye(retryAfterMs);
      });
    } catch (error) {
      refuse(socket, replyOf(server, error));
    }
    return true;
  }

  #open(server: Server, webSocket: WebSocket, seen: Handshake): LiveConnection {
    const connection = new LiveConnection(server, this, webSocket, seen);
    this.#connections.add(connection);
    webSocket.once('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#stopBeating();
    });
    this.#beat ??= setInterval(() => this.#checkAll(), this.#heartbeatMs).unref();
    return connection;
  }

  #checkAll(): void {
    for (const connection of this.#connections) connection.beat();
  }

  #stopBeating(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
  }
}

/** What `authenticate` sees of a handshake. */
export class Handshake {
  readonly method = 'GET';
  readonly path: string;
  readonly remoteAddress: string | undefined;
  readonly #headers: IncomingMessage['headers'];

  constructor({ url = '/', headers, socket }: IncomingMessage) {
    const end = url.indexOf('?');
    this.path = end < 0 ? url : url.slice(0, end);
    this.remoteAddress = socket.remoteAddress;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === 'object' ? value.join(', ') : value;
  }
}

function refuse(socket: Duplex, { status, headers, body }: Reply): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`, 'connection: close'];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  const text = typeof body === 'string' ? body : '';
  lines.push(`content-length: ${Buffer.byteLength(text)}`);
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
