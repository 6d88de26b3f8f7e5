/** The clock, ids and hash of Node. */
import { hash } from 'node:crypto';
import { uuidV7, type Platform } from '@daybook/core';

export const platform: Platform = {
  now: Date.now,
  newId: uuidV7(Date.now),
  sha256: (text) => hash('sha256', text),
};
