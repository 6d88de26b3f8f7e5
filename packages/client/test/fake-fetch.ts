/** A server that is the test: each request waits until the test answers it. */
import type { Problem } from '@daybook/protocol';

export interface Asked {
  readonly path: string;
  readonly id: string;
  readonly authorization: string | null;
  /** As an accepted command, with these events. */
  accept(position: number | null): void;
  refuse(type: string): void;
  problem(status: number, about?: Partial<Problem>, headers?: Record<string, string>): void;
  /** Nobody knows what became of it. */
  lose(): void;
}

export class FakeFetch {
  readonly #waiting: Asked[] = [];
  readonly #takers: ((asked: Asked) => void)[] = [];
  /** Requests that came. */
  count = 0;

  readonly fetch = (input: unknown, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      this.count += 1;
      const headers = new Headers(init.headers);
      const id = headers.get('idempotency-key') ?? '';
      const asked: Asked = {
        path: new URL(String(input)).pathname,
        id,
        authorization: headers.get('authorization'),
        accept: (position) =>
          resolve(
            Response.json({
              commandId: id,
              stream: 'account-a',
              revision: 0,
              position,
              token: `t${position}`,
              events: [],
            }),
          ),
        refuse: (type) =>
          resolve(
            problem(422, {
              code: 'refused',
              refusal: { type, data: {} },
              commandId: id,
              token: 't',
            }),
          ),
        problem: (status, about = {}, more = {}) => resolve(problem(status, about, more)),
        lose: () => reject(new TypeError('network')),
      };
      const taker = this.#takers.shift();
      if (taker === undefined) this.#waiting.push(asked);
      else taker(asked);
    });

  /** The next request. */
  next(): Promise<Asked> {
    const [asked] = this.#waiting.splice(0, 1);
    return asked === undefined
      ? new Promise((resolve) => this.#takers.push(resolve))
      : Promise.resolve(asked);
  }

  /** Requests that wait for an answer and were not taken. */
  get waiting(): number {
    return this.#waiting.length;
  }
}

function problem(
  status: number,
  about: Partial<Problem>,
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: '',
    title: '',
    status,
    code: 'x',
    detail: 'No.',
    retryable: false,
    ...about,
  };
  return Response.json(body, { status, headers });
}
