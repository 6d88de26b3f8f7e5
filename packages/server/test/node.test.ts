import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { httpHandler, type HttpOptions, type Listening } from '@daybook/server';
import { expect, test } from 'vitest';

import { account, postEntry } from '../../core/test/bank.ts';
import { openAccount, serving, startedBank, type Serving } from './serving.ts';

interface Listener extends AsyncDisposable {
  readonly bank: Serving;
  readonly server: Listening;
}

async function listening(options: HttpOptions = {}): Promise<Listener> {
  const bank = await serving(options);
  const server = await bank.http.listen({ port: 0 });
  return {
    bank,
    server,
    async [Symbol.asyncDispose]() {
      await server.close();
      await bank[Symbol.asyncDispose]();
    },
  };
}

/** Requests that both doors must answer alike: method, path, headers, body. */
const requests: readonly (readonly [string, string, Readonly<Record<string, string>>, string?])[] =
  [
    [
      'POST',
      '/commands/account/c/OpenAccount',
      { 'content-type': 'application/json', 'idempotency-key': 'o' },
      '{"owner":"C"}',
    ],
    [
      'POST',
      '/commands/account/c/OpenAccount',
      { 'content-type': 'application/json', 'idempotency-key': 'o' },
      '{"owner":"C"}',
    ],
    [
      'POST',
      '/commands/account/c/OpenAccount',
      { 'content-type': 'application/json', 'idempotency-key': 'p' },
      '{"owner":"C"}',
    ],
    ['POST', '/commands/account/c/OpenAccount', { 'content-type': 'text/plain' }, '{"owner":"C"}'],
    ['POST', '/commands/account/c/OpenAccount', { 'content-type': 'application/json' }, '{'],
    [
      'POST',
      '/commands/account/a%2Fb/OpenAccount',
      { 'content-type': 'application/json', 'idempotency-key': 'q' },
      '{"owner":"C"}',
    ],
    [
      'POST',
      '/commands/account/c/OpenAccount',
      { 'content-type': 'application/json' },
      `{"owner":"${'x'.repeat(1_100_000)}"}`,
    ],
    ['GET', '/queries/balances/balanceOf?id=a', {}],
    ['HEAD', '/queries/balances/balanceOf?id=a', {}],
    ['GET', '/streams/account-a', {}],
    ['GET', '/streams/account-a/state?atRevision=0', {}],
    ['GET', '/events?limit=1', {}],
    ['GET', '/events?limit=1', { accept: 'application/cloudevents-batch+json' }],
    ['GET', '/meta', {}],
    ['GET', '/health', {}],
    ['GET', '/ready', {}],
    ['GET', '/live', {}],
    ['GET', '/nothing', {}],
    ['DELETE', '/events', {}],
    ['OPTIONS', '/events', {}],
    ['GET', '/events', { origin: 'http://evil.example', accept: 'text/event-stream' }],
    ['POST', '/admin/read-models/balances/rebuild', {}],
  ];

