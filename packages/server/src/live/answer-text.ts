/** Answers as the text of frames: written once for all subscriptions that an answer goes to. */
import type { FreshAnswer } from '@daybook/core';
import type { NextFrame, SnapFrame } from '@daybook/protocol';

import { shownReads } from './shown-rows.ts';

type Answer = Omit<SnapFrame, 'type' | 'sub'>;

/** @param sharesRows the same for every answer. */
export class AnswerTexts {
  readonly #sharesRows: boolean;
  readonly #texts = new WeakMap<FreshAnswer, string>();

  constructor(sharesRows: boolean) {
    this.#sharesRows = sharesRows;
  }

  snap(sub: string, answer: FreshAnswer): string {
    const head: Pick<SnapFrame, 'type' | 'sub'> = { type: 'snap', sub };
    return this.#joined(head, answer);
  }

  /** @param from where the frame before stood. */
  next(sub: string, answer: FreshAnswer, from: number): string {
    const head: Pick<NextFrame, 'type' | 'sub' | 'from' | 'to'> = {
      type: 'next',
      sub,
      from,
      to: answer.position,
    };
    return this.#joined(head, answer);
  }

  #joined(head: object, answer: FreshAnswer): string {
    const known = this.#texts.get(answer);
    const text = known ?? JSON.stringify(this.#partOf(answer));
    if (known === undefined) this.#texts.set(answer, text);
    return `${JSON.stringify(head).slice(0, -1)},${text.slice(1)}`;
  }

  #partOf(answer: FreshAnswer): Answer {
    const { generation, position, token, data = null, exact, partial, reads } = answer;
    const shown = reads === undefined ? undefined : shownReads(data, reads, this.#sharesRows);
    return {
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
