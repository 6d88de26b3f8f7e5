/** The two small programs, as processes of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { startServer, temporaryFolder } from './server-process.ts';

test('the README’s program prints what the README says', async () => {
  using folder = temporaryFolder();
  const program = run('readme-program.ts', [], folder.path);
  let printed = '';
  for await (const text of program.stdout.setEncoding('utf8')) printed += text;
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`It prints\n\n\`\`\`\n${printed}\`\`\``);
}, 60_000);

test('G7: whoever watches an account sees its balance, and each that follows', async () => {
  using folder = temporaryFolder();
  const server = await startServer({ dataDir: folder.path });
  const watch = run('watch.ts', ['acc-1', server.url], folder.path);
  try {
    const lines = linesOf(watch.stdout.setEncoding('utf8'));
    expect(await lines.next()).toMatchObject({ value: 'There is no acc-1.' });
    await post(`${server.url}/commands/account/acc-1/OpenAccount`, { owner: 'Ada' });
    expect(await lines.next()).toMatchObject({ value: '0' });
    await post(`${server.url}/commands/account/acc-1/DepositMoney`, { cents: 5_000 });
    expect(await lines.next()).toMatchObject({ value: '5000' });
  } finally {
    const ended = once(watch, 'exit');
    watch.kill('SIGKILL');
    await ended;
    await server.stop('SIGTERM');
  }
}, 60_000);

function run(file: string, flags: readonly string[], cwd: string) {
  const path = join(import.meta.dirname, '..', file);
  return spawn(process.execPath, ['--conditions=daybook-source', path, ...flags], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}
