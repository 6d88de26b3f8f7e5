/**
 * Import of what `exportLog` wrote.
 *
 * Invariants:
 * - Batches are whole commits, and hold every head that their outcomes name; so an import may stop after any of them.
 * - What is there already is compared by mark, by the store, and skipped: an import that was cut off is simply repeated.
 * - Nothing after the first line that is refused is imported, for the log is dense; the rest is read to say what else is wrong.
 */
import { hasCode, ImportRefusedError, InvalidMessageError, LimitExceededError, UnsupportedCapabilityError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { EventStore, ImportBatch, StoredOutcome } from './event-store.ts';
import { DEFAULT_LOG, LOG_START, type LogPlace } from './log-place.ts';
import { checkedEvent, checkedOutcome, place, text, whole } from './transfer-check.ts';
import { isObject, transferLines, type TransferLine, type TransferSource } from './transfer-lines.ts';
import { TRANSFER_VERSION } from './transfer.ts';

/** Events of one batch: a goal, which the end of a commit or of a group of commits may exceed. */
export const IMPORT_BATCH_SIZE = 500;
/** Most events and characters that one batch may hold until the place that its outcomes name. */
export const IMPORT_BATCH_EVENTS_MAX = 50_000;
export const IMPORT_BATCH_LENGTH_MAX = 64 * 1_048_576;

export interface ImportOptions {
  /** Where it goes; default the log that the file names where the store has several, else its only one. */
  readonly log?: string | undefined;
  /** A further check, such as by the definitions; what it throws refuses the line. */
  readonly checkEvent?: ((event: RecordedEvent) => void) | undefined;
  /** No event may have been recorded later than this: a log never goes behind its last instant. Integer milliseconds. */
  readonly recordedAtMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** After each batch. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  readonly imported: number;
  /** There already, and the same. */
  readonly skipped: number;
  /** As the file's first line says. */
  readonly eventsTotal: number;
}

export interface ImportReport extends ImportProgress {
  readonly log: string;
  /** Outcomes handed to the store, those included that it had. */
  readonly outcomes: number;
  /** Where the log stands. */
  readonly place: LogPlace;
  /** Undefined when everything was imported. */
  readonly refused: ImportRefusal | undefined;
}

/** Why an import stopped. What came before is kept: mend the file and import it again. */
export interface ImportRefusal {
  /** Events and outcomes of the file that were not imported: all from the first refused line on, and the batch that it stands in. */
  readonly count: number;
  /** Lines that are wrong, the first {@link REFUSALS_SHOWN_MAX} of them; the first is where the import stopped. */
  readonly lines: readonly { readonly line: number; readonly why: string }[];
}

export const REFUSALS_SHOWN_MAX = 20;

/**
 * Imports an export, checked line by line, in batches of which each is written whole or not at all.
 *
 * A line that is refused ends the import there and is reported, not thrown.
 *
 * @throws what the store throws when it cannot be used; the reason of `signal`. What was imported is kept.
 */
export async function importLog(store: EventStore, source: TransferSource, options: ImportOptions = {}): Promise<ImportReport> {
  const run = new ImportRun(store, options);
  for await (const line of transferLines(source)) {
    options.signal?.throwIfAborted();
    await run.take(line);
  }
  return run.finish();
}

class ImportRun {
  readonly #store: EventStore;
  readonly #options: ImportOptions;
  #log = '';
  #hasBegun = false;
  #head: LogPlace = LOG_START;
  #isEnded = false;
  #line = 0;
  /** The earlier line that the store refused. */
  #wrongLine: number | undefined;

  #events = 0;
  #outcomes = 0;
  #last: RecordedEvent | undefined;
  #commitFirst = 0;
  readonly #revisions = new Map<string, number>();

  #batch = emptyBatch();
  #place: LogPlace = LOG_START;
  #imported = 0;
  #skipped = 0;
  #outcomesImported = 0;

  readonly #refusals: { readonly line: number; readonly why: string }[] = [];
  #refusedCount = 0;

  constructor(store: EventStore, options: ImportOptions) {
    this.#store = store;
    this.#options = options;
  }

  async take(line: TransferLine): Promise<void> {
    this.#line = line.line;
    try {
      if ('problem' in line) throw new InvalidMessageError(line.problem);
      if (this.#refusals.length > 0) this.#checkAlone(line.content);
      else await this.#takeContent(line.content, line.length);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#stop(error);
    }
    if (this.#refusals.length > 0 && this.#line > 1 && !isEnd(line)) this.#refusedCount += 1;
  }

  async finish(): Promise<ImportReport> {
    if (this.#refusals.length === 0) {
      try {
        if (!this.#isEnded) throw new ImportRefusedError('The file ends here without its closing line: it was cut off');
        await this.#write();
        this.#checkHead();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.#stop(error);
      }
    }
    return {
      log: this.#log,
      ...this.#progress(),
      outcomes: this.#outcomesImported,
      place: this.#place,
      refused: this.#refusals.length === 0 ? undefined : { count: this.#refusedCount, lines: this.#refusals },
    };
  }

  async #takeContent(content: Readonly<Record<string, unknown>>, length: number): Promise<void> {
    if (!this.#hasBegun) return this.#begin(content);
    if (this.#isEnded) throw new ImportRefusedError('There is something after the closing line');
    if (Object.hasOwn(content, 'event')) {
      await this.#takeEvent(checkedEvent(content['event'], this.#log, this.#store.limits), length);
    } else if (Object.hasOwn(content, 'outcome')) {
      await this.#takeOutcome(checkedOutcome(content['outcome'], this.#log), length);
    } else if (Object.hasOwn(content, 'end')) {
      this.#end(content['end']);
    } else {
      throw new ImportRefusedError('The line is no event, no outcome and no end');
    }
  }

  async #begin(content: Readonly<Record<string, unknown>>): Promise<void> {
    if (content['daybook'] !== 'export') {
      throw new ImportRefusedError('The file does not begin with a line { "daybook": "export", … }: it is no export');
    }
    if (content['version'] !== TRANSFER_VERSION) {
      throw new ImportRefusedError(`The file has version ${String(content['version'])}; this program reads version ${TRANSFER_VERSION}`);
    }
    const fileLog = text(content, 'log');
    this.#head = place(content['head']);
    const { capabilities } = this.#store;
    if (!capabilities.imports) throw new UnsupportedCapabilityError('imports', 'This store cannot import a log.');
    const only = capabilities.logs === 'several' ? fileLog : ((await this.#store.logs())[0] ?? DEFAULT_LOG);
    this.#log = this.#options.log ?? only;
    this.#hasBegun = true;
  }

  async #takeEvent(event: RecordedEvent, length: number): Promise<void> {
    this.#checkOrder(event);
    // Before it is counted, so that what throws here leaves the run as it was.
    this.#options.checkEvent?.(event);
    if (this.#last === undefined || this.#last.commit === this.#last.position) {
      if (this.#canWrite()) await this.#write();
      this.#commitFirst = event.position;
    }
    this.#last = event;
    this.#revisions.set(event.stream, event.revision);
    this.#events += 1;
    this.#batch.events.push(event);
    this.#batch.lines.push(this.#line);
    this.#batch.length += length;
  }

  #checkOrder(event: RecordedEvent): void {
    const { position, commit, stream, revision, recordedAt } = event;
    const last = this.#last;
    const expected = (last?.position ?? -1) + 1;
    if (position !== expected) throw new ImportRefusedError(`The position is ${position}; ${expected} follows`, position);
    if (position > this.#head.position) {
      throw new ImportRefusedError(`The first line says that the log ends at ${this.#head.position}`, position);
    }
    const isInside = last !== undefined && last.commit > last.position;
    if (isInside ? commit !== last.commit : commit < position) {
      throw new ImportRefusedError(`The commit is ${commit}, which is not the end of the append that it stands in`, position);
    }
    const { eventsPerAppendMax } = this.#store.limits;
    const size = commit - position + 1;
    if (!isInside && size > eventsPerAppendMax) throw new LimitExceededError('eventsPerAppendMax', eventsPerAppendMax, size);
    const next = (this.#revisions.get(stream) ?? -1) + 1;
    if (revision !== next) {
      throw new ImportRefusedError(`The revision of "${stream}" is ${revision}; ${next} follows`, position);
    }
    if (last !== undefined && recordedAt < last.recordedAt) {
      throw new ImportRefusedError('It was recorded before the event that it follows', position);
    }
    const { recordedAtMax = Number.MAX_SAFE_INTEGER } = this.#options;
    if (recordedAt > recordedAtMax) throw new ImportRefusedError('It was recorded in the future', position);
    if (this.#batch.events.length >= IMPORT_BATCH_EVENTS_MAX || this.#batch.length > IMPORT_BATCH_LENGTH_MAX) {
      throw new ImportRefusedError('An outcome before it names a head that is too far away', position);
    }
  }

  async #takeOutcome(outcome: StoredOutcome, length: number): Promise<void> {
    const at = this.#last?.position ?? -1;
    const { first, position, head } = outcome;
    if (this.#last !== undefined && this.#last.commit > at) {
      throw new ImportRefusedError('An outcome stands inside an append', at);
    }
    if (position !== null && (position !== at || first !== this.#commitFirst)) {
      throw new ImportRefusedError('An outcome stands after the last event of its own append', at);
    }
    if (position === null ? head.position !== at : head.position < at || head.position > this.#head.position) {
      throw new ImportRefusedError(`The outcome’s head is ${head.position}, which is not where it stands`, at);
    }
    for (const { stream, revision } of outcome.streams) {
      if (revision > (this.#revisions.get(stream) ?? -1)) {
        throw new ImportRefusedError(`The outcome names a revision of "${stream}" that the file has not reached`, at);
      }
    }
    // Those of an append's own events go with them.
    if (position === null && this.#canWrite()) await this.#write();
    this.#outcomes += 1;
    this.#batch.headMax = Math.max(this.#batch.headMax, head.position);
    this.#batch.outcomes.push(outcome);
    this.#batch.length += length;
  }

  #end(value: unknown): void {
    if (!isObject(value)) throw new ImportRefusedError('"end" must be an object');
    const events = whole(value, 'events', 0);
    const outcomes = whole(value, 'outcomes', 0);
    if (events !== this.#events || outcomes !== this.#outcomes) {
      throw new ImportRefusedError(
        `The closing line counts ${events} events and ${outcomes} outcomes, but ${this.#events} and ${this.#outcomes} came`,
      );
    }
    if (events !== this.#head.position + 1) {
      throw new ImportRefusedError(`The first line says that the log ends at ${this.#head.position}, but it ended at ${events - 1}`);
    }
    this.#isEnded = true;
  }

  /** The store's own mark of the last event, against the one that the file promised; a file made by hand may leave it empty. */
  #checkHead(): void {
    if (this.#head.mark === '' || this.#head.mark === this.#place.mark) return;
    throw new ImportRefusedError(
      `Everything was imported, but the last event has the mark ${this.#place.mark} where the file says ${this.#head.mark}: it was changed after its export`,
    );
  }

  #canWrite(): boolean {
    const { events, outcomes, headMax, length } = this.#batch;
    const isFull = events.length >= IMPORT_BATCH_SIZE || outcomes.length >= IMPORT_BATCH_SIZE || length >= BATCH_LENGTH;
    return isFull && headMax <= (this.#last?.position ?? -1);
  }

  async #write(): Promise<void> {
    const { events, outcomes } = this.#batch;
    if (events.length === 0 && outcomes.length === 0) return;
    const batch: ImportBatch = { log: this.#log, after: this.#place, events, outcomes };
    const result = await this.#store.importEvents(batch).catch((error: unknown) => {
      if (hasCode(error, 'import-refused')) this.#wrongLine = this.#lineOf(error);
      throw error;
    });
    this.#imported += result.imported;
    this.#skipped += result.skipped;
    this.#outcomesImported += outcomes.length;
    this.#place = result.place;
    this.#batch = emptyBatch();
    this.#options.onProgress?.(this.#progress());
  }

  /** Where the event stood that the store refused; undefined where it named none of the batch. */
  #lineOf(error: Error): number | undefined {
    const position: unknown = 'position' in error ? error.position : undefined;
    return typeof position === 'number' ? this.#batch.lines[position - this.#place.position - 1] : undefined;
  }

  #progress(): ImportProgress {
    return { imported: this.#imported, skipped: this.#skipped, eventsTotal: this.#head.position + 1 };
  }

  /** After the first refusal nothing is imported; a line that is wrong whatever stands before it is still named. */
  #checkAlone(content: Readonly<Record<string, unknown>>): void {
    if (!this.#hasBegun) return;
    if (Object.hasOwn(content, 'event')) {
      this.#options.checkEvent?.(checkedEvent(content['event'], this.#log, this.#store.limits));
    } else if (Object.hasOwn(content, 'outcome')) {
      checkedOutcome(content['outcome'], this.#log);
    }
  }

  /** The first time, what waits for its batch is given up with it: it is imported when the file is mended. */
  #stop(error: Error): void {
    const { events, outcomes } = this.#batch;
    this.#refusedCount += events.length + outcomes.length;
    this.#batch = emptyBatch();
    if (this.#refusals.length < REFUSALS_SHOWN_MAX) {
      this.#refusals.push({ line: this.#wrongLine ?? this.#line, why: error.message });
    }
    this.#wrongLine = undefined;
  }
}

function isEnd(line: TransferLine): boolean {
  return 'content' in line && Object.hasOwn(line.content, 'end');
}

interface Batch {
  readonly events: RecordedEvent[];
  /** In which line each of the events stood. */
  readonly lines: number[];
  readonly outcomes: StoredOutcome[];
  /** The farthest head that one of the outcomes names. */
  headMax: number;
  /** In characters. */
  length: number;
}

function emptyBatch(): Batch {
  return { events: [], lines: [], outcomes: [], headMax: -1, length: 0 };
}

/** Errors that say that a line is wrong; others say that the store is. */
function isRefusal(error: unknown): error is Error {
  return REFUSAL_CODES.some((code) => hasCode(error, code));
}

const REFUSAL_CODES = [
  'import-refused',
  'invalid-message',
  'limit-exceeded',
  'unknown-event-type',
  'upcast-failed',
  'invalid-definition',
] as const;

/** A batch of long events is written before it is big. */
const BATCH_LENGTH = 8 * 1_048_576;
