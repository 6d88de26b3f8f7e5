/** An append as the texts that are sent of it. */
import {
  checkAppendBytes,
  InvalidMessageError,
  utf8Length,
  type AppendRequest,
  type AppendResult,
  type EventStoreLimits,
} from '@daybook/core';

export interface PendingAppend {
  readonly request: AppendRequest;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** An append as texts, before it is known whether the group takes it. */
export interface EncodedAppend {
  readonly pending: PendingAppend;
  readonly head: string;
  readonly events: readonly (readonly string[])[];
  readonly size: number;
}

/**
 * Everything of an append that does not depend on its group, so that the caller may change what it handed in.
 *
 * @throws {@link LimitExceededError} {@link InvalidMessageError} an event's id stands in it twice.
 */
export function encodeAppend(pending: PendingAppend, limits: EventStoreLimits): EncodedAppend {
  const { id, contentHash, outcome, streams } = pending.request;
  const ids = new Set<string>();
  let bytes = 0;
  const events = streams.map(({ stream, events: ofStream }) => {
    const streamText = JSON.stringify(stream);
    return ofStream.map((event) => {
      if (ids.has(event.id)) throw duplicateEvent(event.id);
      ids.add(event.id);
      const data = JSON.stringify(event.data);
      const metadata = JSON.stringify(event.metadata);
      bytes += utf8Length(data) + utf8Length(metadata);
      const tags = event.tags === undefined || event.tags.length === 0 ? undefined : event.tags;
      const tagsText = tags === undefined ? '' : `,"g":${JSON.stringify([...new Set(tags)])}`;
      return `"s":${streamText},"i":${JSON.stringify(event.id)},"t":"${event.type}","v":${event.schemaVersion}${tagsText},"d":${data},"m":${metadata}}`;
    });
  });
  checkAppendBytes(bytes, limits);
  const outcomeText = outcome === undefined ? '' : `,"o":${JSON.stringify(outcome)}`;
  const hashText = contentHash === undefined ? '' : `,"h":${JSON.stringify(contentHash)}`;
  const names = JSON.stringify(streams.map(({ stream }) => stream));
  const head = `{"i":${JSON.stringify(id)}${hashText}${outcomeText},"s":${names}}`;
  return { pending, head, events, size: bytes + head.length };
}

export function duplicateEvent(id: string): InvalidMessageError {
  return new InvalidMessageError(`The log has an event with the id "${id}"`);
}
