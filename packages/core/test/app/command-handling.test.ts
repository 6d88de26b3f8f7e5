import { expect, test } from 'vitest';

import { account, postEntry } from '../bank.ts';
import { runningBank } from './running-bank.ts';

const anna = { owner: 'Anna' };

test('an accepted command answers with its events, revision, position and token', async () => {
  await using running = await runningBank();
  const { app } = running;
  const opened = await app.send(account.OpenAccount('a', anna));
  expect(opened).toMatchObject({
    status: 'accepted',
    stream: 'account-a',
    revision: 0,
    position: 0,
    isRepeated: false,
  });
  const done = await app.send(account.DepositMoney('a', { cents: 500 }));
  expect(done).toMatchObject({ status: 'accepted', revision: 1, position: 1 });
  if (done.status !== 'accepted') throw new Error('refused');
  expect(done.events).toMatchObject([
    {
      type: 'MoneyDeposited',
      position: 1,
      commit: 1,
      revision: 1,
      streamId: 'a',
      data: { cents: 500, balanceCents: 500 },
    },
  ]);
  expect(done.token).toMatch(/^1\./);
});

test('G3 O2: a retry with the same id has one effect and gets the first answer, a refusal too', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  const first = await app.send(account.DepositMoney('a', { cents: 500 }), { id: 'd1' });
  const again = await app.send(account.DepositMoney('a', { cents: 500 }), { id: 'd1' });
  expect(again).toEqual({ ...first, isRepeated: true });
  const refused = await app.send(account.WithdrawMoney('a', { cents: 900 }), { id: 'w1' });
  expect(refused).toMatchObject({
    status: 'refused',
    refusal: { type: 'InsufficientFunds', data: { balanceCents: 500 } },
  });
  await app.send(account.DepositMoney('a', { cents: 9_000 }));
  expect(await app.send(account.WithdrawMoney('a', { cents: 900 }), { id: 'w1' })).toEqual({
    ...refused,
    isRepeated: true,
  });
  expect((await app.state(account, 'a')).state.balanceCents).toBe(9_500);
});

test('O2: a replay is answered before the expected revision is looked at', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  const first = await app.send(account.DepositMoney('a', { cents: 1 }), {
    id: 'd',
    expectedRevision: 0,
  });
  await app.send(account.DepositMoney('a', { cents: 2 }));
  expect(
    await app.send(account.DepositMoney('a', { cents: 1 }), { id: 'd', expectedRevision: 0 }),
  ).toEqual({
    ...first,
    isRepeated: true,
  });
  await expect(
    app.send(account.DepositMoney('a', { cents: 1 }), { expectedRevision: 0 }),
  ).rejects.toMatchObject({
    code: 'revision-mismatch',
    expected: 0,
    actual: 2,
  });
  await expect(
    app.send(account.OpenAccount('a', anna), { expectedRevision: 'no-stream' }),
  ).rejects.toMatchObject({
    code: 'revision-mismatch',
  });
});

test('O2: the same id with other content or another actor is refused', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna), { id: 'x', actor: 'u1' });
  const reused = { code: 'idempotency-key-reused' };
  await expect(
    app.send(account.OpenAccount('a', { owner: 'Eve' }), { id: 'x', actor: 'u1' }),
  ).rejects.toMatchObject(reused);
  await expect(
    app.send(account.OpenAccount('b', anna), { id: 'x', actor: 'u1' }),
  ).rejects.toMatchObject(reused);
  await expect(
    app.send(account.OpenAccount('a', anna), { id: 'x', actor: 'u2' }),
  ).rejects.toMatchObject(reused);
  await expect(app.send(account.OpenAccount('a', anna), { id: 'x' })).rejects.toMatchObject(reused);
});

test('O2: two attempts with one id at once are one', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  const both = await Promise.all([
    app.send(account.DepositMoney('a', { cents: 5 }), { id: 'same' }),
    app.send(account.DepositMoney('a', { cents: 5 }), { id: 'same' }),
  ]);
  expect(both.filter(({ isRepeated }) => isRepeated)).toHaveLength(1);
  expect((await app.state(account, 'a')).state.balanceCents).toBe(5);
});

