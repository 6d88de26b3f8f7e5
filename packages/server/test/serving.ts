/** A bank on the memory store, served; requests are made by `fetch`, without a socket. */
import { hash } from 'node:crypto';

import { memory, type App, type Daybook, type StoreAdapter } from '@daybook/core';
import type { Problem } from '@daybook/protocol';
import {
  httpHandler,
  type HttpHandler,
  type HttpOptions,
  type ReportedError,
} from '@daybook/server';

import { bank } from '../../core/test/bank.ts';

type BankTypes = typeof bank extends Daybook<infer Types> ? Types : never;

export interface Serving extends AsyncDisposable {
  readonly app: App<BankTypes>;
  readonly http: HttpHandler;
  /** What `onError` was told. */
  readonly reported: readonly ReportedError[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A body that is no text is sent as JSON. */
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

const HOST = 'localhost:4680';

export async function serving(options: HttpOptions = {}): Promise<Serving> {
  const app = await startedBank();
  const reported: ReportedError[] = [];
  const http = httpHandler(app, {
    onError: (error) => reported.push(error),
    ...options,
  });
  const send = async (path: string, init: RequestInit): Promise<Answer> =>
    answerOf(await http.fetch(new Request(`http://${HOST}${path}`, init)));
  return {
    app,
    http,
    reported,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, headers = {}) =>
      send(path, {
        method: 'POST',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      http.close();
      await app.close();
    },
  };
}

export function startedBank(): Promise<App<BankTypes>> {
  return bank.start({ store: emptyStore() });
}

export function emptyStore(): StoreAdapter {
  return memory({ sha256: (text) => hash('sha256', text) });
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}

/** The problem of an answer; throws where there is none. */
export function problemIn({ headers, json, status }: Answer): Problem {
  if (headers.get('content-type') !== 'application/problem+json')
    throw new Error(`status ${status} is no problem`);
  return json as Problem;
}

/** Status and code of a problem, which say the same. */
export function refusalOf(answer: Answer): string {
  const { status, code, type } = problemIn(answer);
  if (status !== answer.status || type !== `urn:daybook:problem:${code}`)
    throw new Error(`${answer.text} lies`);
  return `${status} ${code}`;
}

/** Opens an account and pays into it. */
export async function openAccount({ post }: Serving, id: string, cents = 0): Promise<string> {
  const path = `/commands/account/${encodeURIComponent(id)}`;
  const opened = await post(`${path}/OpenAccount`, { owner: 'Anna' });
  if (opened.status !== 200) throw new Error(opened.text);
  const last = cents === 0 ? opened : await post(`${path}/DepositMoney`, { cents });
  return last.headers.get('consistency-token') ?? '';
}
