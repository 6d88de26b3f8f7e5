/** The state of a stream, now or as folded then. */
import type { DeciderFace } from '../decider/decider-face.ts';
import { InvalidInstantError, StreamNotFoundError } from '../errors.ts';
import { categoryOf } from '../message/names.ts';
import type { EventStore } from '../store/event-store.ts';
import { loadStream, type LoadBounds } from './load.ts';

/** At most one of them. */
export interface StateAt {
  /** ISO 8601 with an offset or `Z`, or integer milliseconds. */
  readonly at?: string | number | undefined;
  readonly atRevision?: number | undefined;
  readonly atPosition?: number | undefined;
}

export interface StateAnswer {
  readonly state: unknown;
  /** Null before the stream began. */
  readonly revision: number | null;
  /** The position that the answer stands for; at a revision, that of its event. */
  readonly position: number;
}

/**
 * @throws {@link StreamNotFoundError} where there never was such a stream, or no decider has its category.
 * @throws {@link InvalidInstantError}
 */
export async function stateOf(
  store: EventStore,
  deciders: ReadonlyMap<string, DeciderFace>,
  stream: string,
  at: StateAt,
  eventsMax: number,
): Promise<StateAnswer> {
  const decider = deciders.get(categoryOf(stream));
  if (decider === undefined) throw new StreamNotFoundError(stream);
  const { revision: newest, head } = await store.readStream(stream, { limit: 1 });
  if (newest < 0) throw new StreamNotFoundError(stream);
  const upTo = await positionAt(store, stream, at, head.position);
  const bounds: LoadBounds = { upTo, eventsMax, ...toRevision(at, newest) };
  const { state, revision, position } = await loadStream(store, decider, stream, bounds);
  const standsFor = at.atRevision === undefined ? upTo : position;
  return { state, revision: revision < 0 ? null : revision, position: standsFor };
}

/** Milliseconds since 1970 of an ISO 8601 instant with an offset or `Z`, or of milliseconds. */
export function parseInstant(instant: string | number): number {
  const time =
    typeof instant === 'number'
      ? instant
      : ISO_INSTANT.test(instant)
        ? Date.parse(instant)
        : Number.NaN;
  if (Number.isSafeInteger(time)) return time;
  throw new InvalidInstantError(
    `"${instant}" is not an instant. Write it with its offset, such as 2026-11-17T15:00:00Z or 2026-11-17T16:00:00+01:00.`,
  );
}

async function positionAt(
  store: EventStore,
  stream: string,
  at: StateAt,
  head: number,
): Promise<number> {
  const given = [at.at, at.atRevision, at.atPosition].filter((value) => value !== undefined);
  if (given.length > 1)
    throw new InvalidInstantError('Give one of at, atRevision and atPosition, not several.');
  const log = store.logOf([stream]);
  if (at.at !== undefined) return (await store.positionAt(parseInstant(at.at), log)).position;
  if (at.atPosition === undefined) return head;
  const { atPosition } = at;
  if (!Number.isSafeInteger(atPosition) || atPosition < -1 || atPosition > head) {
    throw new InvalidInstantError(
      `There is no position ${atPosition}: the log goes from 0 to ${head}.`,
    );
  }
  if (atPosition === -1) return atPosition;
  const place = await store.placeAt(atPosition, log);
  if (place === undefined || place.commit === atPosition) return atPosition;
  throw new InvalidInstantError(
    `Position ${atPosition} lies inside an append, which nobody ever saw in part. Ask at ${place.first - 1} or ${place.commit}.`,
  );
}

function toRevision({ atRevision }: StateAt, newest: number): { readonly to?: number } {
  if (atRevision === undefined) return {};
  if (Number.isSafeInteger(atRevision) && atRevision >= 0 && atRevision <= newest)
    return { to: atRevision };
  throw new InvalidInstantError(
    `There is no revision ${atRevision}: the stream goes from 0 to ${newest}.`,
  );
}

const ISO_INSTANT =
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;
