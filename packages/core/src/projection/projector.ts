/**
 * The projector: fills the generations of an application's read models from the log, in the background.
 *
 * What always holds (RULES P1 to P4, P7, L9):
 * - A generation is filled only under its lease, and every commit carries the fence.
 * - Rows and checkpoint go down in one commit, so a projector that dies anywhere goes on from where the rows are.
 * - All generations that stand at one place share the page and the commit.
 * - A log that went back in time is noticed by the mark of each page's first neighbour; its generation answers nothing more.
 */
import { StoreWentBackError, UpcastFailedError, hasCode, type DaybookError } from '../errors.ts';
import { readEvent, type EventFace, type RecordedEvent } from '../message/event.ts';
import { WakeUp } from '../processing/wake-up.ts';
import type { LogPage } from '../store/event-store.ts';
import { GenerationFiller, isLost, type FillerStores } from './generation-filler.ts';
import { generationsToFill } from './generations.ts';
import type { GenerationInfo, ReadModelCommit, ReadModelLayout } from './read-model-store.ts';
import type { ReadEvent, ReadModelFace } from './read-model-face.ts';

export interface ProjectorOptions extends FillerStores {
  readonly definitions: readonly {
    readonly readModel: ReadModelFace;
    readonly layout: ReadModelLayout;
  }[];
  /** Unique for this process and start. */
  readonly owner: string;
  /** How long a lease lives without a heartbeat: the longest time until another process takes over. */
  readonly leaseMs: number;
  /** Told of every error that processing goes on after. */
  readonly onError: (error: unknown) => void;
}

/** Events of one page that the projector asks for. */
export const PROJECTOR_PAGE_SIZE = 1_000;
/** Shortest and longest pause after a failed step, ms. */
export const BACKOFF_MIN_MS = 50;
export const BACKOFF_MAX_MS = 5_000;

