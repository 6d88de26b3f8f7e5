/** What the program's exit code says. Stable: scripts may rely on it; the README has the table. */

export const exitCodes = {
  ok: 0,
  /** Something that nobody foresaw. */
  unexpected: 1,
  /** The command line, the message, a name or the configuration is wrong. */
  usage: 2,
  /** The domain said no. */
  refused: 3,
  /** Others were faster, or the answer is not as fresh as was asked. */
  conflict: 4,
  /** The store or the server cannot be used now. */
  unavailable: 5,
  /** A person is needed: lines were refused, keys are parked, a read model failed. */
  attention: 6,
  /** The server does not allow it. */
  denied: 7,
  interrupted: 130,
} as const;

/** The command line or the configuration is wrong; the message says what to write instead. */
export class UsageError extends Error {
  readonly code = 'usage';
  override get name(): string {
    return 'UsageError';
  }
}

/** The exit code of an error, by its `code`. */
export function exitCodeOf(error: unknown): number {
  const code = codeOf(error);
  return (code === undefined ? undefined : byCode.get(code)) ?? exitCodes.unexpected;
}

/** The `code` of an error; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const { usage, conflict, unavailable, attention, denied } = exitCodes;

const byCode: ReadonlyMap<string, number> = new Map([
  ['usage', usage],
  ['invalid-message', usage],
  ['invalid-request', usage],
  ['invalid-definition', usage],
  ['invalid-instant', usage],
  ['unknown-command', usage],
  ['unknown-query', usage],
  ['not-indexed', usage],
  ['not-found', usage],
  ['not-parked', usage],
  ['limit-exceeded', usage],
  ['body-too-large', usage],
  ['stream-not-found', usage],
  ['read-model-not-found', usage],
  ['token-of-another-store', usage],
  ['unsupported-capability', usage],
  ['revision-mismatch', conflict],
  ['contention', conflict],
  ['idempotency-key-reused', conflict],
  ['expired', conflict],
  ['not-fresh', conflict],
  ['projection-behind', conflict],
  ['projection-failed', conflict],
  ['rebuilding', conflict],
  ['lost-timeline', conflict],
  ['store-went-back', conflict],
  ['timed-out', unavailable],
  ['store-unavailable', unavailable],
  ['incompatible-store', unavailable],
  ['overloaded', unavailable],
  ['outcome-unknown', unavailable],
  ['unreachable', unavailable],
  ['not-owner', unavailable],
  ['closed', unavailable],
  ['address-in-use', unavailable],
  ['address-not-permitted', unavailable],
  ['address-unknown', unavailable],
  ['not-authorised', denied],
  ['import-refused', attention],
  ['unauthenticated', denied],
  ['forbidden', denied],
  ['host-not-allowed', denied],
]);
