/** Faults about appends and outcomes. */
import type { AppendRequest } from '@daybook/core';
import {
  mutant,
  withoutExpectations,
  without,
  plain,
  type EventStoreMutant,
} from './event-store-mutant.ts';

export const appendMutants: readonly EventStoreMutant[] = [
  mutant(
    'expectations are not looked at',
    [
      'L2: one stream',
      'L6: an expectation',
      'L8: of twenty',
      'L8: of appends of several',
      'O3: a refusal',
    ],
    (store) => ({
      append: (request) => store.append(withoutExpectations(request)),
    }),
  ),
  mutant(
    'expectations of streams without events are not looked at',
    ['L2: one stream', 'O3: a refusal'],
    (store) => ({
      append: (request) =>
        store.append({
          ...request,
          streams: request.streams.map((stream) =>
            stream.events.length > 0 ? stream : { ...stream, expected: 'any' },
          ),
        }),
    }),
  ),
  mutant(
    'any expects what was read before',
    ['L8: unrelated appends', 'L6: appends of one process'],
    (store) => ({
      append: async (request) => {
        const streams = await Promise.all(
          request.streams.map(async (stream) => {
            const { revision } = await store.readStream(stream.stream);
            return stream.expected === 'any'
              ? { ...stream, expected: revision < 0 ? ('no-stream' as const) : revision }
              : stream;
          }),
        );
        return store.append({ ...request, streams });
      },
    }),
  ),
  mutant(
    'an append of several streams is several appends',
    ['L3: every event carries', 'L3: no head', 'L2: one stream'],
    (store) => ({
      append: async (request) => {
        if (request.streams.length < 2 || request.outcome !== undefined)
          return store.append(request);
        const results = [];
        for (const [index, stream] of request.streams.entries()) {
          if (stream.events.length === 0) continue;
          results.push(
            await store.append({ ...request, id: `${request.id}/${index}`, streams: [stream] }),
          );
        }
        const last = results.at(-1);
        return last ?? store.append(request);
      },
    }),
  ),
  mutant('streams are written in order of name', ['L2: an append answers'], (store) => ({
    append: (request) =>
      store.append({
        ...request,
        streams: request.streams.toSorted((left, right) => (left.stream < right.stream ? -1 : 1)),
      }),
  })),
  mutant(
    'every other append waits a turn',
    ['L6: appends of one process', 'L6: an append may expect'],
    (store) => {
      let calls = 0;
      return {
        append: async (request) => {
          calls += 1;
          if (calls % 2 === 0) for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
          return store.append(request);
        },
      };
    },
  ),
  mutant('close does not wait for appends', ['L8: close finishes'], (store) => ({
    append: async (request) => {
      await Promise.resolve();
      return store.append(request);
    },
  })),
  mutant('closing one opening closes all', ['L8: close finishes'], (store, shared) => {
    shared.openings.push(store);
    return {
      close: async () => {
        for (const opening of shared.openings) await opening.close();
      },
    };
  }),
  mutant(
    'a closed store answers',
    ['L8: close finishes', 'L10: a listener that was ended'],
    () => ({ close: async () => undefined }),
  ),
  mutant('a loser fails its neighbours', ['L8: a loser', 'L8: of twenty'], (store) => {
    const fails = new Set<Promise<unknown>>();
    return {
      append: async (request) => {
        const group = store.append(request);
        fails.add(group);
        await Promise.resolve();
        const results = await Promise.allSettled(fails);
        const failed = results.find((result) => result.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        return group;
      },
    };
  }),
  mutant(
    'an id may be used again',
    ['O2: a repeated', 'O1: a refusal is stored', 'L8: an id that is repeated inside a group has'],
    (store) => {
      let calls = 0;
      return {
        append: (request) => {
          calls += 1;
          const events = (
            stream: AppendRequest['streams'][number],
          ): AppendRequest['streams'][number] => ({
            ...stream,
            events: stream.events.map((event) => ({ ...event, id: `${event.id}/${calls}` })),
          });
          return store.append({
            ...withoutExpectations(request),
            streams: request.streams.map(events),
            id: `${request.id}/${calls}`,
          });
        },
      };
    },
  ),
  mutant('expectations are looked at before the id', ['O2: a repeated'], (store) => ({
    append: async (request) => {
      for (const { stream, expected } of request.streams) {
        const { revision } = await store.readStream(stream);
        if (expected === 'no-stream' && revision >= 0)
          return store.append({ ...request, id: `${request.id}/again` });
      }
      return store.append(request);
    },
  })),
  mutant('conditions are looked at before the id', ['O2: a known id answers before'], (store) => ({
    append: async (request) => {
      const { condition } = request;
      if (condition === undefined) return store.append(request);
      const page = await store.read({ ...condition });
      return store.append(
        page.events.length === 0 ? request : { ...request, id: `${request.id}/again` },
      );
    },
  })),
  mutant(
    'content is not compared',
    ['O2: a known id with another', 'L8: an id that is repeated inside a group with'],
    (store) => ({
      append: (request) => store.append(without(request, 'contentHash')),
    }),
  ),
  mutant('a missing content hash is another content', ['O2: without a content hash'], (store) => ({
    append: (request) => store.append({ contentHash: 'none', ...request }),
  })),
  mutant('a reused id tells of the first append', ['O2: a known id with another'], (store) => ({
    append: async (request) => {
      try {
        return await store.append(request);
      } catch (error) {
        if (error instanceof Error)
          error.message += JSON.stringify(await store.outcomeOf(request.id));
        throw error;
      }
    },
  })),
  mutant(
    'outcomes are not stored',
    ['L2: an append answers', 'O4: outcomes are read'],
    (store) => ({
      append: (request) =>
        store.append(
          request.streams.some(({ events }) => events.length > 0)
            ? without(request, 'outcome')
            : request,
        ),
      readOutcomes: async () => ({ outcomes: [], next: null }),
    }),
  ),
  mutant(
    'a refusal is answered and not stored',
    ['O1: a refusal is stored', 'O1: a refusal in an empty'],
    (store) => ({
      append: async (request) => {
        if (request.outcome?.refusal === undefined) return store.append(request);
        const known = await store.outcomeOf(request.id);
        const result = await store.append({ ...request, id: `${request.id}/${Math.random()}` });
        return known === undefined ? { ...result, id: request.id } : result;
      },
    }),
  ),
  mutant(
    'an append that failed is remembered',
    ['O2: an append that was refused', 'L8: an append that lost', 'L2: one stream'],
    (store) => ({
      append: async (request) => {
        try {
          return await store.append(request);
        } catch (error) {
          const outcome = { actor: null, command: 'failed', input: null };
          await store
            .append({ id: request.id, contentHash: 'failed', outcome, streams: [] })
            .catch(() => undefined);
          throw error;
        }
      },
    }),
  ),
  mutant(
    'an outcome’s head lies before its events',
    ['T1: an outcome names', 'L2: an append answers'],
    (store) => ({
      append: async (request) => {
        const head = await store.head();
        return { ...(await store.append(request)), head };
      },
    }),
  ),
  mutant('pages of outcomes overlap', ['O4: outcomes are read'], (store) => ({
    readOutcomes: ({ limit, ...options } = {}) =>
      store.readOutcomes({ ...options, ...(limit === undefined ? {} : { limit: limit + 1 }) }),
  })),
  mutant('pruning forgets derived ids', ['O4: pruned outcomes'], (store) => ({
    append: (request) => store.append({ ...request, id: plain(request.id) }),
    outcomeOf: (id) => store.outcomeOf(plain(id)),
  })),
  mutant('pruning forgets nothing', ['O4: pruned outcomes', 'O4: pruning forgets only'], () => ({
    pruneOutcomes: async () => 0,
  })),
  mutant('pruning forgets the instant itself', ['O4: pruning forgets only'], (store) => ({
    pruneOutcomes: (before) => store.pruneOutcomes(before === 0 ? 0 : before + 1),
  })),
];
