/** Requests with patience: each is repeated, the same to the byte, until it is answered or its bounds are reached. */
import { ClosedError } from '@daybook/core';
import { headerNames, type Problem } from '@daybook/protocol';
import { retryDelayMs, sleep } from './backoff.ts';
import { ProblemError, UnreachableError } from './errors.ts';
import {
  defaultTimings,
  type ClientOptions,
  type ClientTimings,
  type HeadersOption,
} from './options.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the server's address, without a leading slash; ids in it are encoded. */
  readonly path: string;
  readonly headers?: HeadersOption;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Added to the time that an attempt may take. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Codes of problems that are answers here, not failures: they are thrown at once. */
  readonly answers?: readonly string[];
}

export interface HttpAnswer {
  readonly body: unknown;
  readonly headers: Headers;
}

export class HttpClient {
  readonly timings: ClientTimings;
  readonly #base: URL;
  readonly #options: ClientOptions;
  readonly #closing = new AbortController();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.timings = { ...defaultTimings, ...options.timings };
    const { location } = globalThis as { readonly location?: { readonly href: string } };
    this.#base = new URL(options.url, location?.href);
    if (!this.#base.pathname.endsWith('/')) this.#base.pathname += '/';
  }

  /** The address of a path. */
  address(path: string): URL {
    return new URL(this.#base.href + path);
  }

  /** What the application says of itself in every request. */
  async headers(): Promise<HeadersOption> {
    return (await this.#options.headers?.()) ?? {};
  }

  /**
   * The answer of the first attempt that was answered for good.
   *
   * @throws {@link ProblemError} as the server answered; {@link UnreachableError} when no attempt was answered; the reason of
   * the signal; {@link ClosedError}.
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const signals = [
      this.#closing.signal,
      ...(request.signal === undefined ? [] : [request.signal]),
    ];
    const signal = AbortSignal.any(signals);
    const { retryForMs } = this.timings;
    const startedAt = Date.now();
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      const failure = await this.attempt(request, signal);
      if ('answer' in failure) return failure.answer;
      const delayMs = retryDelayMs(
        attempt,
        this.timings,
        this.#options.random ?? Math.random,
        failure.askedMs,
      );
      const attemptsMax =
        failure.isDoubtful === true ? DOUBTFUL_ATTEMPTS_MAX : this.timings.attemptsMax;
      const isLast = attempt + 1 >= attemptsMax || Date.now() + delayMs - startedAt > retryForMs;
      if (isLast || !failure.isRetryable) throw failure.error;
      await sleep(delayMs, signal);
    }
  }

  /** Aborted when the client closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort(new ClosedError('The client'));
  }

  /** One attempt, for those who have a patience of their own. @throws what the application's `headers` throws; the signal's reason. */
  async attempt(request: HttpRequest, signal: AbortSignal): Promise<Attempt> {
    const timeout = AbortSignal.timeout(this.timings.attemptMs + (request.waitMs ?? 0));
    try {
      return await this.#fetch(request, AbortSignal.any([signal, timeout]));
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      // What the application's own `headers` throws is not the network's.
      if (cause instanceof HeadersError) throw cause.cause;
      return { error: new UnreachableError(this.#base.href, { cause }), isRetryable: true };
    }
  }

  async #fetch(request: HttpRequest, signal: AbortSignal): Promise<Attempt> {
    const own = await this.headers().catch((cause: unknown) => {
      throw new HeadersError('headers', { cause });
    });
    const hasBody = request.body !== undefined;
    const response = await (this.#options.fetch ?? globalThis.fetch)(this.address(request.path), {
      method: request.method,
      headers: {
        ...own,
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...request.headers,
      },
      ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
      signal,
    });
    const text = await response.text();
    if (response.ok) return { answer: { body: JSON.parse(text), headers: response.headers } };
    const problem = problemOf(response, text);
    const isAnswer = request.answers?.includes(problem.code) === true;
    return {
      error: new ProblemError(
        problem,
        response.headers.get(headerNames.idempotencyReplayed) === 'true',
      ),
      isRetryable: !isAnswer && (problem.retryable || isRetryableStatus(response.status)),
      isDoubtful: !problem.retryable,
      askedMs: retryAfterMs(response.headers.get('retry-after')),
    };
  }
}

export type Attempt =
  | { readonly answer: HttpAnswer }
  | {
      readonly error: ProblemError | UnreachableError;
      readonly isRetryable: boolean;
      /** The server says that a repeat is of no use, but its status may be a passing fault's. */
      readonly isDoubtful?: boolean;
      readonly askedMs?: number;
    };

class HeadersError extends Error {}

/** What a proxy answers is no problem of ours, and becomes one. */
function problemOf(response: Response, text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    if (isProblem(problem)) return problem;
  } catch {
    // Handled below, as everything else that is no problem.
  }
  const { status } = response;
  const detail = `The server answered ${status} ${response.statusText}`;
  return {
    type: 'about:blank',
    title: 'HTTP',
    status,
    code: `http-${status}`,
    detail,
    retryable: isRetryableStatus(status),
  };
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    'detail' in value &&
    typeof value.code === 'string'
  );
}

function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

export const DOUBTFUL_ATTEMPTS_MAX = 3;

/** Seconds or a date (RFC 9110); a wait beyond a day is no plan. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return ms > 0 && ms < 86_400_000 ? ms : 0;
}
