/** From `Request` to `Response`: for Hono, Next, Deno, Bun, and tests. */
import type { Server } from '../call.ts';
import type { Exchange, ReceivedBody, Reply } from '../exchange.ts';
import { handle } from '../handle.ts';
import { HttpProblem, problem, problemReply } from '../problem.ts';

/** What a `Request` does not say. */
export interface FetchInfo {
  /** Where the request came from; without it nothing is taken to come from loopback. */
  readonly remoteAddress?: string | undefined;
}

export async function serveFetch(
  server: Server,
  request: Request,
  info: FetchInfo = {},
): Promise<Response> {
  const gone = new AbortController();
  const exchange = new FetchExchange(
    request,
    info.remoteAddress,
    gone.signal,
    server.settings.limits.discardedBytesMax,
  );
  const reply =
    (await handle(server, exchange)) ??
    problemReply(problem('not-found', 'There is nothing at this path.'));
  return responseOf(reply, request.method, gone);
}

class FetchExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly remoteAddress: string | undefined;
  readonly signal: AbortSignal;
  readonly #request: Request;
  readonly #host: string;
  readonly #discardedBytesMax: number;

  constructor(
    request: Request,
    remoteAddress: string | undefined,
    gone: AbortSignal,
    discardedBytesMax: number,
  ) {
    const url = new URL(request.url);
    this.method = request.method;
    this.path = url.pathname;
    this.search = url.search.slice(1);
    this.remoteAddress = remoteAddress;
    this.signal = AbortSignal.any([request.signal, gone]);
    this.#request = request;
    this.#host = url.host;
    this.#discardedBytesMax = discardedBytesMax;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers.get(name) ?? undefined;
    // A `Request` that was made and not received has its host in the URL only.
    return value === undefined && name === 'host' ? this.#host : value;
  }

  async body(bytesMax: number): Promise<ReceivedBody> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.chunks()) {
      length += chunk.length;
      if (length > bytesMax + this.#discardedBytesMax) break;
      if (length <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
    }
    if (length > bytesMax) throw bodyTooLarge(bytesMax);
    return { bytes: chunks.length === 1 ? (chunks[0] ?? new Uint8Array()) : Buffer.concat(chunks) };
  }

  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { body, bodyUsed } = this.#request;
    if (bodyUsed) {
      throw new HttpProblem(
        'invalid-request',
        'The body was read before; hand the request over with its body unread.',
      );
    }
    if (body !== null) yield* body;
  }
}

/** The refusal of a body beyond its bound. */
export function bodyTooLarge(bytesMax: number, headers: readonly string[] = []): HttpProblem {
  return new HttpProblem(
    'body-too-large',
    `The body is larger than ${bytesMax} bytes. Nothing was done.`,
    [],
    headers,
  );
}

function responseOf(
  { status, headers, body }: Reply,
  method: string,
  gone: AbortController,
): Response {
  const init = { status, headers: pairs(headers) };
  if (method === 'HEAD' || status === 204) return new Response(null, init);
  return new Response(typeof body === 'string' ? body : streamOf(body, gone), init);
}

function streamOf(parts: AsyncIterable<string>, gone: AbortController): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel() {
      gone.abort();
    },
  });
}

function pairs(flat: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < flat.length; index += 2)
    headers.append(flat[index] ?? '', flat[index + 1] ?? '');
  return headers;
}
