// A server in a process of its own, so that its CPU time can be told from its client's:
// `http-server.ts daybook | daybook-with-read-model | by-hand | by-hand-once`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hash, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { memory } from '@daybook/core';
import { httpHandler } from '@daybook/server';
import { z } from 'zod';
import { bank, ledgerOnly } from './bank.ts';
import { platform } from './platform.ts';

const kind = process.argv[2] ?? '';
const close = await (kind.startsWith('daybook')
  ? serveDaybook()
  : serveByHand(kind === 'by-hand-once'));

process.on('message', (message) => {
  if (message === 'cpu') send({ cpu: process.cpuUsage() });
  if (message === 'end') void close().then(() => process.disconnect());
});

async function serveDaybook(): Promise<() => Promise<void>> {
  const store = memory(platform);
  const app = await (kind === 'daybook-with-read-model' ? bank : ledgerOnly).start({ store });
  const server = await httpHandler(app).listen({ port: 0 });
  send({ port: server.port });
  return async () => {
    await server.close();
    await app.close();
  };
}

/**
 * What one would write without a library: read the body, validate it by zod, look at the account, note the event, answer it.
 *
 * `isOnce` adds what a retry needs: the request's id with the hash of its content, and the answer kept for it.
 */
function serveByHand(isOnce: boolean): Promise<() => Promise<void>> {
  const commands = new Map<string, z.ZodType<Readonly<Record<string, string | number>>>>([
    ['OpenAccount', z.object({ owner: z.string() })],
    ['DepositMoney', z.object({ cents: z.int().positive() })],
  ]);
  const accounts = new Map<string, { balanceCents: number; revision: number }>();
  const log: unknown[] = [];
  const outcomes = new Map<string, { readonly content: string; readonly body: string }>();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  });

  function answer(request: IncomingMessage, response: ServerResponse, text: string): void {
    const [, , , id = '', command = ''] = (request.url ?? '').split('/').map(decodeURIComponent);
    const schema = commands.get(command);
    if (request.method !== 'POST' || schema === undefined) return reply(response, 404, '{}');
    const body: unknown = JSON.parse(text);
    const parsed = schema.safeParse(body);
    if (!parsed.success) return reply(response, 400, JSON.stringify(parsed.error.issues));
    const commandId = String(request.headers['idempotency-key'] ?? randomUUID());
    const content = isOnce ? hash('sha256', `${request.url}${text}`) : '';
    const known = outcomes.get(commandId);
    if (known !== undefined)
      return reply(response, known.content === content ? 200 : 422, known.body);
    const answered = JSON.stringify(carryOut(id, command, commandId, parsed.data));
    if (isOnce) outcomes.set(commandId, { content, body: answered });
    return reply(response, 200, answered);
  }

  function carryOut(
    id: string,
    command: string,
    commandId: string,
    data: Readonly<Record<string, string | number>>,
  ): unknown {
    const account = accounts.get(id) ?? { balanceCents: 0, revision: -1 };
    const balanceCents = account.balanceCents + Number(data['cents'] ?? 0);
    const revision = account.revision + 1;
    accounts.set(id, { balanceCents, revision });
    const event = {
      id: randomUUID(),
      position: log.length,
      stream: `account-${id}`,
      revision,
      type: command === 'OpenAccount' ? 'AccountOpened' : 'MoneyDeposited',
      data: command === 'OpenAccount' ? data : { ...data, balanceCents },
      metadata: { correlationId: commandId, causationId: commandId },
      recordedAt: Date.now(),
    };
    log.push(event);
    return { commandId, stream: event.stream, revision, position: event.position, events: [event] };
  }

  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      send({ port: (server.address() as AddressInfo).port });
      resolve(
        () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      );
    });
  });
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function send(message: Readonly<Record<string, unknown>>): void {
  process.send?.(message);
}
