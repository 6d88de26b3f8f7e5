/** `daybook query`: one question. */
import { exitCodes } from '../exit-code.ts';
import { jsonArgument, questionOf } from '../message.ts';
import { withTarget, type GlobalOptions } from '../run.ts';

export interface QueryOptions extends GlobalOptions {
  readonly after?: string;
  readonly wait?: number;
}

export async function query(
  question: string,
  json: string | undefined,
  options: QueryOptions,
): Promise<number> {
  const parsed = questionOf(question, await jsonArgument(json));
  return withTarget(options, true, async ({ target, output }) => {
    const answer = await target.query(parsed, { after: options.after, waitMs: options.wait });
    await output.answer(answer);
    return answer.status === 'fresh' ? exitCodes.ok : exitCodes.conflict;
  });
}
