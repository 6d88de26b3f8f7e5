/** Header names as this protocol uses them, in lower case: HTTP compares them without case, Node keeps them so. */
export const headerNames = {
  /** In: the command's id, quoted (RFC 8941) or bare. */
  idempotencyKey: 'idempotency-key',
  /** Out: `true` when the answer is the stored one of an earlier request with this id. */
  idempotencyReplayed: 'idempotency-replayed',
  /** In on queries, several separated by commas; out on every command, decision and query. */
  consistencyToken: 'consistency-token',
  /** In on queries: `wait=S`, seconds to wait for freshness; 0 answers at once. */
  prefer: 'prefer',
  /** Out: the wait that was honoured. */
  preferenceApplied: 'preference-applied',
  /** In on commands: the revision that the stream must have, as in its ETag. */
  ifMatch: 'if-match',
  /** In on commands: `*`, the stream must not exist. */
  ifNoneMatch: 'if-none-match',
  /** Out: the stream's revision, quoted. */
  etag: 'etag',
  /** In: W3C trace context, stored with the events. */
  traceparent: 'traceparent',
  /** In: ties messages of one conversation together, stored with the events. */
  correlationId: 'correlation-id',
} as const;

/** Media types of answers. */
export const mediaTypes = {
  json: 'application/json',
  problem: 'application/problem+json',
  eventStream: 'text/event-stream',
  cloudEventsBatch: 'application/cloudevents-batch+json',
} as const;
