/** Faults about instants, marks, queries, content and imports. */
import type { ImportResult, LogPage, RecordedEvent } from '@daybook/core';
import {
  NO_OUTCOME,
  mutant,
  mapNewEvents,
  mapStreams,
  mapEvents,
  without,
  withCondition,
  withQuery,
  typesOnly,
  firstItem,
  roughly,
  type EventStoreMutant,
} from './event-store-mutant.ts';

export const contentMutants: readonly EventStoreMutant[] = [
  mutant('recordedAt is read before the order is given', ['L4: recordedAt is whole'], (store) => ({
    read: async (options) =>
      mapEvents(await store.read(options), (event) => ({
        ...event,
        recordedAt: event.recordedAt - (event.position % 2) * 5,
      })),
  })),
  mutant('recordedAt follows the clock back', ['L4: recordedAt stays'], (store, { platform }) => {
    const clock = new Map<string, number>();
    return {
      append: (request) => {
        for (const { events } of request.streams)
          for (const { id } of events) clock.set(id, platform.now());
        return store.append(request);
      },
      read: async (options) =>
        mapEvents(await store.read(options), (event) => ({
          ...event,
          recordedAt: clock.get(event.id) ?? 0,
        })),
    };
  }),
  mutant('an instant leaves out its ties', ['L4: an instant names'], (store) => ({
    positionAt: (instant) => store.positionAt(instant - 1),
  })),
  mutant('every instant is settled', ['L4: an instant is settled'], (store) => ({
    positionAt: async (instant) => ({ ...(await store.positionAt(instant)), settled: true }),
  })),
  mutant('an instant beyond the clock is the head', ['L4: an instant beyond'], (store) => ({
    positionAt: async (instant, log) =>
      store
        .positionAt(instant, log)
        .catch(async () => ({ ...(await store.head()), settled: false })),
  })),
  mutant(
    'marks leave out the instant',
    ['L9: a mark is', 'L4: an import into'],
    () => ({}),
    (platform) => ({
      ...platform,
      sha256: (text) => platform.sha256(text.replace(/\n\d+/, '')),
    }),
  ),
  mutant('marks are not compared', ['L9: a read from'], (store) => ({
    read: (options = {}) =>
      store.read(
        typeof options.after === 'object' ? { ...options, after: options.after.position } : options,
      ),
  })),
  mutant('each opening has an epoch of its own', ['L9: the epoch'], () => ({
    epoch: String(Math.random()),
  })),

  mutant(
    'tags are forgotten',
    ['L7: a condition refuses', 'L10: a query means', 'N2: hostile ids'],
    (store) => ({
      append: (request) => store.append(mapNewEvents(request, (event) => without(event, 'tags'))),
    }),
  ),
  mutant('tags are kept as one text', ['L10: tags are compared'], (store) => ({
    read: async (options) =>
      mapEvents(await store.read(options), (event) => ({
        ...event,
        tags: event.tags.join(',').split(','),
      })),
  })),
  mutant(
    'a query looks at types only',
    ['L10: a query means', 'L7: a condition is not failed'],
    (store) => ({
      read: (options = {}) => store.read(withQuery(options, typesOnly)),
      append: (request) => store.append(withCondition(request, typesOnly)),
    }),
  ),
  mutant(
    'a query looks at its first item only',
    ['L10: a query means', 'L7: a condition refuses'],
    (store) => ({
      read: (options = {}) => store.read(withQuery(options, firstItem)),
      append: (request) => store.append(withCondition(request, firstItem)),
    }),
  ),
  mutant(
    'conditions are not looked at',
    [
      'L7: a condition refuses',
      'L7: a condition sees',
      'L7: expectation and',
      'L7: a refusal over tags',
    ],
    (store) => ({
      append: (request) => store.append(without(request, 'condition')),
    }),
  ),
  mutant(
    'a condition looks at the whole log',
    ['L7: a condition refuses', 'L7: an append does not fail'],
    (store) => ({
      append: ({ condition, ...request }) =>
        store.append(
          condition === undefined
            ? request
            : { ...request, condition: { ...condition, after: -1 } },
        ),
    }),
  ),
  mutant(
    'a condition does not see its own group',
    ['L7: a condition is checked against'],
    (store) => ({
      append: async ({ condition, ...request }) => {
        if (condition === undefined) return store.append(request);
        const { events } = await store.read(condition);
        return store.append(events.length === 0 ? request : { ...request, condition });
      },
    }),
  ),
  mutant(
    'a condition counts the append’s own events',
    ['L7: an append does not fail'],
    (store) => ({
      append: async (request) => {
        const { condition } = request;
        const types =
          condition?.query.items.flatMap((item) =>
            item.tags === undefined ? (item.types ?? []) : [],
          ) ?? [];
        const isOwn = request.streams.some(({ events }) =>
          events.some(({ type }) => types.includes(type)),
        );
        return store.append(
          isOwn ? { ...request, condition: { query: { items: [{}] }, after: -2 } } : request,
        );
      },
    }),
  ),

  mutant('a stream’s page goes beyond `upTo`', ['L7: a stream read'], (store) => ({
    readStream: (stream, options = {}) => store.readStream(stream, without(options, 'upTo')),
  })),
  mutant('a read for a fold leaves out the last event', ['L10: a read for a fold'], (store) => ({
    readStream: async (stream, options = {}) => {
      const page = await store.readStream(stream, options);
      return options.want === 'fold' ? { ...page, events: page.events.slice(0, -1) } : page;
    },
  })),
  mutant('a stream is never read backwards', ['L10: a stream is read'], (store) => ({
    readStream: (stream, options = {}) => store.readStream(stream, without(options, 'backwards')),
  })),
  mutant(
    'streams are told apart without case',
    ['L10: streams whose', 'N2: hostile ids'],
    (store) => ({
      append: (request) => store.append(mapStreams(request, (name) => name.toLowerCase())),
      readStream: (stream, options) => store.readStream(stream.toLowerCase(), options),
    }),
  ),
  mutant('stream names are normalised', ['L10: streams whose', 'N2: hostile ids'], (store) => ({
    append: (request) => store.append(mapStreams(request, (name) => name.normalize('NFC'))),
    readStream: (stream, options) => store.readStream(stream.normalize('NFC'), options),
  })),
  mutant('another opening reads what it read before', ['L10: an append that resolved'], (store) => {
    const pages = new Map<string, Promise<LogPage>>();
    return {
      read: (options) => {
        const key = JSON.stringify(options ?? {});
        const page = pages.get(key) ?? store.read(options);
        pages.set(key, page);
        return page;
      },
      readStream: async (stream, options) => {
        const known = pages.get(stream) ?? store.read();
        pages.set(stream, known);
        return {
          ...(await store.readStream(stream, options)),
          revision: (await known).head.position,
        };
      },
    };
  }),
  mutant('a listener hears its own opening only', ['L10: a listener is called'], (store) => {
    const listeners = new Set<(log: string) => void>();
    return {
      append: async (request) => {
        const result = await store.append(request);
        for (const listener of listeners) listener(result.log);
        return result;
      },
      onAppended: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }),
  mutant('a listener is never done', ['L10: a listener that was ended'], (store) => ({
    onAppended: (listener) => {
      store.onAppended(listener);
      return () => undefined;
    },
  })),

  mutant('what was given is stored as it is', ['N3: a store keeps a copy'], (store) => {
    const given = new Map<string, RecordedEvent['data']>();
    return {
      append: (request) => {
        for (const { events } of request.streams)
          for (const { id, data } of events) given.set(id, data);
        return store.append(request);
      },
      read: async (options) =>
        mapEvents(await store.read(options), (event) => ({
          ...event,
          data: given.get(event.id) ?? null,
        })),
    };
  }),
  mutant('a value that is not JSON is made JSON', ['N3: what is not JSON'], (store) => ({
    append: (request) => store.append(roughly(request)),
  })),
  mutant('control characters are left out', ['N2: texts that are no id'], (store) => ({
    append: (request) => {
      const { id } = request;
      // oxlint-disable-next-line no-control-regex -- Control characters are what is left out.
      return store.append({ ...request, id: id.replaceAll(/[\u0000-\u001f]/g, '') });
    },
  })),
  mutant('types are written in any way', ['N1: types and categories'], (store) => ({
    append: (request) =>
      store.append(
        mapNewEvents(request, (event) => ({ ...event, type: event.type.replaceAll(/[ -]/g, '') })),
      ),
  })),
  mutant('an event’s id is not looked at', ['L2: an event’s id'], (store) => {
    let calls = 0;
    return {
      append: (request) => {
        calls += 1;
        return store.append(
          mapNewEvents(request, (event, index) => ({
            ...event,
            id: `${event.id}/${calls}/${index}`,
          })),
        );
      },
    };
  }),
  mutant('metadata is lost', ['L2: everything that', 'N3: JSON comes back'], (store) => ({
    append: (request) =>
      store.append(mapNewEvents(request, (event) => ({ ...event, metadata: {} }))),
  })),
  mutant('an append of nothing is harmless', ['L2: an append with neither'], (store) => ({
    append: (request) => store.append({ outcome: NO_OUTCOME, ...request }),
  })),
  mutant('a stream given twice is given once', ['L2: a stream that stands'], (store) => ({
    append: (request) =>
      store.append({
        ...request,
        streams: [...new Map(request.streams.map((stream) => [stream.stream, stream])).values()],
      }),
  })),
  mutant('a stream that was only checked exists', ['L2: a stream without events'], (store) => ({
    append: async (request) => {
      const result = await store.append(request);
      return {
        ...result,
        streams: result.streams.map((stream) => ({
          ...stream,
          revision: Math.max(0, stream.revision),
        })),
      };
    },
  })),

  mutant(
    'an import appends anew',
    [
      'L4: an import into',
      'L4: an import goes only',
      'L4: a log that was begun',
      'S5: a batch',
      'S5: an import goes on',
    ],
    (store) => ({
      importEvents: async ({ after, events }): Promise<ImportResult> => {
        for (const { stream, position, id, type, schemaVersion, data, metadata } of events) {
          const event = { id, type, schemaVersion, data, metadata };
          await store.append({
            id: `import-${position}`,
            streams: [{ stream, expected: 'any', events: [event] }],
          });
        }
        return {
          imported: events.length,
          skipped: 0,
          place: events.length === 0 ? after : await store.head(),
        };
      },
    }),
  ),
  mutant('an import skips what is there without comparing', ['S5: a batch'], (store) => ({
    importEvents: async (batch) => {
      const head = await store.head();
      const known = batch.events.filter(({ position }) => position <= head.position);
      const events = batch.events.slice(known.length);
      const after = known.length === 0 ? batch.after : head;
      const result = await store.importEvents({ ...batch, after, events });
      return { ...result, skipped: known.length };
    },
  })),
  mutant('an import loses its outcomes', ['O4: an import carries'], (store) => ({
    importEvents: (batch) => store.importEvents({ ...batch, outcomes: [] }),
  })),
  mutant('an append ends behind an import', ['L4: appends go on'], (store) => ({
    append: async (request) => ({ ...(await store.append(request)), recordedAt: 1 }),
  })),
];
