/** A small log with types and tags, and what queries mean in it. */
import type { EventQuery } from '../../message/event-query.ts';
import type { EventStore } from '../../store/event-store.ts';
import { newEvent, upTo } from './fixture.ts';

/** Type and tags of the event at each position; the events in one inner list are one append. */
const APPENDS: readonly (readonly (readonly [string, readonly string[]])[])[] = [
  [['CourseDefined', ['course:1']]],
  [
    ['StudentEnrolled', ['course:1', 'student:a']],
    ['StudentEnrolled', ['course:2', 'student:a']],
  ],
  [['StudentRegistered', []]],
  [
    ['CourseDefined', ['course:2']],
    ['StudentEnrolled', ['course:1', 'student:b']],
    ['StudentLeft', ['course:1', 'student:a']],
  ],
  [['StudentRegistered', ['student:b']]],
];

export interface TaggedQuery {
  readonly what: string;
  readonly query: EventQuery;
  readonly positions: readonly number[];
}

export const QUERIES: readonly TaggedQuery[] = [
  { what: 'one type', query: { items: [{ types: ['CourseDefined'] }] }, positions: [0, 4] },
  {
    what: 'two types',
    query: { items: [{ types: ['StudentLeft', 'CourseDefined'] }] },
    positions: [0, 4, 6],
  },
  { what: 'one tag', query: { items: [{ tags: ['course:1'] }] }, positions: [0, 1, 5, 6] },
  { what: 'two tags', query: { items: [{ tags: ['student:a', 'course:1'] }] }, positions: [1, 6] },
  {
    what: 'tags that never meet',
    query: { items: [{ tags: ['course:1', 'course:2'] }] },
    positions: [],
  },
  {
    what: 'type and tag',
    query: { items: [{ types: ['StudentEnrolled'], tags: ['course:1'] }] },
    positions: [1, 5],
  },
  {
    what: 'types and tags',
    query: {
      items: [{ types: ['StudentEnrolled', 'StudentLeft'], tags: ['student:a', 'course:1'] }],
    },
    positions: [1, 6],
  },
  {
    what: 'either item',
    query: {
      items: [
        { tags: ['course:2'], types: ['CourseDefined'] },
        { types: ['StudentRegistered'] },
        { tags: ['student:b'] },
      ],
    },
    positions: [3, 4, 5, 7],
  },
  {
    what: 'an item twice',
    query: { items: [{ tags: ['course:2'] }, { tags: ['course:2'] }] },
    positions: [2, 4],
  },
  { what: 'an unknown type', query: { items: [{ types: ['NeverHappened'] }] }, positions: [] },
  { what: 'an unknown tag', query: { items: [{ tags: ['constructor'] }] }, positions: [] },
  { what: 'no items', query: { items: [] }, positions: [] },
  { what: 'no type', query: { items: [{ types: [] }] }, positions: [] },
  { what: 'everything', query: { items: [{}] }, positions: upTo(8) },
];

/** Appends the small log; gives how many events it has. */
export async function fillTagged(store: EventStore): Promise<number> {
  let count = 0;
  for (const [index, entries] of APPENDS.entries()) {
    const events = entries.map(([type, tags], at) => newEvent(`${index}.${at}`, { type, tags }));
    await store.append({
      id: `tagged-${index}`,
      streams: [{ stream: 'school-a', expected: 'any', events }],
    });
    count += events.length;
  }
  return count;
}
