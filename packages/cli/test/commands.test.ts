/** Every command on the store of a folder. */
import { once } from 'node:events';
import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, test } from 'vitest';

import { account } from './bank.ts';
import { folder, type Folder } from './daybook.ts';

/** An export without its first line, which names the epoch. */
function withoutEpoch(exported: string): string {
  return exported.slice(exported.indexOf('\n'));
}

async function opened(): Promise<Folder> {
  const here = folder();
  await here.seed((app) => app.send(account.OpenAccount('a', { owner: 'Ada' })));
  return here;
}

test('send answers accepted with 0, the same again for the same id, and a refusal with 3', async () => {
  const here = await opened();
  const first = await here.json([
    'send',
    'account/a/DepositMoney',
    '{"cents":500}',
    '--id',
    'mine',
  ]);
  expect(first).toMatchObject({
    code: 0,
    documents: [{ status: 'accepted', stream: 'account-a', revision: 1, isRepeated: false }],
    err: '',
  });
  const again = await here.json(
    ['send', 'account/a/DepositMoney', '-', '--id', 'mine'],
    '{"cents":500}',
  );
  expect(again).toMatchObject({ code: 0, documents: [{ revision: 1, isRepeated: true }] });
  const refused = await here.json(['send', 'account/a/WithdrawMoney', '{"cents":501}']);
  expect(refused).toMatchObject({
    code: 3,
    documents: [
      { status: 'refused', refusal: { type: 'InsufficientFunds', data: { balanceCents: 500 } } },
    ],
  });
  const stale = await here.json(['send', 'account/a/DepositMoney', '{"cents":1}', '--expect', '0']);
  expect(stale).toMatchObject({ code: 4, documents: [] });
  expect(JSON.parse(stale.err)).toMatchObject({ error: { code: 'revision-mismatch' } });
});

test('send takes a decision, and an id with slashes', async () => {
  const here = folder();
  const created = await here.json([
    'send',
    'account/a/b/OpenAccount',
    '{"owner":"Ada"}',
    '--expect',
    'no-stream',
  ]);
  expect(created).toMatchObject({ code: 0, documents: [{ stream: 'account-a/b' }] });
  const moved = await here.json(['send', 'Transfer', '{"from":"a/b","to":"c","cents":4}']);
  expect(moved).toMatchObject({
    code: 0,
    documents: [
      { status: 'accepted', events: [{ stream: 'account-a/b' }, { stream: 'account-c' }] },
    ],
  });
});

test('query sees what other processes wrote before it, and a token of another log is no usable token', async () => {
  const here = await opened();
  let token = '';
  await here.seed(
    async (app) => ({ token } = await app.send(account.DepositMoney('a', { cents: 7 }))),
  );
  expect(await here.json(['query', 'balances.balanceOf', '{"id":"a"}'])).toMatchObject({
    code: 0,
    documents: [{ status: 'fresh', data: { owner: 'Ada', balanceCents: 7 }, exact: true }],
  });
  expect(
    (await here.json(['query', 'balances/balanceOf', '{"id":"nobody"}', '--after', token]))
      .documents[0],
  ).toMatchObject({ data: null });
  const people = await here.run(['query', 'balances.all']);
  expect(people.out.split('\n')[1]).toMatch(/^Ada\s+7$/);
  expect((await here.json(['query', 'balances.all', '--after', 'nonsense'])).code).toBe(2);
});

test('what is wrong is said in a sentence, with 2, and nothing goes to standard output', async () => {
  const here = await opened();
  const wrong = [
    [['send', 'account/a'], 'names no command'],
    [['send', 'account/a/constructor'], 'no command'],
    [['send', 'account/a/DepositMoney', '{'], 'is not JSON'],
    [['query', 'balances'], 'names no query'],
    [['query', 'balances.nothing'], 'no query'],
    [['tail', '--after', 'x'], 'whole number'],
    [['tail', '--nothing'], 'unknown option'],
    [['nothing'], 'unknown command'],
    [['health', '--config', 'missing.ts'], '--config'],
    [['export', '--url', 'http://127.0.0.1:1'], 'where the store is'],
    [['parked', 'retry', 'balances', 'nobody'], 'not parked'],
  ] as const;
  const results = await Promise.all(wrong.map(([args]) => here.run(args)));
  for (const [index, [args, said]] of wrong.entries()) {
    expect({ ...results[index], args }).toEqual({
      args,
      code: 2,
      out: '',
      err: expect.stringContaining(said) as string,
    });
  }
  const { documents, err } = await here.json(['send', 'account/a/DepositMoney', '{"cents":"5"}']);
  expect(documents).toEqual([]);
  expect(JSON.parse(err)).toMatchObject({
    error: { code: 'invalid-message', issues: [{ path: '/cents' }] },
  });
}, 60_000);

