import type { ReadModelStore } from '@daybook/core';

import { signal } from './peer.ts';

/** Waits until something is so, looking again after every change of the read models, whichever process made it. */
export async function changed(
  readModels: ReadModelStore,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  let next = signal();
  const end = readModels.onCommitted(() => next.resolve());
  try {
    while (!(await isSo())) {
      await next.promise;
      next = signal();
    }
  } finally {
    end();
  }
}
