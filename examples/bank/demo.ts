/** `--demo`: the household's ledger in a bank, once. */
import { importLog, type AppFace } from '@daybook/core';

import { ledgerLog, LEDGER_ID_PREFIX, readLedger } from './ledger.ts';

/**
 * Imports the ledger into an empty log, or finishes an import that was cut off; a bank that has it stays as it is.
 *
 * @returns how many events were imported now.
 * @throws when the log holds anything else.
 */
export async function importLedger({ events }: Pick<AppFace, 'events'>): Promise<number> {
  const ledger = readLedger();
  const postings = ledger.entries.reduce((sum, entry) => sum + entry.postings.length, 0);
  const last = ledger.accounts.length + postings - 1;
  const { events: begun, head } = await events.read({ limit: 1 });
  if (begun[0]?.id.startsWith(LEDGER_ID_PREFIX) === false) throw new Error(NOT_EMPTY);
  if (head.position >= last) return 0;
  const { imported, refused } = await importLog(events, ledgerLog(ledger));
  if (refused === undefined) return imported;
  throw new Error(`${NOT_EMPTY} (${refused.lines[0]?.why ?? 'refused'})`);
}

const NOT_EMPTY =
  'The ledger goes into an empty bank only, and this one holds something else. Set DATA_DIR to another folder.';
