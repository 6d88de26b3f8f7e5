/** G3: commands sent again, with the same id, after the process that carried them out was killed. */
import { join } from 'node:path';

import type { AppFace, CommandOutcome, DecisionMessage } from '@daybook/core';
import { sqlite } from '@daybook/sqlite';
import { expect, test } from 'vitest';

import { rounds } from '../../../../scripts/rounds.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { account, bank, transfer } from './bank.ts';
import { openAccounts } from './bank-check.ts';
import { wholeLog } from './log-check.ts';
import { Peer, signal } from './peer.ts';

const KILLS = rounds(50);
const ACCOUNTS = Array.from({ length: 6 }, (_, n) => `acc-${n}`);

interface Told {
  readonly message: DecisionMessage;
  readonly outcome: CommandOutcome;
}

test(
  'G3 O2: after a kill, a command sent again gets its first answer, a refusal too, and has one effect',
  { timeout: 30_000 + KILLS * 15_000 },
  async () => {
    const path = join(temporaryDirectory(), 'bank.db');
    await withBank(path, (app) =>
      openAccounts(app, ACCOUNTS, { overdraftCents: 0, balanceCents: 500 }),
    );
    const told: Told[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const heard = await transferUntilKilled(path, `r${round}-`, (round * 7) % 40);
      told.push(...heard);
      await withBank(path, async (app) => {
        for (const { message, outcome } of heard) {
          const again = await app.send(message, { id: outcome.commandId });
          expect({ ...again, isRepeated: false }).toEqual(outcome);
          expect(again.isRepeated).toBe(true);
        }
        await checkUnanswered(app, `r${round}-`, heard.length);
      });
    }
    expect(told.some(({ outcome }) => outcome.status === 'refused')).toBe(true);
    expect(told.some(({ outcome }) => outcome.status === 'accepted')).toBe(true);
    await expectOneEffectEach(path, told);
  },
);

test('G3 O2: the stored answer stands before an expected revision that has passed since, after a kill as well', async () => {
  const path = join(temporaryDirectory(), 'bank.db');
  const peer = await Peer.start('bank-process', { path, processing: false });
  await peer.call('send', account.OpenAccount('a', { overdraftCents: 0 }));
  const move = account.MoveMoney('a', { cents: 100 });
  const tooMuch = account.MoveMoney('a', { cents: -900 });
  const options = { id: 'move', expectedRevision: 0 };
  const refusedOptions = { id: 'too-much', expectedRevision: 1 };
  const moved = await peer.call<CommandOutcome>('send', move, options);
  const refused = await peer.call<CommandOutcome>('send', tooMuch, refusedOptions);
  await peer.call('send', account.MoveMoney('a', { cents: 5_000 }));
  await peer.kill();
  expect(moved.status).toBe('accepted');
  expect(refused.status).toBe('refused');

  await withBank(path, async (app) => {
    expect(await app.send(move, options)).toEqual({ ...moved, isRepeated: true });
    // On today's state it would be accepted, and its revision has passed.
    expect(await app.send(tooMuch, refusedOptions)).toEqual({ ...refused, isRepeated: true });
    // What was decided under one expectation is not asked for another.
    expect(await app.send(move, { id: 'move' })).toEqual({ ...moved, isRepeated: true });
    await expect(app.send(move, { id: 'new', expectedRevision: 0 })).rejects.toMatchObject({
      code: 'revision-mismatch',
    });
  });
});

test('G3 O2: an id with other content, for another target or from another actor is refused after a kill, and tells nothing', async () => {
  const path = join(temporaryDirectory(), 'bank.db');
  const peer = await Peer.start('bank-process', { path, processing: false });
  await peer.call('send', account.OpenAccount('a', { overdraftCents: 0 }));
  await peer.call('send', account.OpenAccount('b', { overdraftCents: 0 }));
  await peer.call('send', account.MoveMoney('a', { cents: 100 }), { id: 'mine', actor: 'ann' });
  await peer.call('send', transfer('a', 'b', 5_000), { id: 'refused', actor: 'ann' });
  await peer.kill();

  await withBank(path, async (app) => {
    const head = await app.events.head();
    const others = [
      [account.MoveMoney('a', { cents: 101 }), { id: 'mine', actor: 'ann' }],
      [account.MoveMoney('b', { cents: 100 }), { id: 'mine', actor: 'ann' }],
      [account.MoveMoney('a', { cents: 100 }), { id: 'mine', actor: 'bob' }],
      [account.MoveMoney('a', { cents: 100 }), { id: 'mine' }],
      [transfer('a', 'b', 50), { id: 'refused', actor: 'ann' }],
    ] as const;
    for (const [message, options] of others) {
      const error: unknown = await app.send(message, options).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'idempotency-key-reused' });
      expect(String(error)).not.toMatch(/ann|100|5000/u);
    }
    expect(await app.events.head()).toEqual(head);
  });
});

/** What was answered before the kill, which comes some answers after `count`. */
async function transferUntilKilled(
  path: string,
  idPrefix: string,
  count: number,
): Promise<readonly Told[]> {
  const heard: Told[] = [];
  const enough = signal();
  const onSaid = (said: Told): void => {
    heard.push(said);
    if (heard.length > count) enough.resolve();
  };
  const peer = await Peer.start('bank-process', { path, processing: false }, { onSaid });
  const transfers = { accounts: ACCOUNTS, count: 100_000, inFlight: 8, centsMax: 600 };
  const request = { ...transfers, idPrefix, isTold: true };
  const load = peer.call('transfers', request).catch((error: unknown) => error);
  await Promise.race([enough.promise, load]);
  await peer.kill();
  return heard;
}

/** Those that were on their way: what they were is not known here, so they are only asked for. */
async function checkUnanswered(app: AppFace, idPrefix: string, answered: number): Promise<void> {
  for (let turn = 1; turn <= answered + 8; turn += 1) {
    const outcome = await app.outcomeOf(`${idPrefix}${turn}`);
    const caused = outcome?.status === 'accepted' ? outcome.events.length : 0;
    expect([0, 2]).toContain(caused);
  }
}

async function expectOneEffectEach(path: string, told: readonly Told[]): Promise<void> {
  await withBank(path, async (app) => {
    const effects = Map.groupBy(await wholeLog(app.events), causeOf);
    for (const { outcome } of told) {
      const events = effects.get(outcome.commandId) ?? [];
      expect(events).toHaveLength(outcome.status === 'accepted' ? 2 : 0);
    }
  });
}

function causeOf({ metadata }: { readonly metadata: { readonly causationId?: string } }): string {
  return metadata.causationId ?? '';
}

async function withBank<Value>(
  path: string,
  work: (app: AppFace) => Promise<Value>,
): Promise<Value> {
  const { face } = await bank.start({ store: sqlite(path), processing: false });
  try {
    return await work(face);
  } finally {
    await face.close();
  }
}
