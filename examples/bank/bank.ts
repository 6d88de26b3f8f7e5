/** The bank: a pure description, safe to import anywhere. */
import { daybook } from '@daybook/core';

import { account } from './account.ts';
import { balances } from './balances.ts';
import { postEntry } from './post-entry.ts';
import { statements } from './statements.ts';

export { account, balances, postEntry };

export const bank = daybook({
  deciders: [account],
  decisions: [postEntry],
  readModels: [balances, statements],
});
