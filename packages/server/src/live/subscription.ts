/** One subscription: the versions of a query's answer as frames, in order. */
import {
  decodeToken,
  type AppFace,
  type FreshAnswer,
  type QueryAnswer,
  type QueryMessage,
} from '@daybook/core';
import type { DownFrame } from '@daybook/protocol';

import { HttpProblem, notFreshProblem } from '../problem.ts';
import type { AnswerTexts } from './answer-text.ts';
import type { SharedQueries } from './shared-queries.ts';

export interface SubscriptionOptions {
  readonly app: Pick<AppFace, 'live'>;
  readonly shared: SharedQueries;
  readonly texts: AnswerTexts;
  readonly id: string;
  readonly message: QueryMessage;
  readonly after: string | undefined;
  /** What the query read goes with each version. */
  readonly hasRows: boolean;
  readonly signal: AbortSignal;
  /** Resolves when the next frame may be made. */
  readonly send: (frame: DownFrame) => Promise<void>;
  /** The same, for a frame that is a text already. */
  readonly sendText: (text: string) => Promise<void>;
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
    const { shared, message, signal, hasRows } = this.#options;
    const listener = shared.join(message, hasRows);
    try {
      let taken = listener.newest();
      if (!this.#isFirst(taken)) {
        if (!(await this.#begin())) return;
        taken = listener.newest();
      }
      for (;;) {
        if (taken !== undefined && !(await this.#take(taken))) return;
        if (signal.aborted) return;
        if (!(await listener.next(taken, signal)))
          throw new HttpProblem('closed', 'The application is closing.');
        if (signal.aborted) return;
        taken = listener.newest();
      }
    } finally {
      listener.leave();
    }
  }

  /** Whether an answer that others were given is one to begin with: fresh, and not before what has to be seen. */
  #isFirst(answer: QueryAnswer | undefined): boolean {
    const { after } = this.#options;
    if (answer?.status !== 'fresh') return false;
    return after === undefined || hasReached(answer.token, after);
  }

  /** An evaluation of its own, until it is fresh. @returns false when it is over. */
  async #begin(): Promise<boolean> {
    const { app, message, after, signal, hasRows } = this.#options;
    for await (const answer of app.live(message, { after, signal, reads: hasRows })) {
      if (signal.aborted || !(await this.#take(answer))) return false;
      if (answer.status === 'fresh') return true;
    }
    if (!signal.aborted) throw new HttpProblem('closed', 'The application is closing.');
    return false;
  }

  /** @returns false when nothing follows. */
  async #take(answer: QueryAnswer): Promise<boolean> {
    const { id, send } = this.#options;
    if (answer.status === 'fresh') {
      await this.#version(answer);
      return true;
    }
    if (answer.status === 'lost-timeline')
      await send({ type: 'reset', sub: id, reason: 'lost-timeline' });
    await send({ type: 'problem', id, problem: notFreshProblem(answer) });
    return answer.status !== 'lost-timeline';
  }

  async #version(answer: FreshAnswer): Promise<void> {
    const { id, send, sendText, texts } = this.#options;
    const last = this.#last;
    // Others may stand behind where this one began.
    if (last !== undefined && isBefore(answer, last)) return;
    this.#last = answer;
    if (last !== undefined && isSame(last, answer)) {
      this.#tellReached(answer);
      return;
    }
    const from = this.#told;
    this.#told = answer.position;
    this.#wanted = this.#wanted.filter((token) => !hasReached(answer.token, token));
    const isReset = last !== undefined && last.generation !== answer.generation;
    if (isReset) await send({ type: 'reset', sub: id, reason: 'new-generation' });
    await sendText(
      last === undefined || isReset ? texts.snap(id, answer) : texts.next(id, answer, from),
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
}

/** `live` gives the same objects again where only the position grew; answers of one position and all exact are one. */
function isSame(last: FreshAnswer, answer: FreshAnswer): boolean {
  if (last.generation !== answer.generation || last.partial !== answer.partial) return false;
  if (last.data === answer.data && last.reads === answer.reads) return true;
  return last.exact && answer.exact && last.position === answer.position;
}

function isBefore(answer: FreshAnswer, last: FreshAnswer): boolean {
  return answer.generation === last.generation && answer.position < last.position;
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
