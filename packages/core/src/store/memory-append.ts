/** What an append to a memory log is made of, and the checks that need the log. */
import { ConditionFailedError, InvalidMessageError } from '../errors.ts';
import { frozenCopy } from '../message/frozen-copy.ts';
import { utf8Length } from '../message/json.ts';
import type { AppendCondition, AppendStream, NewOutcome } from './event-store.ts';
import type { MemoryEventContent, MemoryLog } from './memory-log.ts';

export function copyOf({ actor, command, input, refusal }: NewOutcome): NewOutcome {
  const copy = { actor, command, input: frozenCopy(input) };
  if (refusal === undefined) return Object.freeze(copy);
  const { type, data } = refusal;
  return Object.freeze({ ...copy, refusal: Object.freeze({ type, data: frozenCopy(data) }) });
}

export function contentsOf({ stream, events }: AppendStream): readonly MemoryEventContent[] {
  return events.map(({ id, type, schemaVersion, data, metadata, tags }) => ({
    id,
    stream,
    type,
    schemaVersion,
    data: JSON.stringify(data),
    metadata: JSON.stringify(metadata),
    tags: tags === undefined || tags.length === 0 ? NO_TAGS : Object.freeze([...new Set(tags)]),
  }));
}

export function bytesOf(contents: readonly MemoryEventContent[]): number {
  let bytes = 0;
  for (const { data, metadata } of contents) bytes += utf8Length(data) + utf8Length(metadata);
  return bytes;
}

export function checkCondition(log: MemoryLog, { query, after }: AppendCondition): void {
  for (const position of log.ascending(query, after, log.headPosition)) {
    throw new ConditionFailedError(after, position);
  }
}

export function checkNewIds(log: MemoryLog, contents: readonly MemoryEventContent[]): void {
  const ids = new Set<string>();
  for (const { id } of contents) {
    if (log.eventIds.has(id) || ids.has(id))
      throw new InvalidMessageError(`The log has an event with the id "${id}"`);
    ids.add(id);
  }
}

const NO_TAGS: readonly string[] = Object.freeze([]);
