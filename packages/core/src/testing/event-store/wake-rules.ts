/** Rules about reading while others write, and being woken (L10, G5). */
import type { EventStore } from '../../store/event-store.ts';
import { LOG_START } from '../../store/log-place.ts';
import { assert, assertEqual, signal, within } from '../assert.ts';
import type { ContractRule } from '../contract.ts';
import {
  eventStoreRule,
  newEvents,
  ONE_LOG,
  positionsOf,
  toStream,
  upTo,
  type EventStoreFixture,
} from './fixture.ts';

export const wakeRules: readonly ContractRule<EventStoreFixture>[] = [
  eventStoreRule(
    'L10',
    'an append that resolved is seen by the next read of every opening',
    ONE_LOG,
    async (store, { open }) => {
      const other = await open();
      for (const index of upTo(20)) {
        const writer = index % 2 === 0 ? store : other;
        const reader = index % 2 === 0 ? other : store;
        await writer.append(toStream(`a${index}`, 'account-a'));
        assertEqual(
          (await reader.readStream('account-a')).revision,
          index,
          'The revision that the other reads',
        );
        assertEqual((await reader.head()).position, index, 'The head that the other reads');
      }
    },
  ),

  eventStoreRule(
    'G5',
    'a reader meets every position once and in order while others write',
    ONE_LOG,
    async (store, { open }) => {
      const writers = [store, await open(), await open()];
      const reader = await open();
      let isDone = false;
      const writing = Promise.all(
        writers.map((writer, index) => writeMany(writer, `w${index}`)),
      ).finally(() => {
        isDone = true;
      });
      // A reader that fails first leaves nobody waiting for the writer.
      writing.catch(() => undefined);
      const seen: number[] = [];
      let after = LOG_START;
      for (;;) {
        const isLast = isDone;
        const page = await reader.read({ after, limit: 5 });
        seen.push(...positionsOf(page.events));
        assert(seen.length <= 240, 'The reader met more events than there are');
        after = page.scannedTo;
        if (isLast && page.events.length === 0) break;
      }
      await writing;
      assertEqual(seen, upTo(3 * 8 * 5 * 2), 'The positions that the reader met');
    },
  ),

  eventStoreRule(
    'L10',
    'a listener is called after a commit, of another opening too',
    ONE_LOG,
    async (store, { open }) => {
      const other = await open();
      for (const [round, [listening, writing]] of (
        [
          [store, store],
          [store, other],
          [other, store],
        ] as const
      ).entries()) {
        const woken = signal<string>();
        const end = listening.onAppended(woken.resolve);
        await writing.append(toStream(`a${round}`, 'account-a'));
        const log = await within(woken.promise, `The call after append ${round}`);
        assertEqual(log, writing.logOf(['account-a']), 'The log that the call names');
        assertEqual((await listening.head()).position, round, 'The head after the call');
        end();
        end();
      }
    },
  ),

  eventStoreRule(
    'L10',
    'a listener that was ended, or whose opening was closed, is not called',
    ONE_LOG,
    async (store, { open }) => {
      const other = await open();
      let calls = 0;
      const end = store.onAppended(() => {
        calls += 1;
      });
      other.onAppended(() => {
        calls += 1;
      });
      end();
      await other.close();
      const woken = signal<string>();
      store.onAppended(woken.resolve);
      await store.append(toStream('one', 'account-a'));
      await within(woken.promise, 'The call of the listener that is left');
      assertEqual(calls, 0, 'Calls of the ended ones');
    },
  ),
];

async function writeMany(store: EventStore, name: string): Promise<void> {
  for (const round of upTo(8)) {
    await Promise.all(
      upTo(5).map((index) =>
        store.append(
          toStream(
            `${name}-${round}-${index}`,
            'account-a',
            newEvents(`${name}-${round}-${index}`, 2),
          ),
        ),
      ),
    );
  }
}
