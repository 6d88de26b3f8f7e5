/** What sending a command answers, for a first time and for every repeat alike. */
import { StoreUnavailableError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { Json } from '../message/json.ts';
import { streamIdOf } from '../message/names.ts';
import type { AppendRequest, EventStore, StoredOutcome } from '../store/event-store.ts';
import { tokenOf, type Token } from '../store/token.ts';

export interface SendOptions {
  /** The command's id; the same id has one effect. Default: a new UUIDv7. */
  readonly id?: string | undefined;
  /** As authenticated; never taken from a request's content. */
  readonly actor?: string | undefined;
  readonly reason?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Further metadata of every event. */
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
  /** Decide only if the stream is there (`If-Match`); not for decisions. */
  readonly expectedRevision?: number | 'no-stream' | undefined;
  readonly log?: string | undefined;
}

export type CommandOutcome = AcceptedOutcome | RefusedOutcome;

export interface AcceptedOutcome {
  readonly status: 'accepted';
  readonly commandId: string;
  /** The command's stream; null for a decision. */
  readonly stream: string | null;
  /** The stream's revision after the command; null for a decision, or where the stream does not exist. */
  readonly revision: number | null;
  /** Position of the last event; null where it changed nothing. */
  readonly position: number | null;
  readonly token: Token;
  readonly events: readonly RecordedEvent<string, unknown>[];
  /** Revision of every stream of a decision after it; null where there is none. */
  readonly streams: Readonly<Record<string, number | null>>;
  /** The id was known: nothing happened now. */
  readonly isRepeated: boolean;
}

export interface RefusedOutcome {
  readonly status: 'refused';
  readonly commandId: string;
  readonly refusal: { readonly type: string; readonly data: Json };
  readonly token: Token;
  readonly isRepeated: boolean;
}

/** The answer to an append that was done now: its events are those of the request, at the positions it got. */
export function outcomeOfAppend(
  epoch: string,
  stored: StoredOutcome,
  request: AppendRequest,
  stream: string | null,
): CommandOutcome {
  return outcomeFrom(epoch, stored, stream, false, recordedEvents(stored, request));
}

/**
 * The answer to an id that the log knew, as it was given the first time; the events are read again.
 *
 * @param stream the command's stream; undefined takes it from the outcome, when it names one.
 */
export async function outcomeOfStored(
  store: EventStore,
  stored: StoredOutcome,
  stream: string | null | undefined,
): Promise<CommandOutcome> {
  const events = await eventsOf(store, stored);
  return outcomeFrom(
    store.epoch,
    stored,
    stream === undefined ? onlyStream(stored) : stream,
    true,
    events,
  );
}

function outcomeFrom(
  epoch: string,
  stored: StoredOutcome,
  stream: string | null,
  isRepeated: boolean,
  events: readonly RecordedEvent[],
): CommandOutcome {
  const token = tokenOf(epoch, stored.log, stored.head);
  const refusal = stored.outcome?.refusal;
  if (refusal !== undefined)
    return { status: 'refused', commandId: stored.id, refusal, token, isRepeated };
  const revision = stored.streams.find((known) => known.stream === stream)?.revision ?? -1;
  return {
    status: 'accepted',
    commandId: stored.id,
    stream,
    revision: revision < 0 ? null : revision,
    position: stored.position,
    token,
    events,
    // Made when asked for: an object with names of its own is dear, and a command's sender has no use for it.
    get streams() {
      return revisionsOf(stored);
    },
    isRepeated,
  };
}

function revisionsOf({ streams }: StoredOutcome): Readonly<Record<string, number | null>> {
  const entries = streams.map(
    ({ stream, revision }) => [stream, revision < 0 ? null : revision] as const,
  );
  return Object.fromEntries(entries);
}

function recordedEvents(stored: StoredOutcome, request: AppendRequest): readonly RecordedEvent[] {
  const { first, position: commit, log, recordedAt } = stored;
  if (first === null || commit === null) return [];
  const events: RecordedEvent[] = [];
  let position = first;
  for (const [index, part] of request.streams.entries()) {
    const last = stored.streams[index]?.revision ?? -1;
    for (const [at, event] of part.events.entries()) {
      const { id, type, schemaVersion, data, metadata } = event;
      const revision = last - part.events.length + 1 + at;
      const place = {
        id,
        log,
        position,
        commit,
        stream: part.stream,
        streamId: streamIdOf(part.stream),
        revision,
      };
      events.push({
        ...place,
        type,
        schemaVersion,
        data,
        metadata,
        tags: event.tags ?? [],
        recordedAt,
      });
      position += 1;
    }
  }
  return events;
}

async function eventsOf(
  store: EventStore,
  { first, position, log }: StoredOutcome,
): Promise<readonly RecordedEvent[]> {
  if (first === null || position === null) return [];
  const events: RecordedEvent[] = [];
  let after = first - 1;
  while (after < position) {
    const page = await store.read({ after, upTo: position, log, limit: store.limits.pageSizeMax });
    events.push(...page.events);
    // A page that does not move on would be asked for again for ever.
    if (page.scannedTo.position <= after)
      throw new StoreUnavailableError(
        `The events from ${first} to ${position} of an outcome cannot be read.`,
      );
    after = page.scannedTo.position;
  }
  return events;
}

function onlyStream({ streams, outcome }: StoredOutcome): string | null {
  const [first] = streams;
  return first !== undefined && streams.length === 1 && outcome?.command.includes('/') === true
    ? first.stream
    : null;
}