test('S3: fetch and node answer alike', async () => {
  await using byFetch = await listening();
  await using byNode = await listening();
  await openAccount(byFetch.bank, 'a', 500);
  await openAccount(byNode.bank, 'a', 500);
  for (const [method, path, headers, body] of requests) {
    const host = `127.0.0.1:${byNode.server.port}`;
    const viaNode = await send(byNode.server.url, { method, path, headers, body });
    const viaFetch = await byFetch.bank.http.fetch(
      new Request(`http://${host}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      }),
    );
    const what = `${method} ${path}`;
    expect([what, viaNode.status]).toEqual([what, viaFetch.status]);
    expect([what, steady(viaNode.text)]).toEqual([what, steady(await viaFetch.text())]);
    for (const name of [
      'content-type',
      'etag',
      'cache-control',
      'idempotency-replayed',
      'allow',
      'retry-after',
    ]) {
      expect([what, name, viaNode.headers[name] ?? null]).toEqual([
        what,
        name,
        viaFetch.headers.get(name),
      ]);
    }
  }
});

/** A body without what differs from one store to the other. */
function steady(text: string): string {
  return text.replaceAll(
    /"(id|commandId|correlationId|causationId|token|epoch|recordedAt|time|lagSeconds)":("[^"]*"|[\d.]+)/gi,
    '"$1":"…"',
  );
}

test.each([
  '/commands/account/../OpenAccount',
  '/commands/account/%2e%2e/OpenAccount',
  '/commands/account/%2E/OpenAccount',
  '/streams/..',
  '/x/../events',
])('S3: the raw path %s means nothing else and is refused', async (path) => {
  await using running = await listening();
  const { status, text } = await send(running.server.url, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(status).toBe(400);
  expect(text).toContain('neither is an id');
});

test('S4: after a body that was too large the connection still serves', async () => {
  await using running = await listening();
  const socket = connect(running.server.port, '127.0.0.1');
  await once(socket, 'connect');
  const body = 'x'.repeat(2_000_000);
  const head = `POST /commands/account/a/OpenAccount HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const received = readUntil(socket, /HTTP\/1\.1 413[\s\S]*HTTP\/1\.1 200/);
  socket.write(head + body);
  socket.write('GET /meta HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect(await received).toMatch(/body-too-large[\s\S]*"protocol"/);
  socket.destroy();
});

test('S4: a body that does not end costs its connection, after an answer', async () => {
  await using running = await listening({
    limits: { bodyBytesMax: 1_000, discardedBytesMax: 1_000 },
  });
  for (const length of ['content-length: 100000000', 'transfer-encoding: chunked']) {
    const socket = connect(running.server.port, '127.0.0.1');
    await once(socket, 'connect');
    const received = readUntil(socket, /HTTP\/1\.1 413[\s\S]*\}/);
    socket.write(
      `POST /commands/account/a/OpenAccount HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${length}\r\n\r\n`,
    );
    socket.write(
      length.startsWith('content') ? 'x'.repeat(500) : `2000\r\n${'x'.repeat(0x2000)}\r\n`,
    );
    expect(await received).toMatch(/connection: close/i);
    await once(socket, 'close');
  }
});

test('a body that a framework has parsed is taken', async () => {
  await using bank = await serving();
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      Object.assign(incoming, { body: JSON.parse(Buffer.concat(chunks).toString()) });
      await bank.http.node(incoming, response);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const json = { 'content-type': 'application/json' };
  const good = await send(url, {
    method: 'POST',
    path: '/commands/account/a/OpenAccount',
    headers: json,
    body: '{"owner":"Anna"}',
  });
  expect(good.status).toBe(200);
  const bad = await send(url, {
    method: 'POST',
    path: '/commands/account/b/OpenAccount',
    headers: json,
    body: '{"owner":7}',
  });
  expect(bad.text).toContain('"/owner"');
  server.close();
  server.closeAllConnections();
});

test('as a middleware it serves below its base path and hands the rest on', async () => {
  await using bank = await serving({ basePath: '/book' });
  const server = createServer((incoming, response) => {
    void bank.http.node(incoming, response, () => response.end('mine'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const meta = await send(url, { path: '/book/meta' });
  expect(meta.text).toContain('"protocol":');
  for (const path of ['/meta', '/bookmeta', '/book', '/book/nothing']) {
    expect((await send(url, { path })).text).toBe('mine');
  }
  server.close();
  server.closeAllConnections();
});

test('the log is tailed live, from a place, and comes back after the last whole append', async () => {
  await using running = await listening();
  const { bank, server } = running;
  await openAccount(bank, 'a', 500);
  const tail = await open(server.url, {
    path: '/events?after=0',
    headers: { accept: 'text/event-stream' },
  });
  expect(tail.headers['content-type']).toBe('text/event-stream');
  const seen = readUntil(tail, /AccountOpened/);
  await bank.app.send(account.OpenAccount('b', { owner: 'Ben' }));
  const text = await seen;
  expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(['1', '2']);
  tail.destroy();
  const again = await open(server.url, {
    path: '/events',
    headers: { accept: 'text/event-stream', 'last-event-id': '1' },
  });
  expect(
    [...(await readUntil(again, /AccountOpened/)).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id),
  ).toEqual(['2']);
  again.destroy();
});

test('L3: only the last event of an append carries an id to come back with', async () => {
  await using running = await listening();
  const { bank, server } = running;
  await openAccount(bank, 'a', 500);
  await openAccount(bank, 'b');
  await bank.app.send(
    postEntry({
      entryId: 'e',
      postings: [
        { account: 'a', cents: -1 },
        { account: 'b', cents: 1 },
      ],
    }),
  );
  const tail = await open(server.url, {
    path: '/events?after=2',
    headers: { accept: 'text/event-stream' },
  });
  const text = await readUntil(tail, /MoneyDeposited/);
  expect(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(0, 5)),
  ).toEqual([': ope', 'data:', 'id: 4', 'data:']);
  tail.destroy();
});

test('a silent tail shows life at each heartbeat', async () => {
  await using running = await listening({ limits: { heartbeatMs: 10 } });
  const tail = await open(running.server.url, {
    path: '/events',
    headers: { accept: 'text/event-stream' },
  });
  expect(await readUntil(tail, /: beat\n\n: beat\n\n/)).toContain(': beat');
  tail.destroy();
});

test('G9: event streams count as connections', async () => {
  await using running = await listening({ limits: { connectionsMax: 1 } });
  const tail = await open(running.server.url, {
    path: '/events',
    headers: { accept: 'text/event-stream' },
  });
  await readUntil(tail, /open/);
  const second = await send(running.server.url, {
    path: '/events',
    headers: { accept: 'text/event-stream' },
  });
  expect([second.status, second.headers['retry-after']]).toEqual([429, '1']);
  tail.destroy();
});

test('close lets a request in flight finish, ends event streams, frees the port and can be repeated', async () => {
  await using bank = await serving();
  const server = await bank.http.listen({ port: 0 });
  const tail = await open(server.url, {
    path: '/events',
    headers: { accept: 'text/event-stream' },
  });
  await readUntil(tail, /open/);
  const slow = httpRequest(`${server.url}/commands/account/a/OpenAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 16 },
  });
  slow.write('{"owner":');
  const answered = once(slow, 'response') as Promise<[IncomingMessage]>;
  // The answer to another request on a new connection says that the first is being served.
  await send(server.url, { path: '/meta' });
  const ended = readUntil(tail, /never/);
  const closing = server.close();
  await ended;
  await expect(send(server.url, { path: '/meta' })).rejects.toThrow('ECONNREFUSED');
  slow.end('"Anna"}');
  const [answer] = await answered;
  expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
  answer.resume();
  await closing;
  await server.close();
  const next = await bank.http.listen({ port: server.port }).catch((error: unknown) => error);
  await (next as Listening).close();
});

test('close does not wait for ever for a request in flight', async () => {
  await using bank = await serving({ limits: { drainMs: 20 } });
  const server = await bank.http.listen({ port: 0 });
  const stuck = connect(server.port, '127.0.0.1');
  stuck.write(
    'POST /commands/account/a/OpenAccount HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  );
  await send(server.url, { path: '/meta' });
  expect(await server.close()).toBeUndefined();
  stuck.destroy();
});

test('a port in use is told in a sentence that says what to do', async () => {
  await using running = await listening();
  const second = running.bank.http.listen({ port: running.server.port });
  await expect(second).rejects.toMatchObject({
    code: 'address-in-use',
    message: expect.stringContaining('choose another port'),
  });
});

test('S2: an address that others reach is not listened on without authorisation, unless told so', async () => {
  await using bank = await serving();
  await expect(bank.http.listen({ port: 0, host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'not-authorised',
  });
  const app = await startedBank();
  for (const options of [
    { public: true },
    { authorize: () => 'allow' as const, allowedHosts: 'any' as const },
  ]) {
    const server = await httpHandler(app, options).listen({ port: 0, host: '0.0.0.0' });
    expect((await send(`http://127.0.0.1:${server.port}`, { path: '/meta' })).status).toBe(200);
    await server.close();
  }
  await app.close();
});

test('G9: a connection beyond socketsMax is closed at once', async () => {
  await using running = await listening({ limits: { socketsMax: 1 } });
  const first = connect(running.server.port, '127.0.0.1');
  await once(first, 'connect');
  const second = connect(running.server.port, '127.0.0.1');
  expect(await once(second, 'close')).toBeDefined();
  first.destroy();
});

test('a client that offers another upgrade is answered as if it had not', async () => {
  await using running = await listening();
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQAAP__',
  };
  expect((await send(running.server.url, { path: '/meta', headers })).status).toBe(200);
});

test('what listens for errors cannot keep an answer back', async () => {
  const app = await startedBank();
  const http = httpHandler(app, {
    authenticate() {
      throw new Error('no');
    },
    onError() {
      throw new Error('no either');
    },
  });
  expect((await http.fetch(new Request('http://localhost/meta'))).status).toBe(500);
  await app.close();
});

test('what is no HTTP is answered by 400 and closed', async () => {
  await using running = await listening();
  const socket = connect(running.server.port, '127.0.0.1');
  const received = readUntil(socket, /400 Bad Request/);
  socket.write('garbage\r\n\r\n');
  expect(await received).toContain('connection: close');
  socket.destroy();
});

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

async function send(
  url: string,
  sent: Sent,
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
  const response = await open(url, sent);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** By `node:http`, which sends a path as it stands. */
async function open(
  url: string,
  { method = 'GET', path, headers = {}, body }: Sent,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(url);
  const request = httpRequest({ hostname, port, path, method, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** What was received when the pattern was met, or the stream ended. */
async function readUntil(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve(text);
    });
    stream.on('end', () => resolve(text));
    stream.on('error', reject);
  });
}
