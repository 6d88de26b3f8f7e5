/** `daybook health`: how far every read model is. */
import { exitCodes } from '../exit-code.ts';
import { withTarget, type GlobalOptions } from '../run.ts';

export function health(options: GlobalOptions): Promise<number> {
  return withTarget(options, false, async ({ target, output }) => {
    const report = await target.health();
    await output.health(report);
    return report.status === 'failing' ? exitCodes.attention : exitCodes.ok;
  });
}
