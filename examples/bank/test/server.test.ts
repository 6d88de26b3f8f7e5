import { exec, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { serverEnd, startServer, temporaryFolder } from './server-process.ts';

/** Processes start slowly where many run at once. */
const PROCESS_MS_MAX = 60_000;

describe('the server', { timeout: PROCESS_MS_MAX }, () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 0 on %s and keeps what it said',
    async (signal) => {
      using folder = temporaryFolder();
      const first = await startServer({ dataDir: folder.path });
      const opened = await post(`${first.url}/commands/account/acc-1/OpenAccount`, {
        owner: 'Ada',
      });
      expect(opened.status).toBe(200);
      expect(await first.stop(signal)).toBe(0);

      const second = await startServer({ dataDir: folder.path });
      const again = await post(`${second.url}/commands/account/acc-1/OpenAccount`, {
        owner: 'Ada',
      });
      expect(again.status).toBe(422);
      expect(await again.json()).toMatchObject({ refusal: { type: 'AlreadyOpen' } });
      expect(await second.stop(signal)).toBe(0);
    },
  );

  test('prints three commands that work as they stand', async (context) => {
    if (spawnSync('curl', ['--version']).error !== undefined) context.skip('there is no curl here');
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    const commands = server.output().match(/^ {2}curl .*$/gm) ?? [];
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const { code, output } = await shell(`${command} --fail --silent --show-error`);
      expect([command, code]).toEqual([command, 0]);
      expect(JSON.parse(output)).toBeTypeOf('object');
    }
    await server.stop('SIGTERM');
  });

  test('answers the commands of the README as the README says', async (context) => {
    if (spawnSync('curl', ['--version']).error !== undefined) context.skip('there is no curl here');
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const shown = [...readme.matchAll(/^(curl .*)\n# (.*)$/gm)];
    expect(shown).toHaveLength(5);
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    for (const [, command = '', answer = ''] of shown) {
      const { output } = await shell(`${command.replace('http://127.0.0.1:4680', server.url)} -s`);
      expect(shortened(output, answer)).toBe(answer);
    }
    await server.stop('SIGTERM');
  });

  test('refuses an entry that is malformed with 400 and each of its faults', async () => {
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    const response = await post(`${server.url}/decisions/PostEntry`, {
      entryId: 'e-1',
      postings: [
        { account: 'ada', cents: 1 },
        { account: 'ada', cents: 1 },
      ],
    });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toMatch(/sum to 0/);
    expect(text).toMatch(/stands in an entry once|stands once/);
    await server.stop('SIGTERM');
  });
});

describe('a server that is told to stop', { timeout: PROCESS_MS_MAX }, () => {
  test('finishes what is in flight, and takes nothing new', async () => {
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    const request = await halfRequest(server.url);
    const exited = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await server.wrote(/SIGTERM/);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow(/fetch failed/);
    request.write('"Ada"}');
    expect(await textOf(request)).toMatch(/^HTTP\/1.1 200 /);
    expect(await exited).toEqual([0, null]);
  });

  test('ends at once when it is told again', async () => {
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    const request = await halfRequest(server.url);
    const exited = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    await server.wrote(/SIGTERM/);
    server.child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    request.destroy();
  });
});

describe('the server says in a sentence', { timeout: PROCESS_MS_MAX }, () => {
  test('that its port is in use', async () => {
    using folder = temporaryFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const end = await serverEnd({ dataDir: folder.path, environment: { PORT: String(port) } });
    other.close();
    expect(end.code).toBe(1);
    expect(end.output).toContain(String(port));
    expect(end.output).toMatch(/in use|taken/);
    expect(end.output).not.toMatch(/^\s+at /m);
  });

  test('that a flag is unknown, and which there are', async () => {
    using folder = temporaryFolder();
    const end = await serverEnd({ dataDir: folder.path, flags: ['--dem'] });
    expect(end).toMatchObject({ code: 2, output: expect.stringContaining('"--dem"') });
    expect(end.output).toContain('--demo');
    expect(end.output).not.toMatch(/^\s+at /m);
  });

  test('that its folder cannot be used', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    const end = await serverEnd({ dataDir: join(file, 'data') });
    expect(end.code).toBe(1);
    expect(end.output).toContain('DATA_DIR');
    expect(end.output).not.toMatch(/^\s+at /m);
  });

  test('S2: that an address beyond this machine needs --public', async () => {
    using folder = temporaryFolder();
    const end = await serverEnd({ dataDir: folder.path, environment: { HOST: '0.0.0.0' } });
    expect(end.code).toBe(1);
    expect(end.output).toContain('-- --public');
  });

  test('that the ledger goes into an empty bank only', async () => {
    using folder = temporaryFolder();
    const server = await startServer({ dataDir: folder.path });
    await post(`${server.url}/commands/account/acc-1/OpenAccount`, { owner: 'Ada' });
    await server.stop('SIGTERM');
    const end = await serverEnd({ dataDir: folder.path, flags: ['--demo'] });
    expect(end.code).toBe(1);
    expect(end.output).toMatch(/empty bank only/);
  });
});

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function shell(
  command: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = exec(command);
  let output = '';
  child.stdout?.on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** A command whose body has only begun, when the server has seen that much. */
async function halfRequest(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const head = [
    'POST /commands/account/acc-1/OpenAccount HTTP/1.1',
    `host: ${host}`,
    'content-type: application/json',
    'content-length: 15',
    'expect: 100-continue',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  // The server asks for the body, so it has the request.
  await once(socket, 'data');
  socket.write('{"owner":');
  return socket;
}

/** The text with `…` where the pattern has it; the whole text where it does not fit. */
function shortened(text: string, pattern: string): string {
  let rest = text;
  for (const part of pattern.split('…')) {
    const at = rest.indexOf(part);
    if (at < 0) return text;
    rest = rest.slice(at + part.length);
  }
  return rest === '' || pattern.endsWith('…') ? pattern : text;
}

async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}