test('the configuration is found upwards, and what it lacks is said', async () => {
  const here = await opened();
  mkdirSync(join(here.path, 'deep', 'er'), { recursive: true });
  const lost = await here.run([
    'health',
    '--config',
    here.write('empty.config.ts', 'export default 5;'),
  ]);
  expect(lost).toMatchObject({ code: 2, err: expect.stringContaining('default export') as string });
  const broken = await here.run([
    'health',
    '--config',
    here.write('broken.config.ts', 'export default nothing;'),
  ]);
  expect(broken).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be loaded') as string,
  });
  const other = await here.json(['tail', '--config', join(here.path, 'daybook.config.ts')]);
  expect(other.documents).toHaveLength(1);
});

test('tail begins where it is told, filters, and follows until it is interrupted', async () => {
  const here = await opened();
  await here.seed(async (app) => {
    for (const cents of [1, 2, 3]) await app.send(account.DepositMoney('a', { cents }));
  });
  const positions = async (...args: readonly string[]): Promise<unknown[]> =>
    (await here.json(['tail', ...args])).documents.map((event) => event['position']);
  expect(await positions()).toEqual([0, 1, 2, 3]);
  expect(await positions('--last', '2')).toEqual([2, 3]);
  expect(await positions('--last', '0')).toEqual([]);
  expect(await positions('--after', '1')).toEqual([2, 3]);
  expect(await positions('--types', 'AccountOpened,Nothing')).toEqual([0]);
  expect(await positions('--types', 'MoneyDeposited', '--last', '1')).toEqual([3]);

  const child = here.start(['tail', '--last', '1', '--follow', '--json']);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  expect(await next()).toMatchObject({ position: 3 });
  await here.seed((app) => app.send(account.DepositMoney('a', { cents: 4 })));
  expect(await next()).toMatchObject({ position: 4, data: { cents: 4 } });
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
}, 40_000);

test('S5: export and import carry events, instants and outcomes; a repeat skips; a wrong line is named with 6', async () => {
  const here = await opened();
  await here.seed(async (app) => {
    await app.send(account.DepositMoney('a', { cents: 500 }), { id: 'mine' });
    await app.send(account.WithdrawMoney('a', { cents: 900 }), { id: 'refused' });
  });
  const file = join(here.path, 'log.ndjson');
  expect(await here.json(['export', 'log.ndjson'])).toMatchObject({
    code: 0,
    documents: [{ file, events: 2 }],
  });
  const text = readFileSync(file, 'utf8');
  expect((await here.run(['export'])).out).toBe(text);

  const there = folder();
  writeFileSync(join(there.path, 'log.ndjson'), text);
  expect(await there.json(['import', 'log.ndjson'])).toMatchObject({
    code: 0,
    documents: [{ imported: 2, skipped: 0, outcomes: 3 }],
  });
  expect(await there.json(['import', '-'], text)).toMatchObject({
    code: 0,
    documents: [{ imported: 0, skipped: 2 }],
  });
  const again = await there.json([
    'send',
    'account/a/DepositMoney',
    '{"cents":500}',
    '--id',
    'mine',
  ]);
  expect(again.documents[0]).toMatchObject({ isRepeated: true, revision: 1 });
  expect(
    (await there.json(['send', 'account/a/WithdrawMoney', '{"cents":900}', '--id', 'refused']))
      .code,
  ).toBe(3);
  expect(withoutEpoch((await there.run(['export', '-'])).out)).toBe(withoutEpoch(text));

  const bad = folder();
  const unknown = text.replace('"MoneyDeposited"', '"MoneyDepositd"');
  const refused = await bad.run(['import', '-'], unknown);
  expect(refused.code).toBe(6);
  expect(refused.out).toMatch(/line\s+why\n\s*\d+\s+.*MoneyDepositd/);
  expect(
    (await bad.json(['import', '-'], text.slice(0, text.length / 2))).documents[0],
  ).toMatchObject({ refused: { lines: [{}] } });
}, 60_000);

