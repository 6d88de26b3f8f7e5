/** One attempt to send an operation, and what its answer means for it. */
import type { CommandOutcome } from '@daybook/core';
import { ProblemError } from '../errors.ts';
import { DOUBTFUL_ATTEMPTS_MAX, type Attempt, type HttpClient } from '../http.ts';
import { acceptedOutcome, commandPath, refusedOutcome, sendHeaders } from '../messages.ts';
import type { StoredOperation } from './outbox-storage.ts';

export type Verdict =
  | { readonly kind: 'answered'; readonly outcome: CommandOutcome }
  | { readonly kind: 'failed' | 'park' | 'unauthenticated'; readonly error: Error }
  | {
      readonly kind: 'again';
      readonly error: Error;
      /** The server may have carried it out. */
      readonly isDoubtful: boolean;
      readonly askedMs: number;
    };

/** Undefined when the client closed meanwhile. Never rejects. */
export async function attemptOnce(
  http: HttpClient,
  operation: StoredOperation,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const { id, message, attempts } = operation;
  let request;
  try {
    const headers = sendHeaders(id, operation);
    request = {
      method: 'POST',
      path: commandPath(message),
      body: message.data ?? {},
      headers,
    } as const;
  } catch (error) {
    return { kind: 'failed', error: errorOf(error) };
  }
  try {
    return verdictOf(await http.attempt(request, signal), attempts);
  } catch (error) {
    if (signal.aborted) return undefined;
    // The application's own headers failed: nothing was sent.
    return { kind: 'again', error: errorOf(error), isDoubtful: false, askedMs: 0 };
  }
}

function verdictOf(attempt: Attempt, attempts: number): Verdict {
  if ('answer' in attempt)
    return { kind: 'answered', outcome: outcomeOf(acceptedOutcome(attempt.answer)) };
  const { error, isRetryable, isDoubtful = false, askedMs = 0 } = attempt;
  if (error instanceof ProblemError) {
    const refused = refusedOutcome(error);
    if (refused !== undefined) return { kind: 'answered', outcome: outcomeOf(refused) };
    if (error.status === 401) return { kind: 'unauthenticated', error };
    if (isRetryable && isDoubtful && attempts >= DOUBTFUL_ATTEMPTS_MAX)
      return { kind: 'park', error };
  }
  if (!isRetryable) return { kind: 'failed', error };
  // A server that says to try again has done nothing, but for the one answer that says that nobody knows.
  const mayHaveHappened =
    !(error instanceof ProblemError) ||
    isDoubtful ||
    unclear.has(error.code) ||
    error.code.startsWith('http-');
  return { kind: 'again', error, isDoubtful: mayHaveHappened, askedMs };
}

/** Where an answer of the server becomes an outcome to the compiler. */
function outcomeOf(outcome: object): CommandOutcome {
  return outcome as CommandOutcome;
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

const unclear: ReadonlySet<string> = new Set(['outcome-unknown', 'timed-out']);
