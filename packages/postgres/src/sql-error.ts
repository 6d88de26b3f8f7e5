/** PostgreSQL's errors, and its driver's, in the words of the port: translated once, here. */
import { DaybookError, IncompatibleStoreError, StoreUnavailableError } from '@daybook/core';

import { WRONG_ISOLATION } from './append-function.ts';

/** The five characters by which the server says what is wrong; undefined for errors that are not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error
    ? error.code
    : undefined;
}

/**
 * True when the server said that the statement failed, and so that its transaction was rolled back. False when only the
 * connection failed, or the server is going down: then nobody knows what became of a commit.
 */
export function isRolledBack(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return false;
  return !UNKNOWN_CLASSES.has(state.slice(0, 2)) && !state.startsWith('57P');
}

/** The error to throw to a caller. What is no error of the database stays as it is: it is a bug, and should be seen as one. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof DaybookError) return error;
  const state = sqlStateOf(error);
  if (state === undefined) return isConnectionError(error) ? unreachable(error) : error;
  const sentence = SENTENCES.get(state) ?? SENTENCES.get(state.slice(0, 2));
  if (sentence === undefined) return error;
  const message = sentence[1].replace('%', messageOf(error));
  return sentence[0] === 'incompatible'
    ? new IncompatibleStoreError(message, { cause: error })
    : new StoreUnavailableError(message, { cause: error });
}

function unreachable(error: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    `PostgreSQL cannot be reached (${messageOf(error)}). Nothing was written unless an error says so; retry later.`,
    { cause: error },
  );
}

/** Errors of sockets have a word as their code; the driver's own of a lost connection have none. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) {
    return true;
  }
  return /terminated|timeout|not queryable|closed|socket|ECONN|network|SSL|database system/i.test(
    error.message,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Connection, system and internal errors: after one of them the server may have committed. */
const UNKNOWN_CLASSES: ReadonlySet<string> = new Set(['08', '58', 'XX', 'F0']);

type Sentence = readonly [kind: 'unavailable' | 'incompatible', text: string];

const SENTENCES: ReadonlyMap<string, Sentence> = new Map<string, Sentence>([
  ['08', ['unavailable', 'The connection to PostgreSQL failed (%). Retry later.']],
  ['57P', ['unavailable', 'PostgreSQL is being stopped or started (%). Retry later.']],
  ['57', ['unavailable', 'PostgreSQL ended the statement (%). Nothing was written; retry later.']],
  [
    '53300',
    [
      'unavailable',
      'PostgreSQL has no connection left (%). Raise max_connections or lower connectionsMax.',
    ],
  ],
  [
    '53100',
    [
      'unavailable',
      'The disk of PostgreSQL is full (%). Nothing was written; make room and retry.',
    ],
  ],
  ['53', ['unavailable', 'PostgreSQL has no room for this (%). Nothing was written; retry later.']],
  [
    '55P03',
    [
      'unavailable',
      'Another transaction holds the lock for too long (%). Nothing was written; retry later.',
    ],
  ],
  [
    '40',
    [
      'unavailable',
      'PostgreSQL gave the transaction up for another one (%). Nothing was written; retry.',
    ],
  ],
  [
    '25006',
    [
      'unavailable',
      'This PostgreSQL is read-only, a standby perhaps (%). Nothing was written; connect to the primary.',
    ],
  ],
  [
    '25P03',
    [
      'unavailable',
      'A transaction was idle for too long and was ended (%). Nothing was written; retry.',
    ],
  ],
  ['58', ['unavailable', 'The disk of PostgreSQL failed (%). Look at its log, then retry.']],
  [
    '28',
    [
      'incompatible',
      'PostgreSQL does not let this role in (%). Check user, password and pg_hba.conf.',
    ],
  ],
  [
    '3D',
    ['incompatible', 'The database does not exist (%). Create it, or give another one in the URL.'],
  ],
  [
    '3F',
    [
      'incompatible',
      'The schema is gone (%). Restore it, or open the store again to make a new one.',
    ],
  ],
  [
    '42501',
    [
      'incompatible',
      'The role has not the right for this (%). Grant it, or let somebody who may apply the schema.',
    ],
  ],
  [
    '42P01',
    ['incompatible', 'A table of the store is gone (%). Restore it, or give another schema.'],
  ],
  [
    '42883',
    ['incompatible', 'A function of the store is gone (%). Restore it, or give another schema.'],
  ],
  [
    'XX001',
    ['incompatible', 'The database is damaged (%). Stop writing to it, and restore a backup.'],
  ],
  [
    WRONG_ISOLATION,
    [
      'incompatible',
      'The connection has another default isolation level (%). Do not set default_transaction_isolation for it.',
    ],
  ],
]);