test('G8: a parked key is listed, stays parked while its fault stays, and is freed by retry or skip', async () => {
  const here = await opened();
  await here.seed(async (app) => {
    await app.send(account.OpenAccount('b', { owner: 'Bea' }));
    for (const id of ['a', 'b']) await app.send(account.DepositMoney(id, { cents: 666 }));
  });
  process.env['POISON'] = '1';
  try {
    expect((await here.json(['query', 'balances.balanceOf', '{"id":"a"}'])).code).toBe(4);
    await expect
      .poll(async () => (await here.json(['parked'])).documents[0]?.['parked'], {
        timeout: 20_000,
        interval: 10,
      })
      .toMatchObject([
        {
          readModel: 'balances',
          key: 'a',
          error: { message: expect.stringContaining('beast') as string },
        },
        { key: 'b' },
      ]);
    expect((await here.run(['parked', 'list', 'balances'])).out).toContain('the beast');
    expect(await here.json(['health'])).toMatchObject({
      code: 6,
      documents: [{ status: 'failing' }],
    });
    const still = await here.json(['parked', 'retry', 'balances', 'a', '--wait', '10']);
    expect(still).toMatchObject({ code: 6 });
    expect(
      (
        await here.json([
          'parked',
          'skip',
          'balances',
          'b',
          '--reason',
          'a mistake',
          '--wait',
          '10',
        ])
      ).documents,
    ).toEqual([{ readModel: 'balances', key: 'b', repair: 'skip', state: 'freed' }]);
  } finally {
    delete process.env['POISON'];
  }
  expect(
    (await here.json(['parked', 'retry', 'balances', 'a', '--wait', '10'])).documents[0],
  ).toMatchObject({ state: 'freed' });
  expect((await here.json(['query', 'balances.all'])).documents[0]).toMatchObject({
    data: { rows: [{ balanceCents: 666 }, { balanceCents: 0 }] },
  });
}, 90_000);

test('rebuild builds a new generation and waits until it answers; health says how far all is', async () => {
  const here = await opened();
  await here.run(['query', 'balances.all']);
  const rebuilt = await here.json(['rebuild', 'balances', '--wait', '20']);
  expect(rebuilt).toMatchObject({
    code: 0,
    documents: [{ readModel: 'balances', generation: 2, state: 'active' }],
  });
  expect(await here.json(['health'])).toMatchObject({
    code: 0,
    documents: [
      {
        status: 'ok',
        logs: [{ head: 0 }],
        readModels: [{ name: 'balances', generation: 2, lagEvents: 0 }],
      },
    ],
  });
  expect((await here.run(['rebuild', 'nothing'])).code).toBe(2);
}, 40_000);

test('an unexpected end of the reader is no fault', async () => {
  const here = await opened();
  const child = here.start(['tail', '--follow']);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const exit = once(child, 'exit');
  await here.seed((app) => app.send(account.DepositMoney('a', { cents: 1 })));
  expect(await exit).toEqual([0, null]);
}, 40_000);

test('help and version go to standard output with 0; no colours where nobody sees them', async () => {
  const here = folder();
  const help = await here.run(['--help']);
  expect(await here.run(['--version'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  });
  expect(help).toMatchObject({ code: 0, err: '' });
  for (const command of [
    'dev',
    'send',
    'query',
    'tail',
    'import',
    'export',
    'parked',
    'health',
    'rebuild',
  ]) {
    expect(help.out).toContain(`\n  ${command}`);
  }
  expect(help.out).toContain('Exit codes');
  expect(help.out).not.toContain('\u001b');
});
