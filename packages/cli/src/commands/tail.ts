/** `daybook tail`: events as they are recorded. */
import { exitCodes } from '../exit-code.ts';
import { withTarget, type GlobalOptions } from '../run.ts';

export interface TailCommandOptions extends GlobalOptions {
  readonly after?: number;
  readonly last: number;
  readonly types?: readonly string[];
  readonly tags?: readonly string[];
  readonly follow?: boolean;
}

export function tail(options: TailCommandOptions): Promise<number> {
  return withTarget(options, false, async ({ target, output, signal }) => {
    const { after, last, types, tags, follow = false } = options;
    for await (const events of target.tail({ after, last, types, tags, follow, signal })) {
      if (signal.aborted) break;
      await output.events(events);
    }
    return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
  });
}
