/** `daybook parked`: keys of read models that were set aside after an event failed. */
import { setTimeout as delay } from 'node:timers/promises';

import { exitCodes } from '../exit-code.ts';
import { withTarget, type GlobalOptions, type Run } from '../run.ts';

export function listParked(readModel: string | undefined, options: GlobalOptions): Promise<number> {
  return withTarget(options, false, async ({ target, output }) => {
    await output.parked(await target.parked(readModel));
    return exitCodes.ok;
  });
}

export interface RepairOptions extends GlobalOptions {
  readonly reason?: string;
  readonly wait: number;
}

/** Asks for the repair, and waits until whoever runs the read model has done it, or the key is parked again. */
export function repairParked(
  kind: 'retry' | 'skip',
  readModel: string,
  key: string,
  options: RepairOptions,
): Promise<number> {
  return withTarget(options, true, async (run) => {
    const before = (await run.target.parked(readModel)).find((entry) => entry.key === key);
    await run.target.repair(kind, readModel, key, options.reason);
    const state = await settled(run, readModel, key, before?.since ?? 0, options.wait);
    await run.output.result({ readModel, key, repair: kind, state }, sentences[state]);
    return state === 'freed' ? exitCodes.ok : exitCodes.attention;
  });
}

type RepairState = 'freed' | 'parked-again' | 'requested';

async function settled(
  { target, signal }: Run,
  readModel: string,
  key: string,
  since: number,
  waitMs: number,
): Promise<RepairState> {
  const until = performance.now() + waitMs;
  for (;;) {
    const entry = (await target.parked(readModel)).find((parked) => parked.key === key);
    if (entry === undefined) return 'freed';
    if (entry.since > since) return 'parked-again';
    if (performance.now() >= until) return 'requested';
    await delay(POLL_MS, undefined, { signal });
  }
}

const sentences: Readonly<Record<RepairState, string>> = {
  freed: 'The key is freed; its events were applied in order.',
  'parked-again': 'The key failed again and is parked. See: daybook parked list',
  requested:
    'The repair is recorded, and not done yet. Whoever runs the read model does it; see: daybook parked list',
};

const POLL_MS = 50;
