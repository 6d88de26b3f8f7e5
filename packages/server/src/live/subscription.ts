/** One subscription: the versions of a query's answer as frames, in order. */
import { decodeToken, type AppFace, type FreshAnswer, type QueryMessage } from '@daybook/core';
import type { DownFrame, SnapFrame } from '@daybook/protocol';

import { HttpProblem, notFreshProblem } from '../problem.ts';
import { shownReads } from './shown-rows.ts';

export interface SubscriptionOptions {
  readonly app: Pick<AppFace, 'live'>;
  readonly id: string;
  readonly message: QueryMessage;
  readonly after: string | undefined;
  /** What the query read goes with each version. */
  readonly hasRows: boolean;
  /** Also rows that the answer does not show. */
  readonly sharesRows: boolean;
  readonly signal: AbortSignal;
  /** Resolves when the next frame may be made. */
  readonly send: (frame: DownFrame) => Promise<void>;
}

export class Subscription {
  readonly #options: SubscriptionOptions;
  /** The newest answer, and the position that the client was told last. */
  #last: FreshAnswer | undefined;
  #told = -1;
  /** Tokens that the client wants to be told of. */
  #wanted: string[] = [];

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** Has the client told when the subscription stands at a token, now or later. */
  reach(token: string): void {
    // A token of another epoch is never reached, and a client that comes from there is told by `welcome`.
    if (this.#wanted.length >= REACHES_MAX) this.#wanted.shift();
    this.#wanted.push(token);
    if (this.#last !== undefined) this.#tellReached(this.#last);
  }

  /** Runs until the signal, or until an answer that no waiting will mend. @throws what `live` throws. */
  async run(): Promise<void> {
    const { app, id, message, after, signal, send, hasRows } = this.#options;
    const asked = { after, signal, reads: hasRows, positions: true };
    for await (const answer of app.live(message, asked)) {
      if (signal.aborted) return;
      if (answer.status === 'fresh') {
        await this.#version(answer);
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

  async #version(answer: FreshAnswer): Promise<void> {
    const { id, send } = this.#options;
    const last = this.#last;
    this.#last = answer;
    if (last !== undefined && isSame(last, answer)) {
      this.#tellReached(answer);
      return;
    }
    const from = this.#told;
    this.#told = answer.position;
    this.#wanted = this.#wanted.filter((token) => !hasReached(answer.token, token));
    const reason = last === undefined ? undefined : resetReason(last, answer);
    if (reason !== undefined) await send({ type: 'reset', sub: id, reason });
    const snap = this.#snapOf(answer);
    await send(
      last === undefined || reason !== undefined
        ? snap
        : { ...snap, type: 'next', from, to: answer.position },
    );
  }

  #tellReached(answer: FreshAnswer): void {
    const left = this.#wanted.filter((token) => !hasReached(answer.token, token));
    if (left.length === this.#wanted.length) return;
    this.#wanted = left;
    const { generation, position, token } = answer;
    const from = this.#told;
    this.#told = position;
    const { id: sub, send } = this.#options;
    void send({ type: 'pos', sub, generation, position, token, from, to: position });
  }

  #snapOf(answer: FreshAnswer): SnapFrame {
    const { generation, position, token, data = null, exact, partial, reads } = answer;
    const { id: sub, sharesRows } = this.#options;
    const shown = reads === undefined ? undefined : shownReads(data, reads, sharesRows);
    return {
      type: 'snap',
      sub,
      generation,
      position,
      token,
      data,
      exact,
      ...(partial === undefined ? {} : { partial }),
      ...(shown === undefined ? {} : { reads: shown }),
    };
  }
}

/** `live` gives the same objects again where only the position grew. */
function isSame(last: FreshAnswer, answer: FreshAnswer): boolean {
  return (
    last.data === answer.data &&
    last.reads === answer.reads &&
    last.partial === answer.partial &&
    last.generation === answer.generation
  );
}

function resetReason(
  last: FreshAnswer,
  answer: FreshAnswer,
): 'new-generation' | 'went-back' | undefined {
  if (last.generation !== answer.generation) return 'new-generation';
  return answer.position < last.position ? 'went-back' : undefined;
}

/** Both are tokens of this server, or of nobody. */
function hasReached(answer: string, wanted: string): boolean {
  const stands = decodeToken(answer);
  const asked = decodeToken(wanted);
  if (stands.epoch !== asked.epoch) return false;
  return [...asked.places].every(
    ([log, { position }]) => (stands.places.get(log)?.position ?? -1) >= position,
  );
}

/** Tokens that one subscription waits for; the oldest is forgotten, for a later one says as much. */
const REACHES_MAX = 16;
