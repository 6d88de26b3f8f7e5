/** One subscription: the versions of a query's answer as frames, in order. */
import type { AppFace, FreshAnswer, QueryMessage } from '@daybook/core';
import type { DownFrame, SnapFrame } from '@daybook/protocol';

import { HttpProblem, notFreshProblem } from '../problem.ts';

export interface Subscription {
  readonly app: Pick<AppFace, 'live'>;
  readonly id: string;
  readonly message: QueryMessage;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  /** Resolves when the next frame may be made. */
  readonly send: (frame: DownFrame) => Promise<void>;
}

/** Runs until the signal, or until an answer that no waiting will mend. @throws what `live` throws. */
export async function runSubscription({
  app,
  id,
  message,
  after,
  signal,
  send,
}: Subscription): Promise<void> {
  let last: FreshAnswer | undefined;
  for await (const answer of app.live(message, { after, signal })) {
    if (signal.aborted) return;
    if (answer.status === 'fresh') {
      const reason = last === undefined ? undefined : resetReason(last, answer);
      if (reason !== undefined) await send({ type: 'reset', sub: id, reason });
      await send(
        last === undefined || reason !== undefined ? snapOf(id, answer) : nextOf(id, last, answer),
      );
      last = answer;
    } else if (answer.status === 'lost-timeline') {
      await send({ type: 'reset', sub: id, reason: 'lost-timeline' });
      await send({ type: 'problem', id, problem: notFreshProblem(answer) });
      return;
    } else {
      await send({ type: 'problem', id, problem: notFreshProblem(answer) });
    }
  }
  if (!signal.aborted) throw new HttpProblem('closed', 'The application is closing.');
}

function resetReason(
  last: FreshAnswer,
  answer: FreshAnswer,
): 'new-generation' | 'went-back' | undefined {
  if (last.generation !== answer.generation) return 'new-generation';
  return answer.position < last.position ? 'went-back' : undefined;
}

function snapOf(
  sub: string,
  { generation, position, token, data = null, exact, partial }: FreshAnswer,
): SnapFrame {
  const snap: SnapFrame = { type: 'snap', sub, generation, position, token, data, exact };
  return partial === undefined ? snap : { ...snap, partial };
}

function nextOf(sub: string, last: FreshAnswer, answer: FreshAnswer): DownFrame {
  return { ...snapOf(sub, answer), type: 'next', from: last.position, to: answer.position };
}