export class Projector {
  readonly #options: ProjectorOptions;
  readonly #fillers = new Map<string, GenerationFiller>();
  readonly #stopped = new Map<string, Error>();
  readonly #wakeUp = new WakeUp();
  readonly #ends: readonly (() => void)[];
  #mustRefresh = true;
  #refreshedAt = 0;
  #failures = 0;
  #lastError: Error | undefined;
  #isClosing = false;
  readonly #running: Promise<void>;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#ends = [
      options.events.onAppended(() => this.#wakeUp.raise()),
      options.readModels.onCommitted((readModel) => {
        if (readModel === undefined) this.refresh();
      }),
    ];
    this.#running = this.#run();
  }

  /** Looks for generations that were made or taken away, soon. */
  refresh(): void {
    this.#mustRefresh = true;
    this.#wakeUp.raise();
  }

  /** How this process stands to a generation, for health. */
  stateOf({ readModel, generation }: GenerationInfo): {
    readonly processor: 'running' | 'idle' | 'stopped';
    readonly error?: Error;
  } {
    const lease = leaseName(readModel, generation);
    const stopped = this.#stopped.get(lease);
    if (stopped !== undefined) return { processor: 'stopped', error: stopped };
    const error = this.#lastError;
    return {
      processor: this.#fillers.has(lease) ? 'running' : 'idle',
      ...(error === undefined ? {} : { error }),
    };
  }

  /** Finishes the step at hand and gives the leases back. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wakeUp.raise();
    await this.#running;
    for (const end of this.#ends) end();
    for (const { lease } of this.#fillers.values()) {
      await this.#options.readModels.leases.release(lease).catch(this.#options.onError);
    }
    this.#fillers.clear();
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      try {
        if (this.#isRefreshDue()) await this.#refreshFillers();
        const hasMoved = await this.#step();
        this.#failures = 0;
        this.#lastError = undefined;
        if (!hasMoved && !this.#isClosing)
          await this.#wakeUp.wait(this.#options.leaseMs / HEARTBEATS_PER_LEASE);
      } catch (error) {
        await this.#backOff(error);
      }
    }
  }

  async #backOff(error: unknown): Promise<void> {
    if (hasCode(error, 'closed')) this.#isClosing = true;
    if (this.#isClosing) return;
    this.#failures += 1;
    this.#lastError = error instanceof Error ? error : new Error(String(error));
    this.#mustRefresh = true;
    this.#options.onError(error);
    const pause = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(this.#failures, 10));
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
  }

  #isRefreshDue(): boolean {
    const heartbeatMs = this.#options.leaseMs / HEARTBEATS_PER_LEASE;
    return this.#mustRefresh || performance.now() - this.#refreshedAt >= heartbeatMs;
  }

  /** Heartbeat, and a look at which generations there are to fill. */
  async #refreshFillers(): Promise<void> {
    this.#mustRefresh = false;
    this.#refreshedAt = performance.now();
    const { readModels, leaseMs, definitions } = this.#options;
    const held = [...this.#fillers.values()].map(({ lease }) => lease);
    const renewed = new Set(
      held.length === 0
        ? []
        : (await readModels.leases.renew(held, leaseMs)).map(({ name }) => name),
    );
    for (const { name } of held) if (!renewed.has(name)) this.#fillers.delete(name);
    for (const { readModel, layout } of definitions) {
      const generations = await this.#generationsOf(layout);
      for (const info of generationsToFill(generations, layout.fingerprint))
        await this.#takeUp(readModel, info);
    }
  }

  async #generationsOf(layout: ReadModelLayout): Promise<readonly GenerationInfo[]> {
    const { readModels } = this.#options;
    const generations = await readModels.list(layout.readModel);
    if (generations.some(({ fingerprint }) => fingerprint === layout.fingerprint))
      return generations;
    return [...generations, await readModels.create(layout)];
  }

  async #takeUp(readModel: ReadModelFace, info: GenerationInfo): Promise<void> {
    const { readModels, owner, leaseMs } = this.#options;
    const name = leaseName(info.readModel, info.generation);
    if (this.#fillers.has(name) || this.#stopped.has(name)) return;
    const lease = await readModels.leases.acquire(name, owner, leaseMs);
    if (lease === undefined) return;
    const filler = await GenerationFiller.open(readModel, info, lease, this.#options);
    if (filler.isOfAnotherEpoch) {
      await this.#lose(
        filler,
        new StoreWentBackError('main', -1, 'of another epoch', 'of this one'),
      );
    } else {
      this.#fillers.set(name, filler);
    }
  }

  /** One page for each log and each place that generations stand at. */
  async #step(): Promise<boolean> {
    if (this.#fillers.size === 0) return false;
    let hasMoved = false;
    for (const log of await this.#options.events.logs()) {
      const places = Map.groupBy(this.#fillers.values(), (filler) => {
        const { position, mark } = filler.placeIn(log);
        return `${position} ${mark}`;
      });
      for (const fillers of places.values()) {
        if (this.#isClosing) return hasMoved;
        hasMoved = (await this.#stepFrom(log, fillers)) || hasMoved;
      }
    }
    return hasMoved;
  }

  async #stepFrom(log: string, fillers: readonly GenerationFiller[]): Promise<boolean> {
    const [first] = fillers;
    if (first === undefined) return false;
    const after = first.placeIn(log);
    let page: LogPage;
    try {
      page = await this.#options.events.read({ after, log, limit: PROJECTOR_PAGE_SIZE });
    } catch (error) {
      if (!(error instanceof Error) || !hasCode(error, 'store-went-back')) throw error;
      for (const filler of fillers) await this.#lose(filler, error);
      return true;
    }
    const hasMoved = page.scannedTo.position > after.position;
    if (hasMoved) await this.#foldAndCommit(log, page, fillers);
    if (page.scannedTo.position >= page.head.position) await this.#switchTo(fillers);
    return hasMoved;
  }

  async #foldAndCommit(
    log: string,
    page: LogPage,
    fillers: readonly GenerationFiller[],
  ): Promise<void> {
    const read = readOnce(fillers);
    const folded: { readonly filler: GenerationFiller; readonly commit: ReadModelCommit }[] = [];
    for (const filler of fillers) {
      try {
        folded.push({ filler, commit: await filler.fold(log, page, read) });
      } catch (error) {
        if (!(error instanceof Error) || !hasCode(error, 'projection-failed')) throw error;
        await this.#stop(filler, error);
      }
    }
    if (folded.length === 0) return;
    try {
      await this.#options.readModels.commit(folded.map(({ commit }) => commit));
    } catch (error) {
      // Which of them it was matters little: all are taken up again from where their rows are.
      if (isLost(error)) for (const { filler } of folded) await this.#giveUp(filler);
      throw error;
    }
    for (const { filler, commit } of folded) filler.accept(commit);
  }

  /** A generation that has caught up answers queries from now on. */
  async #switchTo(fillers: readonly GenerationFiller[]): Promise<void> {
    for (const filler of fillers) {
      if (filler.isActive) continue;
      try {
        await this.#options.readModels.switchTo(filler.info, filler.lease);
        filler.isActive = true;
        this.#mustRefresh = true;
      } catch (error) {
        if (hasCode(error, 'fenced')) await this.#giveUp(filler);
        else if (!hasCode(error, 'checkpoint-moved')) throw error;
      }
    }
  }

  async #lose(filler: GenerationFiller, error: Error): Promise<void> {
    await this.#options.readModels.markLost(filler.info);
    await this.#stop(filler, error);
  }

  async #stop(filler: GenerationFiller, error: Error): Promise<void> {
    this.#options.onError(error);
    this.#stopped.set(nameOf(filler), error);
    await this.#giveUp(filler);
  }

  async #giveUp(filler: GenerationFiller): Promise<void> {
    this.#fillers.delete(nameOf(filler));
    this.#mustRefresh = true;
    await this.#options.readModels.leases.release(filler.lease);
  }
}

function leaseName(readModel: string, generation: number): string {
  return `${readModel}/${generation}`;
}

function nameOf({ info }: GenerationFiller): string {
  return leaseName(info.readModel, info.generation);
}

/** Reads each event's data once for all read models of a page. */
function readOnce(
  fillers: readonly GenerationFiller[],
): (event: RecordedEvent) => ReadEvent | DaybookError {
  const faces = new Map<string, EventFace>();
  for (const { readModel } of fillers)
    for (const [type, face] of readModel.events) faces.set(type, face);
  const read = new Map<number, ReadEvent | DaybookError>();
  return (event) => {
    const known = read.get(event.position);
    if (known !== undefined) return known;
    const result = readOrError(faces, event);
    read.set(event.position, result);
    return result;
  };
}

function readOrError(
  faces: ReadonlyMap<string, EventFace>,
  event: RecordedEvent,
): ReadEvent | DaybookError {
  try {
    return readEvent(faces, event);
  } catch (error) {
    if (hasCode(error, 'upcast-failed') || hasCode(error, 'unknown-event-type')) return error;
    return new UpcastFailedError(
      event.type,
      event.schemaVersion,
      [{ path: '', message: String(error) }],
      { cause: error },
    );
  }
}

const HEARTBEATS_PER_LEASE = 3;
