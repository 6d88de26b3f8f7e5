/**
 * Reading a log on and on: pages until the head, then a page after each wake-up. There is no second path for live
 * events (RULES L10), so order and completeness are those of paged reads.
 */
import type { EventQuery } from '../message/event-query.ts';
import type { EventStore, LogPage } from '../store/event-store.ts';
import { LOG_START, type LogPlace } from '../store/log-place.ts';
import { WakeUp } from './wake-up.ts';

export interface SubscriptionOptions {
  readonly query?: EventQuery | undefined;
  /** Exclusive; default from the beginning. A place carries its mark, which every page is checked against. */
  readonly after?: LogPlace | number | undefined;
  readonly log?: string | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Longest sleep without a look at the log, ms: the floor where wake-ups fail. */
export const POLL_MS = 1_000;

/**
 * Pages of a log in order, for ever: each either holds events or has moved on over others. Ends when the signal aborts.
 *
 * @throws {@link StoreWentBackError} when the log is no longer the one that the page before was read from.
 */
export async function* subscribe(
  store: EventStore,
  { query, after = LOG_START, log, limit, signal }: SubscriptionOptions = {},
): AsyncGenerator<LogPage, void, undefined> {
  const wakeUp = new WakeUp();
  const wake = (): void => wakeUp.raise();
  const ends = store.onAppended(wake);
  signal?.addEventListener('abort', wake);
  try {
    let place = after;
    while (signal?.aborted !== true) {
      const page = await store.read({
        after: place,
        ...(query === undefined ? {} : { query }),
        ...(log === undefined ? {} : { log }),
        ...(limit === undefined ? {} : { limit }),
      });
      const isAtHead = page.scannedTo.position >= page.head.position;
      if (page.scannedTo.position > positionOf(place)) yield page;
      place = page.scannedTo;
      if (isAtHead) await wakeUp.wait(POLL_MS);
    }
  } finally {
    ends();
    signal?.removeEventListener('abort', wake);
  }
}

function positionOf(place: LogPlace | number): number {
  return typeof place === 'number' ? place : place.position;
}