test('O4: a UUIDv7 from before the retention, or from the future, is never executed', async () => {
  await using running = await runningBank();
  const { app, platform } = running;
  const old = platform.newId();
  platform.setNow(platform.now() + 8 * 86_400_000);
  await expect(app.send(account.OpenAccount('a', anna), { id: old })).rejects.toMatchObject({
    code: 'expired',
  });
  const future = platform.newId();
  platform.setNow(platform.now() - 2 * 86_400_000);
  await expect(app.send(account.OpenAccount('a', anna), { id: future })).rejects.toMatchObject({
    code: 'expired',
  });
  await expect(app.state(account, 'a')).rejects.toMatchObject({ code: 'stream-not-found' });
});

test('G4: commands on one stream, all at once, are decided one after the other', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  await app.send(account.DepositMoney('a', { cents: 10 }));
  const tries = Array.from({ length: 20 }, () =>
    app.send(account.WithdrawMoney('a', { cents: 10 })),
  );
  const answers = await Promise.all(tries);
  expect(answers.filter(({ status }) => status === 'accepted')).toHaveLength(1);
  expect((await app.state(account, 'a')).state.balanceCents).toBe(0);
});

test('G2: a decision over several streams happens whole, and its streams are named with their revisions', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', { ...anna, overdraftCents: 1_000 }));
  await app.send(account.OpenAccount('b', anna));
  const entry = {
    entryId: 'e1',
    postings: [
      { account: 'a', cents: -700 },
      { account: 'b', cents: 700 },
    ],
  };
  const done = await app.send(postEntry(entry));
  expect(done).toMatchObject({
    status: 'accepted',
    stream: null,
    position: 3,
    streams: { 'account-a': 1, 'account-b': 1 },
  });
  if (done.status !== 'accepted') throw new Error('refused');
  expect(done.events.map(({ commit }) => commit)).toEqual([3, 3]);
  const refused = await app.send(postEntry({ ...entry, entryId: 'e2' }));
  expect(refused).toMatchObject({
    status: 'refused',
    refusal: { type: 'InsufficientFunds', data: { account: 'a', balanceCents: -700 } },
  });
});

test('O3: no refusal is given on a state that never was', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', { ...anna, overdraftCents: 0 }));
  await app.send(account.OpenAccount('b', { ...anna, overdraftCents: 0 }));
  await app.send(account.DepositMoney('a', { cents: 100 }));
  // The money goes to and fro; a refusal could only come from seeing one account before and the other after a transfer.
  const there = {
    entryId: 't',
    postings: [
      { account: 'a', cents: -100 },
      { account: 'b', cents: 100 },
    ],
  };
  const back = {
    entryId: 'f',
    postings: [
      { account: 'a', cents: 100 },
      { account: 'b', cents: -100 },
    ],
  };
  for (let round = 0; round < 50; round += 1) {
    const [one, two] = await Promise.all([app.send(postEntry(there)), app.send(postEntry(back))]);
    expect([one.status, two.status]).toEqual(['accepted', 'accepted']);
  }
});

test('N2: what is looked up by name goes through maps: constructor is no decider, command or decision', async () => {
  await using running = await runningBank();
  const { face } = running.app;
  for (const message of [
    { kind: 'command', decider: 'constructor', id: 'a', command: 'OpenAccount', data: anna },
    { kind: 'command', decider: 'account', id: 'a', command: 'constructor', data: anna },
    { kind: 'decision', decision: '__proto__', data: anna },
  ] as const) {
    await expect(face.send(message)).rejects.toMatchObject({ code: 'unknown-command' });
  }
  const opened = await running.app.send(account.OpenAccount('constructor', anna));
  expect(opened).toMatchObject({ status: 'accepted', stream: 'account-constructor' });
});

test('a command with several faults lists every issue and writes nothing', async () => {
  await using running = await runningBank();
  const { face } = running.app;
  const data = { owner: 5, overdraftCents: 'no' };
  await expect(
    face.send({ kind: 'command', decider: 'account', id: 'a', command: 'OpenAccount', data }),
  ).rejects.toMatchObject({
    code: 'invalid-message',
    issues: [{ path: '/owner' }, { path: '/overdraftCents' }],
  });
  expect((await face.events.head()).position).toBe(-1);
});

