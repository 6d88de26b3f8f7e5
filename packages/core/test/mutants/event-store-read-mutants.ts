/** Faults about pages, places and bounds. */
import { DEFAULT_LIMITS, memoryEventStore } from '@daybook/core';
import {
  NO_OUTCOME,
  mutant,
  delegateTo,
  shifted,
  without,
  type EventStoreMutant,
} from './event-store-mutant.ts';

export const readMutants: readonly EventStoreMutant[] = [
  mutant(
    'pages are cut at their limit',
    ['L3: pages end on a commit', 'S4: an append beyond', 'L3: no head'],
    (store) => ({
      read: async (options = {}) => {
        const page = await store.read(options);
        const events = page.events.slice(0, options.limit ?? page.events.length);
        if (events.length === page.events.length) return page;
        const position = events.at(-1)?.position ?? -1;
        const place = await store.placeAt(position);
        return { ...page, events, scannedTo: { position, mark: place?.mark ?? '' } };
      },
    }),
  ),
  mutant('pages backwards are cut at their limit', ['L3: pages backwards'], (store) => ({
    read: async (options = {}) => {
      const page = await store.read(options);
      if (options.backwards !== true || options.limit === undefined) return page;
      const events = page.events.slice(0, options.limit);
      return {
        ...page,
        events,
        scannedTo: { ...page.scannedTo, position: events.at(-1)?.position ?? 0 },
      };
    },
  })),
  mutant(
    'a page backwards looks one further than it gives',
    ['L3: pages backwards', 'L10: pages of a query backwards'],
    (store) => ({
      read: async (options = {}) => {
        const page = await store.read(options);
        if (options.backwards !== true || page.scannedTo.position < 1) return page;
        const { position, mark } = page.scannedTo;
        return { ...page, scannedTo: { position: position - 1, mark } };
      },
    }),
  ),
  mutant(
    'a page of a query looks no further than its last event',
    ['L10: a query means', 'L10: pages of a query end'],
    (store) => ({
      read: async (options = {}) => {
        const page = await store.read(options);
        const position = page.events.at(-1)?.position;
        if (options.query === undefined || position === undefined) return page;
        return {
          ...page,
          scannedTo: { position, mark: (await store.placeAt(position))?.mark ?? '' },
        };
      },
    }),
  ),
  mutant(
    'a page of a query looks to the head whatever its limit',
    ['L10: pages of a query end'],
    (store) => ({
      read: async (options = {}) => {
        const page = await store.read(options);
        return options.query === undefined || options.backwards === true
          ? page
          : { ...page, scannedTo: page.head };
      },
    }),
  ),
  mutant(
    '`upTo` is not looked at',
    ['L3: a page goes no further', 'L10: a query means'],
    (store) => ({
      read: (options = {}) => store.read(without(options, 'upTo')),
    }),
  ),
  mutant('`after` is inclusive', ['L1: a read starts behind', 'L10: a query means'], (store) => ({
    read: (options = {}) =>
      store.read(
        typeof options.after === 'number' && options.after >= 0
          ? { ...options, after: options.after - 1 }
          : options,
      ),
  })),
  mutant('an empty log begins at 0', ['L1: an empty log'], (store) => ({
    head: async (log) => {
      const head = await store.head(log);
      return head.position < 0 ? { position: 0, mark: '' } : head;
    },
  })),
  mutant('an unknown log is the only one', ['L1: a store with one log'], (store) => ({
    head: () => store.head(),
    append: (request) => store.append(without(request, 'log')),
  })),
  mutant(
    'an append to another log goes to the only one',
    ['L1: a store with one log refuses'],
    (store) => ({
      append: (request) => store.append(without(request, 'log')),
    }),
  ),
  mutant('positions begin at 1', ['L1: positions are dense', 'L3: every event'], (store) => ({
    read: async (options) => shifted(await store.read(options)),
  })),
  mutant('a place begins where it is', ['L3: a place names'], (store) => ({
    placeAt: async (position, log) => {
      const place = await store.placeAt(position, log);
      return place === undefined ? undefined : { ...place, first: position };
    },
  })),
  mutant(
    'a reader now and then misses an event',
    ['G5: a reader meets', 'L1: positions are dense'],
    (store) => ({
      read: async (options) => {
        const page = await store.read(options);
        return { ...page, events: page.events.filter(({ position }) => position !== 7) };
      },
    }),
  ),
  mutant('pages are not bounded', ['G9: a page is bounded'], (store, { platform }) => {
    const open = memoryEventStore(platform, { ...DEFAULT_LIMITS, pageSizeMax: 1_000_000 });
    const unbounded = open();
    return { ...delegateTo(unbounded), limits: DEFAULT_LIMITS, close: () => store.close() };
  }),
  mutant(
    'limits are not looked at',
    ['S4: an append beyond'],
    (_store, { platform, openUnlimited }) => {
      void platform;
      return { ...delegateTo(openUnlimited()), limits: DEFAULT_LIMITS };
    },
  ),
  mutant('a full queue loses appends', ['G9: appends beyond'], (store) => {
    let pending = 0;
    return {
      append: async (request) => {
        pending += 1;
        if (pending <= 10_000) return store.append(request);
        return {
          ...(await store.append({ ...request, id: 'lost', streams: [], outcome: NO_OUTCOME })),
          status: 'appended',
        };
      },
    };
  }),
];
