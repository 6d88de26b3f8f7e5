/** Rules about names, ids and JSON at the port (N1 to N3). */
import type { Json } from '../../message/json.ts';
import type { EventMetadata } from '../../message/event.ts';
import { assert, assertDefined, assertEqual } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import { HOSTILE_IDS, HOSTILE_JSON, REFUSED_IDS, REFUSED_JSON } from '../hostile.ts';
import {
  assertRefused,
  eventStoreRule,
  idsOf,
  newEvent,
  ONE_LOG,
  readAll,
  toStream,
  type EventStoreFixture,
} from './fixture.ts';

export const shapeRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'N1',
    'types and categories that are no names are refused',
    ONE_LOG,
    async (store) => {
      for (const type of [
        '',
        'moneyDeposited',
        'Money-Deposited',
        'Money Deposited',
        '1Money',
        'Ä',
        'A'.repeat(61),
      ]) {
        const work = (): Promise<unknown> =>
          store.append(toStream('one', 'account-a', [newEvent('e', { type })]));
        await assertRefused(store, 'invalid-message', work, `the event type "${type}"`);
      }
      for (const stream of [
        '',
        'account',
        '-a',
        'Account-a',
        'my account-a',
        `${'a'.repeat(41)}-a`,
        'account-',
      ]) {
        await assertRefused(
          store,
          'invalid-message',
          () => store.append(toStream('one', stream)),
          `the stream "${stream}"`,
        );
      }
      for (const schemaVersion of [0, -1, 1.5, Number.NaN]) {
        const work = (): Promise<unknown> =>
          store.append(toStream('one', 'account-a', [newEvent('e', { schemaVersion })]));
        await assertRefused(store, 'invalid-message', work, `the schema version ${schemaVersion}`);
      }
      for (const expected of [-1, 1.5, Number.NaN, 2 ** 53]) {
        const work = (): Promise<unknown> =>
          store.append(toStream('one', 'account-a', [newEvent('e')], expected));
        await assertRefused(store, 'invalid-message', work, `the expected revision ${expected}`);
      }
    },
  ),

  eventStoreRule(
    'N2',
    'hostile ids are kept as they are and never mixed up',
    [...ONE_LOG, 'conditions'],
    async (store, { open }) => {
      for (const id of HOSTILE_IDS) {
        const event = newEvent(id, { tags: [id] });
        const result = await store.append(toStream(id, `account-${id}`, [event], 'no-stream'));
        assertEqual(result.status, 'appended', `The append "${id}"`);
      }
      const other = await open();
      const again = [newEvent('again')];
      assertEqual(idsOf(await readAll(other)), HOSTILE_IDS, 'The events’ ids');
      for (const id of HOSTILE_IDS) {
        const { events, revision } = await other.readStream(`account-${id}`);
        assertEqual([idsOf(events), revision], [[id], 0], `The stream "account-${id}"`);
        assertEqual(events[0]?.streamId, id, 'The stream’s id');
        const tagged = await other.read({ query: { items: [{ tags: [id] }] } });
        assertEqual(idsOf(tagged.events), [id], `What is tagged "${id}"`);
        assertEqual(tagged.events[0]?.tags, [id], 'The tags of the event');
        assertEqual((await other.outcomeOf(id))?.id, id, `The outcome of "${id}"`);
        const { status } = await other.append(toStream(id, `account-${id}`, again));
        assertEqual(status, 'repeated', `The append "${id}" again`);
      }
    },
  ),

  eventStoreRule('N2', 'texts that are no id are refused everywhere', ONE_LOG, async (store) => {
    const tooLong = 'é'.repeat(128);
    for (const [what, id] of [...REFUSED_IDS, ['257 bytes', `${tooLong}x`] as const]) {
      const requests = [
        toStream(id, 'account-a', [newEvent('e')]),
        toStream('one', `account-${id}`, [newEvent('e')]),
        toStream('one', 'account-a', [newEvent(id)]),
        toStream('one', 'account-a', [newEvent('e', { tags: [id] })]),
      ];
      for (const request of requests) {
        await assertRefused(
          store,
          'invalid-message',
          () => store.append(request),
          `${what} as an id`,
        );
      }
    }
    await store.append(toStream(tooLong, `account-${tooLong}`, [newEvent(tooLong)]));
  }),

  eventStoreRule('N3', 'JSON comes back as it went in', ONE_LOG, async (store, { open }) => {
    for (const [index, json] of HOSTILE_JSON.entries()) {
      const event = newEvent(`e${index}`, { data: json, metadata: { value: json } });
      const outcome = { actor: null, command: 'c', input: json };
      await store.append({ ...toStream(`a${index}`, 'account-a', [event]), outcome });
    }
    const other = await open();
    const events = await readAll(other);
    for (const [index, json] of HOSTILE_JSON.entries()) {
      const event = assertDefined(events[index], `The event ${index}`);
      assertEqual(event.data, json, 'The data');
      assertEqual(JSON.stringify(event.data), JSON.stringify(json), 'The text of the data');
      assertEqual(event.metadata, { value: json }, 'The metadata');
      assertEqual(
        (await other.outcomeOf(`a${index}`))?.outcome?.input,
        json,
        'The outcome’s input',
      );
    }
  }),

  eventStoreRule(
    'N3',
    'what is not JSON is refused before anything is written',
    ONE_LOG,
    async (store) => {
      for (const [what, value] of REFUSED_JSON) {
        const json = unchecked(value);
        const one = newEvent('e0');
        const requests = [
          toStream('one', 'account-a', [one, newEvent('e', { data: json })]),
          toStream('one', 'account-a', [one, newEvent('e', { metadata: { value: json } })]),
          {
            ...toStream('one', 'account-a', [one]),
            outcome: { actor: null, command: 'c', input: json },
          },
          {
            ...toStream('one', 'account-a', [one]),
            outcome: {
              actor: null,
              command: 'c',
              input: null,
              refusal: { type: 'Refused', data: json },
            },
          },
        ];
        for (const request of requests) {
          await assertRefused(store, 'invalid-message', () => store.append(request), what);
        }
      }
    },
  ),

  eventStoreRule(
    'N3',
    'a store keeps a copy: nobody changes what was appended or what others read',
    ONE_LOG,
    async (store) => {
      const data = { cents: 1, list: [1] };
      const tags = ['t'];
      const metadata: EventMetadata = { own: { list: [1] } };
      const event = { ...newEvent('e'), data, metadata, tags };
      const outcome = { actor: null, command: 'c', input: { list: [1] } };
      const appending = store.append({ ...toStream('one', 'account-a', [event]), outcome });
      data.cents = 2;
      data.list.push(2);
      tags.push('u');
      outcome.input.list.push(2);
      await appending;
      for (let round = 0; round < 2; round += 1) {
        const [stored] = await readAll(store);
        assertEqual(stored?.data, { cents: 1, list: [1] }, 'The data');
        assertEqual(stored?.metadata, { own: { list: [1] } }, 'The metadata');
        assertEqual(stored?.tags, ['t'], 'The tags');
        assertEqual(
          (await store.outcomeOf('one'))?.outcome?.input,
          { list: [1] },
          'The outcome’s input',
        );
        attempt(() => Reflect.set(assertDefined(stored, 'The event'), 'data', 'changed'));
        attempt(() => Reflect.set(Object(stored?.data), 'cents', 9));
        attempt(() => Reflect.set(Object(Reflect.get(Object(stored?.data), 'list')), 0, 9));
        attempt(() => Reflect.set(Object(stored?.tags), 0, 'changed'));
        attempt(() => Reflect.set(Object(stored?.metadata), 'own', 'changed'));
        assert((await store.read()).events.length === 1, 'The log has another length');
      }
    },
  ),
];

/** A value that the compiler would refuse, as one that came from outside. */
function unchecked(value: unknown): Json {
  return value as Json;
}

/** A change that a frozen object may answer with an error. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch {
    // Refusing is as good as keeping a copy.
  }
}
