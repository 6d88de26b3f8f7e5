/** From `node:http`'s request to its response, without a `Request` in between: alone, or as a middleware. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Server } from '../call.ts';
import type { Exchange, ReceivedBody, Reply } from '../exchange.ts';
import { handle } from '../handle.ts';
import { HttpProblem, problem, problemReply } from '../problem.ts';
import { bodyTooLarge } from './fetch.ts';

/** Answers the request; for a path that is not ours calls `next`, or answers 404 where there is none. */
export async function serveNode(
  server: Server,
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
): Promise<void> {
  const exchange = new NodeExchange(request, response, server.settings.limits.discardedBytesMax);
  const reply = await handle(server, exchange);
  if (reply === undefined && next !== undefined) {
    next();
    return;
  }
  try {
    await write(server, response, reply ?? nothingHere());
  } catch {
    // Nothing more can be said over this connection, and the process must not hear of it.
    response.destroy();
  }
}

class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #discardedBytesMax: number;
  #gone: AbortController | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, discardedBytesMax: number) {
    const url = originalUrl(request);
    const end = url.indexOf('?');
    this.method = request.method ?? 'GET';
    this.path = end < 0 ? url : url.slice(0, end);
    this.search = end < 0 ? '' : url.slice(end + 1);
    this.#request = request;
    this.#response = response;
    this.#discardedBytesMax = discardedBytesMax;
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  /** Made when somebody asks: most requests are over before anybody could be gone. */
  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      if (this.#response.closed) gone.abort();
      else this.#response.once('close', () => gone.abort());
    }
    return this.#gone.signal;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return typeof value === 'object' ? value.join(', ') : value;
  }

  async body(bytesMax: number): Promise<ReceivedBody> {
    return (
      preParsed(this.#request) ?? {
        bytes: await readBytes(this.#request, bytesMax, this.#discardedBytesMax),
      }
    );
  }

  chunks(): AsyncIterable<Uint8Array> {
    return this.#request;
  }
}

/** Express cuts a mounted path off `url` and keeps the whole one beside it; `basePath` is compared with the whole one. */
function originalUrl(request: IncomingMessage): string {
  const { url = '/' } = request;
  return 'originalUrl' in request && typeof request.originalUrl === 'string'
    ? request.originalUrl
    : url;
}

/** The body that a framework has read already, from `rawBody` (as it came) or `body` (parsed). */
function preParsed(request: IncomingMessage): ReceivedBody | undefined {
  if ('rawBody' in request && request.rawBody instanceof Uint8Array)
    return { bytes: request.rawBody };
  if (!request.readableEnded || !('body' in request) || request.body === undefined)
    return undefined;
  const { body } = request;
  if (body instanceof Uint8Array) return { bytes: body };
  if (typeof body === 'string') return { bytes: Buffer.from(body, 'utf8') };
  return { value: body };
}

/**
 * The bytes of the body. One that is too large is read to its end and thrown away, so that the caller is still there to
 * hear the answer and the connection can be used again; one that does not end costs its connection.
 */
function readBytes(
  request: IncomingMessage,
  bytesMax: number,
  discardedBytesMax: number,
): Promise<Uint8Array> {
  const readMax = bytesMax + discardedBytesMax;
  if (Number(request.headers['content-length']) > readMax)
    return Promise.reject(bodyTooLarge(bytesMax, closing));
  if (request.destroyed)
    return Promise.reject(new HttpProblem('closed', 'The request was cut off.'));
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (length <= readMax) return;
      request.removeAllListeners('data');
      request.pause();
      reject(bodyTooLarge(bytesMax, closing));
    });
    request.once('end', () => {
      if (length > bytesMax) reject(bodyTooLarge(bytesMax));
      else resolve(chunks.length === 1 ? (chunks[0] ?? empty) : Buffer.concat(chunks));
    });
    // A caller who goes away is an error too.
    request.once('error', () => reject(new HttpProblem('closed', 'The request was cut off.')));
  });
}

async function write(
  { connections }: Server,
  response: ServerResponse,
  reply: Reply,
): Promise<void> {
  const { status, headers, body } = reply;
  if (response.destroyed) return;
  const all = connections.isDraining ? [...headers, ...closing] : [...headers];
  if (typeof body === 'string') {
    if (status !== 204) all.push('content-length', String(Buffer.byteLength(body)));
    response.writeHead(status, all).end(body);
    return;
  }
  response.writeHead(status, all);
  response.flushHeaders();
  await writeParts(response, body);
}

/** Sends parts as fast as they are taken; whoever makes them hears of a caller who is gone by the exchange's signal. */
async function writeParts(response: ServerResponse, parts: AsyncIterable<string>): Promise<void> {
  try {
    for await (const part of parts) {
      if (response.destroyed) return;
      if (!response.write(part))
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  } catch {
    // Half of an answer was sent: cutting the connection is the only way left to say that it is not whole.
    response.destroy();
  }
}

function nothingHere(): Reply {
  return problemReply(problem('not-found', 'There is nothing at this path.'));
}

const closing: readonly string[] = ['connection', 'close'];
const empty = new Uint8Array();
