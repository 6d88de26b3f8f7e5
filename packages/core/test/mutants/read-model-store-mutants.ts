/** Faults about generations, commits, parked keys and leases. */
import type { Lease, ReadModelStore } from '@daybook/core';

import { committing, leasing, mutant, viewing, type ReadModelMutant } from './read-model-mutant.ts';

export const storeMutants: readonly ReadModelMutant[] = [
  mutant('every create makes a generation', ['P4: processes that create'], (store) => {
    let calls = 0;
    return {
      create: async (layout) => {
        calls += 1;
        return store.create({ ...layout, fingerprint: `${layout.fingerprint}/${calls}` });
      },
    };
  }),
  mutant(
    'a create gives an active generation of the fingerprint',
    ['P4: the fingerprint of', 'L9: a lost'],
    (store) => ({
      create: async (layout) => {
        const known = (await store.list(layout.readModel)).find(
          ({ fingerprint }) => fingerprint === layout.fingerprint,
        );
        return known ?? store.create(layout);
      },
    }),
  ),
  mutant('a dropped generation comes back', ['P4: numbers are', 'P4: what does not exist'], () => ({
    drop: async () => undefined,
  })),
  mutant('generations are not listed in order', ['P4: generations are listed'], (store) => ({
    list: async (readModel) => (await store.list(readModel)).toReversed(),
  })),
  mutant('a list of one read model is a list of all', ['P4: generations are listed'], (store) => ({
    list: () => store.list(),
  })),
  mutant('a new generation is active', ['P4: a new generation'], (store) => ({
    list: async (readModel) =>
      (await store.list(readModel)).map((info) => ({ ...info, state: 'active' })),
  })),
  mutant('a switch leaves the old one active', ['P4: a switch makes'], (store) => ({
    list: async (readModel) =>
      (await store.list(readModel)).map((info) =>
        info.state === 'retired' ? { ...info, state: 'active' } : info,
      ),
  })),
  mutant('a switch back forgets the rows', ['P4: a switch makes'], (store) => ({
    switchTo: async (ref, lease) => {
      const old = (await store.list(ref.readModel)).find(({ state }) => state === 'active');
      await store.switchTo(ref, lease);
      if (old !== undefined && old.generation !== ref.generation) await store.drop(old);
    },
  })),
  mutant('a switch takes readers back', ['P4: a switch that would'], (store) => ({
    switchTo: async (ref, lease) => {
      const active = (await store.list(ref.readModel)).find(({ state }) => state === 'active');
      if (active !== undefined && active.generation !== ref.generation)
        await store.markLost(active);
      await store.switchTo(ref, lease);
    },
  })),
  mutant('a switch does not look at the lease', ['P4: a switch under'], (store) => ({
    switchTo: async (ref, lease) => store.switchTo(ref, await newest(store, lease)),
  })),
  mutant('an active generation is dropped', ['P4: an active'], (store) => ({
    drop: async (ref) => {
      await store.markLost(ref);
      await store.drop(ref);
    },
  })),
  mutant('a lost generation goes on', ['L9: a lost'], () => ({ markLost: async () => undefined })),
  mutant(
    'an absent generation is empty',
    ['P4: what does not exist', 'T3: a committed row'],
    (store) => ({
      view: async (ref, work) =>
        store
          .view(ref, work)
          .catch(async () =>
            store.view(await store.create({ ...EMPTY, readModel: 'empty' }), work),
          ),
    }),
  ),

  mutant(
    'the checkpoint is moved and not compared',
    ['P1: a commit from another', 'P1: of two that commit', 'P2: several read models'],
    (store) => ({
      commit: async (commits) => {
        const moved = async (): Promise<void> => {
          const infos = await store.list();
          const own = commits.map((commit) => {
            const info = infos.find(
              ({ readModel, generation }) =>
                readModel === commit.readModel && generation === commit.generation,
            );
            return { ...commit, from: info?.checkpoints.get(commit.log) ?? null };
          });
          await store.commit(own);
        };
        await moved().catch(moved);
      },
    }),
  ),
  mutant('the mark of the checkpoint is not compared', ['P1: a commit from another'], (store) => ({
    commit: async (commits) => {
      const infos = await store.list();
      const marked = commits.map((commit) => {
        const info = infos.find(
          ({ readModel, generation }) =>
            readModel === commit.readModel && generation === commit.generation,
        );
        const mark = info?.checkpoints.get(commit.log)?.mark;
        return commit.from === null || mark === undefined
          ? commit
          : { ...commit, from: { ...commit.from, mark } };
      });
      await store.commit(marked);
    },
  })),
  mutant('the checkpoint does not move without rows', ['P1: a commit without rows'], (store) => ({
    commit: async (commits) => store.commit(commits.filter(({ rows }) => rows.length > 0)),
  })),
  mutant(
    'commits are done one after another',
    ['P2: several read models', 'P7: a writer whose lease'],
    (store) => ({
      commit: async (commits) => {
        for (const commit of commits) await store.commit([commit]);
      },
    }),
  ),
  mutant(
    'the fence is ignored',
    ['P7: a writer whose lease', 'P7: a writer that froze'],
    (store) => ({
      commit: async (commits) => {
        const held = await Promise.all(
          commits.map(async (commit) => ({ ...commit, lease: await newest(store, commit.lease) })),
        );
        await store.commit(held);
      },
    }),
  ),
  mutant(
    'a removed row is kept',
    ['P1: a removed row', 'S6: a changed row', 'S6: a row that changes'],
    (store) =>
      committing(store, (commit) => ({
        ...commit,
        rows: commit.rows.filter(({ row }) => row !== undefined),
      })),
  ),
  mutant('a removed row is null', ['P1: a removed row'], (store) =>
    committing(store, (commit) => ({
      ...commit,
      rows: commit.rows.map((change) => ({ ...change, row: change.row ?? null })),
    })),
  ),
  mutant(
    'a row knows the commit and not its event',
    ['P1: a commit writes', 'P1: changedSince'],
    (store) =>
      committing(store, (commit) => ({
        ...commit,
        rows: commit.rows.map((change) => ({ ...change, asOf: commit.to.position })),
      })),
  ),
  mutant('all logs are one', ['P1: each log has'], (store) => ({
    commit: async (commits) =>
      store.commit(
        commits.map((commit) => ({
          ...commit,
          log: 'main',
          from: commit.log === 'main' ? commit.from : null,
        })),
      ),
  })),
  mutant('a row forgets its place in other logs', ['P1: each log has'], (store) =>
    viewing(store, (rows) => ({
      get: async (keys) =>
        (await rows.get(keys)).map((row) =>
          row === undefined
            ? undefined
            : { ...row, asOf: Object.fromEntries(Object.entries(row.asOf).slice(-1)) },
        ),
    })),
  ),
  mutant('changedSince is inclusive', ['P1: changedSince'], (store) => ({
    changedSince: (ref, log, position, limit) => store.changedSince(ref, log, position - 1, limit),
  })),
  mutant('changedSince has no limit', ['P1: changedSince'], (store) => ({
    changedSince: (ref, log, position) => store.changedSince(ref, log, position, 1_000),
  })),
  mutant(
    'keys are told apart without case',
    ['P1: rows come back', 'N2: hostile texts'],
    (store) => ({
      ...committing(store, (commit) => ({
        ...commit,
        rows: commit.rows.map((change) => ({ ...change, key: change.key.toLowerCase() })),
      })),
    }),
  ),
  mutant('a row is stored as it was given', ['P1: nobody changes'], (store) => {
    const given = new Map<string, unknown>();
    return {
      commit: async (commits) => {
        for (const { rows } of commits) for (const { key, row } of rows) given.set(key, row);
        await store.commit(commits);
      },
      ...viewing(store, (rows) => ({
        get: async (keys) =>
          (await rows.get(keys)).map((row) =>
            row === undefined ? undefined : { ...row, row: Object(given.get(row.key)) },
          ),
      })),
    };
  }),
  mutant('rows are given in order of key', ['P1: a commit writes'], (store) =>
    viewing(store, (rows) => ({ get: (keys) => rows.get(keys.toSorted()) })),
  ),

  mutant('a parked key takes its last entry', ['P3: keys are parked'], (store) =>
    committing(store, (commit) => ({
      ...commit,
      freed: [...commit.freed, ...commit.parked.map(({ key }) => key)],
    })),
  ),
  mutant('a parked key is not stored', ['P3: keys are parked', 'T3: a view is one'], (store) =>
    committing(store, (commit) => ({ ...commit, parked: [] })),
  ),
  mutant('a freed key stays parked', ['P3: keys are parked'], (store) =>
    committing(store, (commit) => ({ ...commit, freed: [] })),
  ),
  mutant('a freed key is freed after it failed again', ['P3: keys are parked'], (store) =>
    committing(store, (commit) => ({
      ...commit,
      parked: commit.parked.filter(({ key }) => !commit.freed.includes(key)),
    })),
  ),
  mutant('all parked keys are told, whatever was asked', ['P3: keys are parked'], (store) =>
    viewing(store, (rows) => ({ parked: () => rows.parked() })),
  ),

  mutant('a listener hears its own opening only', ['P1: a listener'], (store) => {
    const listeners = new Set<(readModel: string | undefined) => void>();
    return {
      commit: async (commits) => {
        await store.commit(commits);
        for (const listener of listeners) listener(undefined);
      },
      onCommitted: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }),
  mutant('a switch wakes nobody', ['P1: a listener'], (store) => {
    let isSwitching = false;
    return {
      switchTo: async (ref, lease) => {
        isSwitching = true;
        await store.switchTo(ref, lease);
      },
      onCommitted: (listener) =>
        store.onCommitted((readModel) => {
          if (!isSwitching) listener(readModel);
        }),
    };
  }),
  mutant('a closed store answers', ['P1: a closed store'], () => ({
    close: async () => undefined,
  })),
  mutant('closing one opening closes all', ['P1: a closed store'], (_, openings) => ({
    close: async () => {
      for (const opening of openings) await opening.close();
    },
  })),

  mutant(
    'a lease has many holders',
    ['P7: a lease has one', 'P7: of many', 'P7: a lease lasts'],
    (store) => leasing(store, { acquire: async (name, owner) => ({ name, owner, fence: 1 }) }),
  ),
  mutant('a holder cannot take its lease again', ['P7: a lease has one'], (store) =>
    leasing(store, {
      acquire: (name, owner, ttlMs) =>
        store.leases.acquire(name, `${owner} ${Math.random()}`, ttlMs),
    }),
  ),
  mutant(
    'the fence does not grow',
    ['P7: of many', 'P7: a lease that was given', 'P7: a lease that ran out'],
    (store) =>
      leasing(store, {
        acquire: async (name, owner, ttlMs) => {
          const lease = await store.leases.acquire(name, owner, ttlMs);
          return lease === undefined ? undefined : { ...lease, fence: 1 };
        },
      }),
  ),
  mutant(
    'a lease is not given back',
    ['P7: a lease that was given', 'P7: leases are listed'],
    (store) => leasing(store, { release: async () => undefined }),
  ),
  mutant('a lost lease is given back', ['P7: a lease that was given'], (store) =>
    leasing(store, { release: async (lease) => store.leases.release(await newest(store, lease)) }),
  ),
  mutant(
    'lost leases are renewed',
    ['P7: several leases', 'P7: a lease that was given', 'P7: a lease that ran out'],
    (store) => leasing(store, { renew: async (leases) => leases }),
  ),
  mutant('a renewed lease lasts no longer', ['P7: a lease lasts'], (store) =>
    leasing(store, { renew: (leases) => store.leases.renew(leases, 0) }),
  ),
  mutant('leases never run out', ['P7: a lease that ran out', 'P7: a lease lasts'], (store) =>
    leasing(store, { acquire: (name, owner) => store.leases.acquire(name, owner, 1_000_000_000) }),
  ),
  mutant('a lease is listed without its holder', ['P7: leases are listed'], (store) =>
    leasing(store, {
      list: async () => (await store.leases.list()).map((lease) => ({ ...lease, owner: '' })),
    }),
  ),
];

const EMPTY = { version: 1, fingerprint: 'empty', indexes: [] };

/** The lease as its newest holder has it. */
async function newest(store: ReadModelStore, lease: Lease): Promise<Lease> {
  const known = (await store.leases.list()).find(({ name }) => name === lease.name);
  return known ?? lease;
}
