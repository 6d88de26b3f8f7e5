/** `daybook rebuild`: a read model anew from the beginning of the log, beside the old one, which answers until then. */
import { setTimeout as delay } from 'node:timers/promises';

import { exitCodes } from '../exit-code.ts';
import { progressOf } from '../progress.ts';
import { withTarget, type GlobalOptions } from '../run.ts';

export interface RebuildOptions extends GlobalOptions {
  readonly wait: number;
}

export function rebuild(readModel: string, options: RebuildOptions): Promise<number> {
  return withTarget(options, true, async ({ target, output, signal }) => {
    const { generation } = await target.rebuild(readModel);
    const until = performance.now() + options.wait;
    const progress = progressOf(`rebuilding ${readModel}`, process.stderr.isTTY && !output.isJson);
    let isActive = false;
    for (;;) {
      const { logs, readModels } = await target.health();
      const found = readModels.find(({ name }) => name === readModel);
      isActive = found?.state === 'active' && (found.generation ?? 0) >= generation;
      const head = Math.max(...logs.map((log) => log.head));
      progress.update(isActive ? head + 1 : (found?.position ?? -1) + 1, head + 1);
      if (isActive || performance.now() >= until) break;
      await delay(POLL_MS, undefined, { signal });
    }
    progress.end();
    await output.result(
      { readModel, generation, state: isActive ? 'active' : 'building' },
      isActive
        ? `${readModel} is rebuilt: generation ${generation} answers now.`
        : `${readModel} is being rebuilt as generation ${generation}; whoever runs the read models goes on. See: daybook health`,
    );
    return exitCodes.ok;
  });
}

const POLL_MS = 50;
