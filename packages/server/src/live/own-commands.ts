/** Where a caller's own commands stand in the log. */
import type { AppFace } from '@daybook/core';
import type { OutcomesFrame } from '@daybook/protocol';

/**
 * Those of the commands that a log holds now.
 *
 * Another's command is not told of (RULES O2), no more than one that is not there.
 */
export async function ownCommands(
  { events }: Pick<AppFace, 'events'>,
  actor: string | null,
  ids: readonly string[],
): Promise<OutcomesFrame['commands']> {
  const found: OutcomesFrame['commands'][number][] = [];
  for (const log of await events.logs()) {
    const stored = await Promise.all(ids.map((id) => events.outcomeOf(id, log)));
    for (const outcome of stored) {
      if (outcome === undefined || outcome.outcome === null) continue;
      if (outcome.outcome.actor !== actor) continue;
      const { id, first, position } = outcome;
      found.push({ commandId: id, log, first, position });
    }
  }
  return found;
}
