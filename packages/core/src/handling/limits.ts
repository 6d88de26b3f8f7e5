/** Named bounds of an application, shown by `/meta`. */
export interface AppLimits {
  /** How often a command is decided before it is a {@link ContentionError}. */
  readonly decideAttemptsMax: number;
  /** Commands of one process waiting for one stream. */
  readonly waitingPerStreamMax: number;
  /** Events folded for one decision or state. */
  readonly foldEventsMax: number;
  /** Streams whose state is kept in memory for the next command; 0 keeps none. */
  readonly cachedStreamsMax: number;
  /** Longest wait for freshness, ms, and what it is where none is asked for. */
  readonly waitMsMax: number;
  readonly waitMsDefault: number;
  /** Queries and awaits waiting for freshness at once. */
  readonly waitersMax: number;
  /** Live queries at once. */
  readonly liveQueriesMax: number;
  /** How long outcomes are remembered, ms. */
  readonly outcomeRetentionMs: number;
}

/** The bounds where none are given. */
export const DEFAULT_APP_LIMITS: AppLimits = {
  decideAttemptsMax: 20,
  waitingPerStreamMax: 10_000,
  foldEventsMax: 1_000_000,
  cachedStreamsMax: 10_000,
  waitMsMax: 30_000,
  waitMsDefault: 2_000,
  waitersMax: 10_000,
  liveQueriesMax: 10_000,
  outcomeRetentionMs: 7 * 86_400_000,
};

/** How far ahead of our clock a command's UUIDv7 may have been made, ms. */
export const AHEAD_MAX_MS = 86_400_000;
