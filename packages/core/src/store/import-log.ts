/**
 * Import of what `exportLog` wrote.
 *
 * Invariants:
 * - Batches are whole commits, and hold every head that their outcomes name; so an import may stop after any of them.
 * - What is there already is compared by mark, by the store, and skipped: an import that was cut off is simply repeated.
 * - Nothing after the first line that is refused is imported, for the log is dense; the rest is read to say what else is wrong.
 */
import {
  hasCode,
  ImportRefusedError,
  InvalidMessageError,
  UnsupportedCapabilityError,
} from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import type { EventStore, ImportBatch, StoredOutcome } from './event-store.ts';
import { DEFAULT_LOG, LOG_START, type LogPlace } from './log-place.ts';
import { checkedEvent, checkedOutcome, place, text } from './transfer-check.ts';
import { transferLines, type TransferLine, type TransferSource } from './transfer-lines.ts';
import { TransferOrder } from './transfer-order.ts';
import { TRANSFER_VERSION } from './transfer.ts';

/** Events of one batch: a goal, which the end of a commit or of a group of commits may exceed. */
const IMPORT_BATCH_SIZE = 500;
/** Most events and characters that one batch may hold until the place that its outcomes name. */
const IMPORT_BATCH_EVENTS_MAX = 50_000;
const IMPORT_BATCH_LENGTH_MAX: number = 64 * 1_048_576;

export interface ImportOptions {
  /** Where it goes; default the log that the file names where the store has several, else its only one. */
  readonly log?: string | undefined;
  /** A further check, such as by the definitions; what it throws refuses the line. Not asked of system events (`$…`). */
  readonly checkEvent?: ((event: RecordedEvent) => unknown) | undefined;
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

const REFUSALS_SHOWN_MAX = 20;

/**
 * Imports an export, checked line by line, in batches of which each is written whole or not at all.
 *
 * A line that is refused ends the import there and is reported, not thrown.
 *
 * @throws what the store throws when it cannot be used; the reason of `signal`. What was imported is kept.
 */
export async function importLog(
  store: EventStore,
  source: TransferSource,
  options: ImportOptions = {},
): Promise<ImportReport> {
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
  /** Undefined before the first line. */
  #order: TransferOrder | undefined;
  #line = 0;
  /** The earlier line that the store refused. */
  #wrongLine: number | undefined;

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
        if (this.#order?.isEnded !== true)
          throw new ImportRefusedError(
            'The file ends here without its closing line: it was cut off',
          );
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
      refused:
        this.#refusals.length === 0
          ? undefined
          : { count: this.#refusedCount, lines: this.#refusals },
    };
  }

  async #takeContent(content: Readonly<Record<string, unknown>>, length: number): Promise<void> {
    const order = this.#order;
    if (order === undefined) {
      this.#order = await this.#begin(content);
    } else if (Object.hasOwn(content, 'event')) {
      await this.#takeEvent(
        order,
        checkedEvent(content['event'], this.#log, this.#store.limits),
        length,
      );
    } else if (Object.hasOwn(content, 'outcome')) {
      await this.#takeOutcome(order, checkedOutcome(content['outcome'], this.#log), length);
    } else if (Object.hasOwn(content, 'end')) {
      order.end(content['end']);
    } else {
      throw new ImportRefusedError('The line is no event, no outcome and no end');
    }
  }

  async #begin(content: Readonly<Record<string, unknown>>): Promise<TransferOrder> {
    if (content['daybook'] !== 'export') {
      throw new ImportRefusedError(
        'The file does not begin with a line { "daybook": "export", … }: it is no export',
      );
    }
    if (content['version'] !== TRANSFER_VERSION) {
      throw new ImportRefusedError(
        `The file has version ${String(content['version'])}; this program reads version ${TRANSFER_VERSION}`,
      );
    }
    const fileLog = text(content, 'log');
    const head = place(content['head']);
    const { capabilities, limits } = this.#store;
    if (!capabilities.imports)
      throw new UnsupportedCapabilityError('imports', 'This store cannot import a log.');
    const only =
      capabilities.logs === 'several' ? fileLog : ((await this.#store.logs())[0] ?? DEFAULT_LOG);
    this.#log = this.#options.log ?? only;
    const { recordedAtMax = Number.MAX_SAFE_INTEGER } = this.#options;
    return new TransferOrder(head, {
      eventsPerAppendMax: limits.eventsPerAppendMax,
      recordedAtMax,
    });
  }

  async #takeEvent(order: TransferOrder, event: RecordedEvent, length: number): Promise<void> {
    order.checkEvent(event);
    // Before it is counted, so that what throws here leaves the run as it was.
    this.#checkByCaller(event);
    if (!order.isInsideAppend && this.#canWrite(order)) await this.#write();
    if (
      this.#batch.events.length >= IMPORT_BATCH_EVENTS_MAX ||
      this.#batch.length > IMPORT_BATCH_LENGTH_MAX
    ) {
      throw new ImportRefusedError('An outcome before it names a head that is too far away');
    }
    order.addEvent(event);
    this.#batch.events.push(event);
    this.#batch.lines.push(this.#line);
    this.#batch.length += length;
  }

  async #takeOutcome(order: TransferOrder, outcome: StoredOutcome, length: number): Promise<void> {
    order.addOutcome(outcome);
    // Those of an append's own events go with them.
    if (outcome.position === null && this.#canWrite(order)) await this.#write();
    this.#batch.headMax = Math.max(this.#batch.headMax, outcome.head.position);
    this.#batch.outcomes.push(outcome);
    this.#batch.length += length;
  }

  /** The store's own mark of the last event, against the one that the file promised; a file made by hand may leave it empty. */
  #checkHead(): void {
    const { mark } = this.#order?.head ?? LOG_START;
    if (mark === '' || mark === this.#place.mark) return;
    throw new ImportRefusedError(
      `Everything was imported, but the last event has the mark ${this.#place.mark} where the file says ${mark}: it was changed after its export`,
    );
  }

  #canWrite(order: TransferOrder): boolean {
    const { events, outcomes, headMax, length } = this.#batch;
    const isFull =
      events.length >= IMPORT_BATCH_SIZE ||
      outcomes.length >= IMPORT_BATCH_SIZE ||
      length >= BATCH_LENGTH;
    return isFull && headMax <= order.position;
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
    return typeof position === 'number'
      ? this.#batch.lines[position - this.#place.position - 1]
      : undefined;
  }

  #progress(): ImportProgress {
    return {
      imported: this.#imported,
      skipped: this.#skipped,
      eventsTotal: (this.#order?.head.position ?? -1) + 1,
    };
  }

  /** Events of system streams are declared by no application. */
  #checkByCaller(event: RecordedEvent): void {
    if (!event.type.startsWith('$')) this.#options.checkEvent?.(event);
  }

  /** After the first refusal nothing is imported; a line that is wrong whatever stands before it is still named. */
  #checkAlone(content: Readonly<Record<string, unknown>>): void {
    if (this.#order === undefined) return;
    if (Object.hasOwn(content, 'event')) {
      this.#checkByCaller(checkedEvent(content['event'], this.#log, this.#store.limits));
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
