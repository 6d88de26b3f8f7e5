import { afterAll, beforeAll, expect, test } from 'vitest';

import { LEDGER_OPENED_AT, readLedger } from '../ledger.ts';
import { startServer, temporaryFolder, type ServerProcess } from './server-process.ts';

const ledger = readLedger();
const folder = temporaryFolder();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ dataDir: folder.path, flags: ['--demo'] });
}, 60_000);

afterAll(async () => {
  await server.stop('SIGTERM');
  folder[Symbol.dispose]();
});

interface State {
  readonly state: { readonly isOpen: boolean; readonly balanceCents: number };
  readonly revision: number | null;
}

/** `at` goes into the address as it stands, so that the `+` of an offset arrives as a space. */
async function stateAt(account: string, at: string): Promise<State> {
  const stream = encodeURIComponent(`account-${account}`);
  const response = await fetch(`${server.url}/streams/${stream}/state?at=${at}`);
  expect([account, at, response.status]).toEqual([account, at, 200]);
  return (await response.json()) as State;
}

test.each(ledger.expected)(
  'at $at every account holds what two other programs say',
  async ({ at, balances }) => {
    const states = await Promise.all(
      ledger.accounts.map(async ({ account }) => [account, await stateAt(account, at)] as const),
    );
    const held = states.map(([account, { state }]) => [account, state.balanceCents]);
    expect(Object.fromEntries(held.filter(([, cents]) => cents !== 0))).toEqual(balances);
    const isBefore = Date.parse(at) < Date.parse(LEDGER_OPENED_AT);
    for (const [account, { state, revision }] of states) {
      expect([account, state.isOpen, revision === null]).toEqual([account, !isBefore, isBefore]);
    }
  },
);

test('an offset means what it says, encoded or not', async () => {
  const account = 'Assets:US:BofA:Checking';
  const first = await stateAt(account, '2021-01-01T15:10:17.001Z');
  expect(first).toMatchObject({ state: { balanceCents: 453_465 }, revision: 1 });
  expect(await stateAt(account, encodeURIComponent('2021-01-01T17:10:17.001+02:00'))).toEqual(
    first,
  );
  expect(await stateAt(account, '2021-01-01T17:10:17.001+02:00')).toEqual(first);
  const before = await stateAt(account, '2021-01-01T15:10:17.001+02:00');
  expect(before).toMatchObject({ state: { balanceCents: 0 }, revision: 0 });
});

test('the statement begins with the ledger’s instants and ends with its balance', async () => {
  const path = '/queries/statements/statementOf?id=Assets:US:BofA:Checking&limit=2';
  const response = await fetch(`${server.url}${path}`, { headers: { prefer: 'wait=10' } });
  const { data } = (await response.json()) as { readonly data: { readonly rows: unknown } };
  expect(data.rows).toEqual([
    {
      account: 'Assets:US:BofA:Checking',
      revision: 1,
      at: '2021-01-01T15:10:17.001Z',
      cents: 453_465,
      balanceCents: 453_465,
      entryId: 'entry-00000',
      memo: 'Opening Balance for checking account',
    },
    {
      account: 'Assets:US:BofA:Checking',
      revision: 2,
      at: '2021-01-04T09:04:56.250Z',
      cents: -400,
      balanceCents: 453_065,
      entryId: 'entry-00001',
      payee: 'BANK FEES',
      memo: 'Monthly bank fee',
    },
  ]);
});

test('a second start of the demo imports nothing, and finds everything', async () => {
  expect(server.output()).toMatch(/5564 events/);
  await server.stop('SIGTERM');
  server = await startServer({ dataDir: folder.path, flags: ['--demo'] });
  expect(server.output()).not.toMatch(/events/);
  const { revision } = await stateAt('Assets:US:BofA:Checking', '2026-01-06T00:00:00Z');
  expect(revision).toBe(510);
}, 60_000);
