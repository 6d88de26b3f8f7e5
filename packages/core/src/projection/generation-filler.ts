/** One generation that this process fills: its lease, where it stands, and what it knows of its rows. */
import type { DaybookError } from '../errors.ts';
import type { RecordedEvent } from '../message/event.ts';
import { streamName } from '../message/names.ts';
import type { Lease } from '../processing/lease.ts';
import type { EventStore, LogPage, StreamPage } from '../store/event-store.ts';
import { LOG_START, type LogPlace } from '../store/log-place.ts';
import { foldPage, skipOf } from './page-fold.ts';
import {
  PARKED_PAGE_MAX,
  type Checkpoint,
  type GenerationInfo,
  type ParkedKey,
  type ReadModelCommit,
  type ReadModelStore,
  type StoredRow,
} from './read-model-store.ts';
import type { ReadEvent, ReadModelFace } from './read-model-face.ts';
import { repairOf, repairsStream } from './repairs.ts';
import { CACHED_ROWS_MAX, RowCache } from './row-cache.ts';

export interface FillerStores {
  readonly events: EventStore;
  readonly readModels: ReadModelStore;
  readonly now: () => number;
  /** Rows kept in memory for each generation. Default {@link CACHED_ROWS_MAX}. */
  readonly cachedRowsMax?: number;
}

export class GenerationFiller {
  readonly readModel: ReadModelFace;
  readonly info: GenerationInfo;
  readonly lease: Lease;
  /** It answers queries, or did until other code took over: nothing is left to switch. */
  isActive: boolean;
  readonly #stores: FillerStores;
  readonly #cache: RowCache;
  readonly #parked: Map<string, ParkedKey>;
  readonly #skipped: Set<string>;
  readonly #checkpoints: Map<string, Checkpoint>;

  private constructor(
    readModel: ReadModelFace,
    info: GenerationInfo,
    lease: Lease,
    stores: FillerStores,
    known: Known,
  ) {
    this.readModel = readModel;
    this.info = info;
    this.lease = lease;
    this.isActive = info.state !== 'building';
    this.#stores = stores;
    this.#checkpoints = new Map(known.checkpoints);
    this.#parked = new Map(known.parked.map((entry) => [entry.key, entry]));
    this.#skipped = new Set(known.skipped);
    // Rows may be ahead of the checkpoint where the two are not one write.
    const isEmpty = known.checkpoints.size === 0 && stores.readModels.capabilities.atomicCheckpoint;
    this.#cache = new RowCache(isEmpty, stores.cachedRowsMax ?? CACHED_ROWS_MAX);
  }

  /** Takes up a generation where it stands, under a lease that was just acquired. */
  static async open(
    readModel: ReadModelFace,
    info: GenerationInfo,
    lease: Lease,
    stores: FillerStores,
  ): Promise<GenerationFiller> {
    const view = await stores.readModels.view(info, (rows) => rows.parked());
    const skipped = await skipsOf(stores.events, readModel);
    const known = {
      checkpoints: view.checkpoints,
      parked: view.value.slice(0, PARKED_PAGE_MAX),
      skipped,
    };
    return new GenerationFiller(readModel, info, lease, stores, known);
  }

  /** True when a checkpoint was taken from a log of another epoch. */
  get isOfAnotherEpoch(): boolean {
    return [...this.#checkpoints.values()].some(({ epoch }) => epoch !== this.#stores.events.epoch);
  }

  placeIn(log: string): LogPlace {
    return this.#checkpoints.get(log) ?? LOG_START;
  }

  /**
   * @param beforeLoading awaited before rows are read from the store: what was accepted must be there by then.
   * @throws {@link ProjectionFailedError} when it has to stop.
   */
  async fold(
    log: string,
    page: LogPage,
    read: (event: RecordedEvent) => ReadEvent | DaybookError,
    beforeLoading: () => Promise<void>,
  ): Promise<ReadModelCommit> {
    const folded = await foldPage(
      {
        readModel: this.readModel,
        log,
        cache: this.#cache,
        parked: this.#parked,
        skipped: this.#skipped,
        now: this.#stores.now,
        read,
        loadRows: async (keys) => {
          await beforeLoading();
          return this.#loadRows(keys);
        },
        eventsBetween: (from, to, key) => this.#eventsBetween(log, from, to, key),
      },
      page.events,
    );
    for (const skip of folded.skipped) this.#skipped.add(skip);
    const { readModel, generation } = this.info;
    const { rows, parked, freed } = folded;
    const to = { ...page.scannedTo, epoch: this.#stores.events.epoch };
    return {
      readModel,
      generation,
      log,
      lease: this.lease,
      from: this.#checkpoints.get(log) ?? null,
      to,
      rows,
      parked,
      freed,
    };
  }

  /** Goes on from after a commit, which may still be on its way: should it fail, this filler is of no more use. */
  accept({ log, to, rows, parked, freed }: ReadModelCommit): void {
    this.#checkpoints.set(log, to);
    for (const { key, row } of rows) this.#cache.set(key, row);
    for (const key of freed) this.#parked.delete(key);
    for (const entry of parked) this.#parked.set(entry.key, entry);
  }

  async #loadRows(keys: readonly string[]): Promise<readonly StoredRow[]> {
    const { value } = await this.#stores.readModels.view(this.info, (rows) => rows.get(keys));
    return value.filter((row) => row !== undefined);
  }

  /** Everything in between, types that nobody declares too; where the key is a stream's id, that stream is enough. */
  async *#eventsBetween(
    log: string,
    from: number,
    to: number,
    key: string,
  ): AsyncGenerator<readonly RecordedEvent[]> {
    const { events } = this.#stores;
    const [source, ...others] = this.readModel.sources;
    if (this.readModel.hasDefaultKey && source !== undefined && others.length === 0) {
      yield* pagesOfStream(events, streamName(source, key), log);
      return;
    }
    let after = from - 1;
    while (after < to) {
      const page = await events.read({ after, upTo: to, log });
      if (page.events.length > 0) yield page.events;
      if (page.scannedTo.position <= after) return;
      after = page.scannedTo.position;
    }
  }
}

async function* pagesOfStream(
  events: EventStore,
  stream: string,
  log: string,
): AsyncGenerator<readonly RecordedEvent[]> {
  let from: number | null = 0;
  while (from !== null) {
    const page: StreamPage = await events.readStream(stream, { from, log });
    yield page.events;
    from = page.next;
  }
}

interface Known {
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
  readonly parked: readonly ParkedKey[];
  readonly skipped: readonly string[];
}

/** A skip stands later in the log than the event it leaves out, so all of them are read before anything is folded. */
async function skipsOf(
  events: EventStore,
  { name, version }: ReadModelFace,
): Promise<readonly string[]> {
  const stream = repairsStream(name);
  const skips: string[] = [];
  let from: number | null = 0;
  while (from !== null) {
    const page = await events.readStream(stream, { from });
    for (const event of page.events) {
      const repair = repairOf(event, name, version);
      if (repair?.kind === 'skip') skips.push(skipOf(repair.position, repair.key));
    }
    from = page.next;
  }
  return skips;
}
