/** What the lines of an export must be to one another; each line alone was checked before (`transfer-check.ts`). */
import { ImportRefusedError, LimitExceededError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { StoredOutcome } from './event-store.ts';
import type { LogPlace } from './log-place.ts';
import { whole } from './transfer-check.ts';
import { isObject } from './transfer-lines.ts';

export interface TransferBounds {
  readonly eventsPerAppendMax: number;
  /** No event may have been recorded later. */
  readonly recordedAtMax: number;
}

/** Follows an export line by line: dense positions and revisions, whole appends, instants that never go back, true counts. */
export class TransferOrder {
  /** Where the log ends, as the first line says. */
  readonly head: LogPlace;
  readonly #bounds: TransferBounds;
  readonly #revisions = new Map<string, number>();
  #last: RecordedEvent | undefined;
  #appendFirst = 0;
  #events = 0;
  #outcomes = 0;
  #isEnded = false;

  constructor(head: LogPlace, bounds: TransferBounds) {
    this.head = head;
    this.#bounds = bounds;
  }

  /** The last event that came, -1 before the first. */
  get position(): number {
    return this.#last?.position ?? -1;
  }

  /** True between two events of one append. */
  get isInsideAppend(): boolean {
    return this.#last !== undefined && this.#last.commit > this.#last.position;
  }

  /** True after the closing line. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** @throws {@link ImportRefusedError} {@link LimitExceededError} unless the event may come next; it does not count yet. */
  checkEvent({ position, commit, stream, revision, recordedAt }: RecordedEvent): void {
    this.#checkOpen();
    const expected = this.position + 1;
    if (position !== expected) throw refuse(`The position is ${position}; ${expected} follows`);
    if (position > this.head.position)
      throw refuse(`The first line says that the log ends at ${this.head.position}`);
    if (this.isInsideAppend ? commit !== this.#last?.commit : commit < position) {
      throw refuse(`The commit is ${commit}, which is not the end of the append that it stands in`);
    }
    const { eventsPerAppendMax, recordedAtMax } = this.#bounds;
    const size = commit - position + 1;
    if (size > eventsPerAppendMax)
      throw new LimitExceededError('eventsPerAppendMax', eventsPerAppendMax, size);
    const next = (this.#revisions.get(stream) ?? -1) + 1;
    if (revision !== next)
      throw refuse(`The revision of "${stream}" is ${revision}; ${next} follows`);
    if (recordedAt < (this.#last?.recordedAt ?? 0))
      throw refuse('It was recorded before the event that it follows');
    if (recordedAt > recordedAtMax) throw refuse('It was recorded in the future');
  }

  /** Counts an event that was checked. */
  addEvent(event: RecordedEvent): void {
    if (!this.isInsideAppend) this.#appendFirst = event.position;
    this.#last = event;
    this.#revisions.set(event.stream, event.revision);
    this.#events += 1;
  }

  /** @throws {@link ImportRefusedError} unless the outcome may stand here. */
  addOutcome({ first, position, head, streams }: StoredOutcome): void {
    this.#checkOpen();
    const at = this.position;
    if (this.isInsideAppend) throw refuse('An outcome stands inside an append');
    if (position !== null && (position !== at || first !== this.#appendFirst)) {
      throw refuse('An outcome stands after the last event of its own append');
    }
    if (
      position === null
        ? head.position !== at
        : head.position < at || head.position > this.head.position
    ) {
      throw refuse(`The outcome’s head is ${head.position}, which is not where it stands`);
    }
    for (const { stream, revision } of streams) {
      if (revision <= (this.#revisions.get(stream) ?? -1)) continue;
      throw refuse(`The outcome names a revision of "${stream}" that the file has not reached`);
    }
    this.#outcomes += 1;
  }

  /** The closing line. @throws {@link ImportRefusedError} unless it counts what came. */
  end(value: unknown): void {
    this.#checkOpen();
    if (!isObject(value)) throw refuse('"end" must be an object');
    const events = whole(value, 'events', 0);
    const outcomes = whole(value, 'outcomes', 0);
    if (events !== this.#events || outcomes !== this.#outcomes) {
      throw refuse(
        `The closing line counts ${events} events and ${outcomes} outcomes, but ${this.#events} and ${this.#outcomes} came`,
      );
    }
    if (events !== this.head.position + 1) {
      throw refuse(
        `The first line says that the log ends at ${this.head.position}, but it ended at ${events - 1}`,
      );
    }
    this.#isEnded = true;
  }

  #checkOpen(): void {
    if (this.#isEnded) throw refuse('There is something after the closing line');
  }
}

function refuse(why: string): ImportRefusedError {
  return new ImportRefusedError(why);
}