test('the state of a stream as folded at an instant, revision or position', async () => {
  await using running = await runningBank();
  const { app, platform } = running;
  const begin = platform.now();
  await app.send(account.OpenAccount('a', anna));
  platform.setNow(begin + 1_000);
  await app.send(account.DepositMoney('a', { cents: 5 }));
  platform.setNow(begin + 2_000);
  await app.send(account.DepositMoney('a', { cents: 7 }));
  expect(
    await app.state(account, 'a', { at: new Date(begin + 1_500).toISOString() }),
  ).toMatchObject({
    state: { balanceCents: 5 },
    revision: 1,
    position: 1,
  });
  expect(await app.state(account, 'a', { atRevision: 0 })).toMatchObject({
    state: { balanceCents: 0, isOpen: true },
    position: 0,
  });
  expect(await app.state(account, 'a', { at: begin - 1 })).toMatchObject({
    state: { isOpen: false },
    revision: null,
  });
  await expect(app.state(account, 'a', { at: begin + 3_000 })).rejects.toMatchObject({
    code: 'invalid-instant',
  });
  await expect(app.state(account, 'a', { at: '2026-11-17T15:00:00' })).rejects.toMatchObject({
    code: 'invalid-instant',
  });
  await expect(app.state(account, 'never')).rejects.toMatchObject({ code: 'stream-not-found' });
});

test('L3: a position inside an append is refused, naming both ends', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', { ...anna, overdraftCents: 10 }));
  await app.send(account.OpenAccount('b', anna));
  await app.send(
    postEntry({
      entryId: 'e',
      postings: [
        { account: 'a', cents: -5 },
        { account: 'b', cents: 5 },
      ],
    }),
  );
  await expect(app.state(account, 'a', { atPosition: 2 })).rejects.toThrow('Ask at 1 or 3');
});

test('G4 O3: two processes that decide on one stream at once: one of two exclusive commands wins', async () => {
  await using first = await runningBank();
  await using second = await runningBank({ store: first.store });
  await first.app.send(account.OpenAccount('a', anna));
  for (let round = 0; round < 20; round += 1) {
    await first.app.send(account.DepositMoney('a', { cents: 10 }));
    const answers = await Promise.all([
      first.app.send(account.WithdrawMoney('a', { cents: 10 })),
      second.app.send(account.WithdrawMoney('a', { cents: 10 })),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['accepted', 'refused']);
  }
  expect((await first.app.state(account, 'a')).state.balanceCents).toBe(0);
});

test('O2: another process that carries out the same command first makes a repeat of it, not a 412', async () => {
  await using first = await runningBank();
  await using second = await runningBank({ store: first.store });
  await first.app.send(account.OpenAccount('a', anna));
  for (let round = 0; round < 20; round += 1) {
    const { revision } = await first.app.state(account, 'a');
    const options = { id: `race-${round}`, expectedRevision: revision ?? 0 };
    const answers = await Promise.all([
      first.app.send(account.DepositMoney('a', { cents: 1 }), options),
      second.app.send(account.DepositMoney('a', { cents: 1 }), options),
    ]);
    expect(answers.filter(({ isRepeated }) => isRepeated)).toHaveLength(1);
  }
  expect((await first.app.state(account, 'a')).state.balanceCents).toBe(20);
});

test('O2: a second attempt does not inherit the failure of the first', async () => {
  await using running = await runningBank();
  const { app } = running;
  await app.send(account.OpenAccount('a', anna));
  const answers = await Promise.allSettled([
    app.send(account.DepositMoney('a', { cents: 1 }), { id: 'x', expectedRevision: 7 }),
    app.send(account.DepositMoney('a', { cents: 1 }), { id: 'x' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('S1: metadata of a caller cannot stand for the actor, the cause or the reason', async () => {
  await using running = await runningBank();
  const metadata = { actor: 'root', causationId: 'x', note: 'kept' };
  const done = await running.app.send(account.OpenAccount('a', anna), { id: 'c', metadata });
  if (done.status !== 'accepted') throw new Error('refused');
  expect(done.events[0]?.metadata).toEqual({ note: 'kept', correlationId: 'c', causationId: 'c' });
});
