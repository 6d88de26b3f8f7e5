/** Waiting until a read model answers for the whole log. */
import { DEFAULT_LOG, type AppFace } from '@daybook/core';

/** Resolves when the active generation of the read model stands at the head of the log. */
export async function caughtUp({ events, readModels }: AppFace, readModel: string): Promise<void> {
  const { position } = await events.head();
  const isThere = async (): Promise<boolean> => {
    const generations = await readModels.list(readModel);
    return generations.some(
      ({ state, checkpoints }) =>
        state === 'active' && (checkpoints.get(DEFAULT_LOG)?.position ?? -1) >= position,
    );
  };
  for (;;) {
    const { promise: committed, resolve } = Promise.withResolvers<void>();
    const end = readModels.onCommitted(() => resolve());
    try {
      if (await isThere()) return;
      await committed;
    } finally {
      end();
    }
  }
}
