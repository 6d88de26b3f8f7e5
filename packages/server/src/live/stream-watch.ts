/** A watched stream: its state now, and after each append to it. */
import {
  categoryOf,
  hasCode,
  isJson,
  readEvent,
  StreamNotFoundError,
  type AppFace,
  type DeciderFace,
} from '@daybook/core';
import type { StateFrame } from '@daybook/protocol';

import { HttpProblem } from '../problem.ts';

export interface StreamWatchOptions {
  readonly app: Pick<AppFace, 'events' | 'faces' | 'stateOf'>;
  readonly id: string;
  readonly stream: string;
  readonly signal: AbortSignal;
  readonly send: (frame: StateFrame) => Promise<void>;
}

/**
 * Runs until the signal.
 *
 * @throws {@link StreamNotFoundError} where no decider has the stream's category; what reading the stream throws.
 */
export async function watchStream(options: StreamWatchOptions): Promise<void> {
  const { app, stream, signal } = options;
  const decider = app.faces.deciders.get(categoryOf(stream));
  if (decider === undefined) throw new StreamNotFoundError(stream);
  const log = app.events.logOf([stream]);
  const wake = wakeUpOn(app, log, signal);
  try {
    const folded = new FoldedStream(decider, options, log);
    let told: number | undefined;
    await folded.begin();
    while (!signal.aborted) {
      await folded.catchUp();
      if (signal.aborted) return;
      if (folded.revision !== told) await options.send(folded.frame());
      told = folded.revision;
      await wake.next();
    }
  } finally {
    wake.end();
  }
}

class FoldedStream {
  readonly #decider: DeciderFace;
  readonly #options: StreamWatchOptions;
  readonly #log: string;
  #state: unknown;
  #position = -1;
  revision = -1;

  constructor(decider: DeciderFace, options: StreamWatchOptions, log: string) {
    this.#decider = decider;
    this.#options = options;
    this.#log = log;
    this.#state = decider.initialState();
  }

  /** The long way, within the bounds of the application; a stream that is not there yet has its initial state. */
  async begin(): Promise<void> {
    const { app, stream } = this.#options;
    try {
      const { state, revision, position } = await app.stateOf(stream);
      this.#state = state;
      this.revision = revision ?? -1;
      this.#position = position;
    } catch (error) {
      if (!hasCode(error, 'stream-not-found')) throw error;
    }
  }

  async catchUp(): Promise<void> {
    const { app, stream } = this.#options;
    let from: number | null = this.revision + 1;
    while (from !== null) {
      const page = await app.events.readStream(stream, { from, log: this.#log });
      for (const event of page.events) {
        const { type, data } = readEvent(this.#decider.events, event);
        this.#state = this.#decider.evolve(this.#state, type, data);
        this.revision = event.revision;
      }
      this.#position = page.head.position;
      from = page.next;
    }
  }

  /** @throws {@link HttpProblem} for a state that is no JSON, and so would arrive as another. */
  frame(): StateFrame {
    const { id, stream } = this.#options;
    if (!isJson(this.#state)) {
      throw new HttpProblem(
        'unsupported-capability',
        `The state of "${stream}" is not plain JSON, so it cannot be sent.`,
      );
    }
    return {
      type: 'state',
      sub: id,
      state: this.#state,
      revision: this.revision,
      position: this.#position,
    };
  }
}

/** Wakes at appends to the log, and in between, since a store of several processes may miss one. */
function wakeUpOn(
  app: Pick<AppFace, 'events'>,
  log: string,
  signal: AbortSignal,
): { readonly next: () => Promise<void>; readonly end: () => void } {
  let isRaised = false;
  let raise: (() => void) | undefined;
  const wake = (): void => {
    isRaised = true;
    raise?.();
  };
  const leave = app.events.onAppended((appended) => {
    if (appended === log) wake();
  });
  signal.addEventListener('abort', wake);
  return {
    async next() {
      if (!isRaised) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          raise = (): void => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isRaised = false;
    },
    end() {
      leave();
      signal.removeEventListener('abort', wake);
    },
  };
}

const POLL_MS = 1_000;
