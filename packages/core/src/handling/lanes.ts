import { OverloadedError } from '../errors.ts';

/**
 * Work on one key at a time, in order of call, within this process; work on other keys goes on beside it.
 *
 * It only saves conflicts: safety is the append's expectations, which other processes meet as well. Work that needs
 * several keys joins all its lanes at once, so two of them can never wait for each other.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #waitingMax: number;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** @throws {@link OverloadedError} when too much waits for one of the keys already. */
  run<Value>(keys: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const before = this.#join(keys);
    const turn = before.length === 0 ? work() : Promise.all(before).then(work);
    const done = turn.then(ignore, ignore);
    for (const key of keys) this.#enter(key, done);
    return turn;
  }

  #join(keys: readonly string[]): readonly Promise<void>[] {
    const before: Promise<void>[] = [];
    for (const key of keys) {
      const lane = this.#lanes.get(key);
      if (lane === undefined) continue;
      if (lane.waiting >= this.#waitingMax)
        throw new OverloadedError('waitingPerStreamMax', this.#waitingMax);
      before.push(lane.last);
    }
    return before;
  }

  #enter(key: string, done: Promise<void>): void {
    const lane = this.#lanes.get(key) ?? { waiting: 0, last: done };
    lane.waiting += 1;
    lane.last = done;
    this.#lanes.set(key, lane);
    void done.then(() => {
      lane.waiting -= 1;
      if (lane.waiting === 0) this.#lanes.delete(key);
    });
  }
}

interface Lane {
  waiting: number;
  last: Promise<void>;
}

function ignore(): void {
  // Whoever asked for the work gets its error; the next in the lane does not.
}
