/**
 * A place in a log: a position and the mark of the event there.
 *
 * A log is dense: its first event has position 0, the next `head + 1`. An empty log's head is {@link LOG_START}. Only
 * the ends of appends are places where a reader may stand (RULES L3).
 */
export interface LogPlace {
  /** -1 before the first event. */
  readonly position: number;
  /** 8 bytes of SHA-256 over the stored event, as 16 hexadecimal digits; `''` at -1. See {@link markOf}. */
  readonly mark: string;
}

/** Before the first event: `after: LOG_START` means from the beginning. */
export const LOG_START: LogPlace = { position: -1, mark: '' };

/** The log of a store that has only one. */
export const DEFAULT_LOG = 'main';

/** SHA-256 of a text's UTF-8 bytes, as 64 lower-case hexadecimal digits. Core has no Node, so it arrives as an argument. */
export type Sha256 = (text: string) => string;

/** What the platform gives to the core: the clock in integer milliseconds, new ids (UUIDv7), the hash. */
export interface Platform {
  readonly now: () => number;
  readonly newId: () => string;
  readonly sha256: Sha256;
}

/** The stored bytes of an event, as the mark and later proofs see them; `data` and `metadata` are the stored JSON texts. */
export interface StoredText {
  readonly id: string;
  readonly recordedAt: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: string;
  readonly metadata: string;
}

/**
 * The mark of a stored event, the same on every store.
 *
 * Format: the first 16 hexadecimal digits of SHA-256 over the UTF-8 bytes of
 * `id LF recordedAt LF stream LF revision LF type LF schemaVersion LF data LF metadata`. None of the parts can hold a
 * line feed (ids and names have no control characters, JSON escapes them), so no two events have the same text.
 */
export function markOf(sha256: Sha256, event: StoredText): string {
  return sha256(
    `${event.id}\n${event.recordedAt}\n${event.stream}\n${event.revision}\n${event.type}\n${event.schemaVersion}\n${event.data}\n${event.metadata}`,
  ).slice(0, MARK_DIGITS);
}

const MARK_DIGITS = 16;
