/** Rules about leases: one holder at a time, and a number that grows with each (P7). */
import type { Lease } from '../../processing/lease.ts';
import type { ReadModelStore } from '../../projection/read-model-store.ts';
import { assert, assertDefined, assertEqual, SIGNAL_MS_MAX, within } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { MINUTE_MS, readModelRule, type ReadModelStoreFixture } from './fixture.ts';

export const leaseRules: readonly ContractRule<ReadModelStoreFixture>[] = [
  readModelRule(
    'P7',
    'a lease has one holder, who may take it again',
    [],
    async (store, { open }) => {
      const { leases: others } = await open();
      const lease = await store.leases.acquire('p', 'ann', MINUTE_MS);
      assertEqual(lease, { name: 'p', owner: 'ann', fence: 1 }, 'The lease');
      assertEqual(await others.acquire('p', 'ben', MINUTE_MS), undefined, 'The lease for another');
      assertEqual(
        await store.leases.acquire('p', 'ann', MINUTE_MS),
        lease,
        'The lease, taken again',
      );
      assertEqual(
        (await others.acquire('q', 'ben', MINUTE_MS))?.fence,
        1,
        'The number of another lease',
      );
    },
  ),

  readModelRule('P7', 'of many that want a free lease one gets it', [], async (store, { open }) => {
    const stores = [store, await open(), await open()];
    for (let round = 1; round <= 5; round += 1) {
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (stores[index % 3] ?? store).leases.acquire('p', `owner-${index}`, MINUTE_MS),
        ),
      );
      const [lease, ...more] = taken.filter((one) => one !== undefined);
      assertEqual(more, [], 'Holders besides the first');
      assertEqual(lease?.fence, round, 'The number');
      await store.leases.release(assertDefined(lease, 'The lease'));
    }
  }),

  readModelRule(
    'P7',
    'a lease that was given back is free at once, and its number grows',
    [],
    async (store, { open }) => {
      const { leases: others } = await open();
      const lease = await held(store, 'ann');
      await store.leases.release(lease);
      const next = await others.acquire('p', 'ben', MINUTE_MS);
      assertEqual(next, { name: 'p', owner: 'ben', fence: 2 }, 'The lease of the next holder');
      await store.leases.release(lease);
      assertEqual(
        await store.leases.acquire('p', 'ann', MINUTE_MS),
        undefined,
        'The lease after a late release',
      );
      assertEqual(
        await store.leases.renew([lease], MINUTE_MS),
        [],
        'What the old holder can renew',
      );
    },
  ),

  readModelRule('P7', 'a lease that ran out is taken over', [], async (store, { open }) => {
    const { leases: others } = await open();
    const lease = assertDefined(await store.leases.acquire('p', 'ann', 1), 'The lease');
    const taken = await within(takeWhenFree(others, 'ben'), 'The lease that ran out');
    assertEqual(
      taken,
      { name: 'p', owner: 'ben', fence: lease.fence + 1 },
      'The lease of the next holder',
    );
    assertEqual(await store.leases.renew([lease], MINUTE_MS), [], 'What the old holder can renew');
    assertEqual(
      await store.leases.acquire('p', 'ann', MINUTE_MS),
      undefined,
      'The lease for the old holder',
    );
  }),

  readModelRule(
    'P7',
    'a lease lasts for its time by the store’s clock',
    ['clock'],
    async (store, { open, setNow }) => {
      const { leases: others } = await open();
      setNow(10_000);
      const lease = assertDefined(await store.leases.acquire('p', 'ann', 1_000), 'The lease');
      setNow(10_999);
      assertEqual(
        await others.acquire('p', 'ben', 1_000),
        undefined,
        'The lease before it ran out',
      );
      assertEqual(await store.leases.renew([lease], 1_000), [lease], 'What was renewed');
      setNow(11_998);
      assertEqual(
        await others.acquire('p', 'ben', 1_000),
        undefined,
        'The lease before the renewed one ran out',
      );
      setNow(12_000);
      assertEqual(
        (await others.acquire('p', 'ben', 1_000))?.fence,
        2,
        'The number after it ran out',
      );
      setNow(13_000);
      assertEqual(
        (await store.leases.acquire('p', 'ann', 1_000))?.fence,
        3,
        'The number at its end',
      );
    },
  ),

  readModelRule(
    'P7',
    'several leases are renewed together, and those that are not held any more are missing',
    [],
    async (store, { open }) => {
      const { leases: others } = await open();
      const names = ['a', 'b', 'c', '__proto__', "d'; --"];
      const leases: Lease[] = [];
      for (const name of names)
        leases.push(assertDefined(await store.leases.acquire(name, 'ann', MINUTE_MS), 'The lease'));
      assertEqual(await store.leases.renew(leases, MINUTE_MS), leases, 'What was renewed');
      const [first, second] = leases;
      await store.leases.release(assertDefined(first, 'The first'));
      await store.leases.release(assertDefined(second, 'The second'));
      await others.acquire('b', 'ben', MINUTE_MS);
      assertEqual(
        await store.leases.renew(leases, MINUTE_MS),
        leases.slice(2),
        'What was renewed of the rest',
      );
      assertEqual(await store.leases.renew([], MINUTE_MS), [], 'What was renewed of nothing');
    },
  ),

  readModelRule('P7', 'leases are listed with their holders', [], async (store, { open }) => {
    const lease = await held(store, 'ann');
    await store.leases.acquire('q', 'ben', MINUTE_MS);
    const listed = await (await open()).leases.list();
    assertEqual(
      listed.map(({ name, owner, fence }) => `${name} ${owner} ${fence}`).toSorted(),
      ['p ann 1', 'q ben 1'],
      'The leases',
    );
    const before = listed.find(({ name }) => name === 'p')?.expiresAt ?? 0;
    await store.leases.release(lease);
    const after = (await store.leases.list()).find(({ name }) => name === 'p')?.expiresAt ?? 0;
    assert(after < before, 'A lease that was given back does not expire sooner');
  }),
];

async function held(store: ReadModelStore, owner: string): Promise<Lease> {
  return assertDefined(await store.leases.acquire('p', owner, MINUTE_MS), 'The lease');
}

/** Asks until the lease is free: nothing else tells when one runs out. */
async function takeWhenFree(leases: ReadModelStore['leases'], owner: string): Promise<Lease> {
  const endsAt = Date.now() + SIGNAL_MS_MAX;
  while (Date.now() < endsAt) {
    const lease = await leases.acquire('p', owner, MINUTE_MS);
    if (lease !== undefined) return lease;
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  throw new Error('The lease never ran out');
}
