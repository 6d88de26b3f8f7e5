/** `daybook send`: one command or decision. */
import { exitCodes } from '../exit-code.ts';
import { jsonArgument, messageOf } from '../message.ts';
import { withTarget, type GlobalOptions } from '../run.ts';

export interface SendOptions extends GlobalOptions {
  readonly id?: string;
  readonly expect?: number | 'no-stream';
}

export async function send(
  message: string,
  json: string | undefined,
  options: SendOptions,
): Promise<number> {
  const parsed = messageOf(message, await jsonArgument(json));
  return withTarget(options, false, async ({ target, output }) => {
    const outcome = await target.send(parsed, { id: options.id, expectedRevision: options.expect });
    await output.outcome(outcome);
    return outcome.status === 'refused' ? exitCodes.refused : exitCodes.ok;
  });
}
