/**
 * Holds the server's answers back until it is known which of our own commands they contain.
 *
 * An answer may come before the answer to a command that it contains. Shown as it is, with the command's prediction laid
 * over it, the effect would stand there twice. So while commands are under way, the server is asked where they stand in
 * its log: what it does not name was not there yet, and so is not in anything that it sent before.
 *
 * What always holds: frames are delivered in the order in which they came; each waits for one question at most that was
 * asked after it came; what a lost connection brought is not delivered any more.
 */
import type { OutcomesFrame, UpFrame } from '@daybook/protocol';

/** Frames that wait, at most; beyond, the connection is given up, and everything asked for again. */
export const HELD_FRAMES_MAX = 1_000;

export class FrameGate {
  readonly #underWay: () => readonly string[];
  readonly #note: (found: OutcomesFrame['commands']) => void;
  readonly #held: (() => void)[] = [];
  /** How many of the frames that wait came before the question. */
  #asked = 0;
  /** Commands that are still to be asked for before these are delivered. */
  #unasked: readonly string[] = [];
  #question = '';
  #questions = 0;

  /**
   * @param underWay commands that were sent and of which it is not known whether they happened.
   * @param note takes what the server said of them, before anything is delivered.
   */
  constructor(underWay: () => readonly string[], note: (found: OutcomesFrame['commands']) => void) {
    this.#underWay = underWay;
    this.#note = note;
  }

  /** Delivers now, or when it may be; false when too much waits already. */
  pass(deliver: () => void, send: (frame: UpFrame) => void): boolean {
    if (this.#held.length === 0 && this.#underWay().length === 0) {
      deliver();
      return true;
    }
    this.#held.push(deliver);
    if (this.#question === '') this.#ask(send);
    return this.#held.length <= HELD_FRAMES_MAX;
  }

  /** The server's word on a question; a problem is one too, after which frames are delivered as they are. */
  answer(
    id: string | undefined,
    found: OutcomesFrame['commands'],
    send: (frame: UpFrame) => void,
  ): void {
    if (id === undefined || id !== this.#question) return;
    this.#question = '';
    this.#note(found);
    if (this.#unasked.length > 0) {
      this.#askNext(send);
      return;
    }
    for (const deliver of this.#held.splice(0, this.#asked)) deliver();
    if (this.#held.length > 0) this.#ask(send);
  }

  /** The connection is gone, and with it what it brought. */
  clear(): void {
    this.#held.length = 0;
    this.#unasked = [];
    this.#question = '';
  }

  #ask(send: (frame: UpFrame) => void): void {
    this.#asked = this.#held.length;
    this.#unasked = this.#underWay();
    if (this.#unasked.length > 0) this.#askNext(send);
    else for (const deliver of this.#held.splice(0)) deliver();
  }

  #askNext(send: (frame: UpFrame) => void): void {
    const commands = this.#unasked.slice(0, COMMANDS_PER_QUESTION);
    this.#unasked = this.#unasked.slice(commands.length);
    this.#questions += 1;
    this.#question = `q${this.#questions}`;
    send({ type: 'ask', id: this.#question, commands });
  }
}

/** The protocol's bound. */
const COMMANDS_PER_QUESTION = 100;
