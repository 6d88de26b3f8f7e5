/**
 * The projector: fills the generations of an application's read models from the log, in the background.
 *
 * What always holds (RULES P1 to P4, P7, L9):
 * - A generation is filled only under its lease, and every commit carries the fence.
 * - Rows and checkpoint go down in one commit, so a projector that dies anywhere goes on from where the rows are.
 * - At most one commit is on its way; the next page is folded on top of it, and thrown away should it fail.
 * - All generations that stand at one place share the page and the commit.
 * - A log that went back in time is noticed by the mark of each page's first neighbour; its generation answers nothing more.
 */
import { StoreWentBackError, UpcastFailedError, hasCode, type DaybookError } from '../errors.ts';
import { readEvent, type EventFace, type RecordedEvent } from '../message/event.ts';
import { deepFreeze } from '../message/deep-freeze.ts';
import { POLL_MS } from '../processing/subscription.ts';
import { WakeUp } from '../processing/wake-up.ts';
import type { LogPage } from '../store/event-store.ts';
import type { LogPlace } from '../store/log-place.ts';
import { CommitPipeline, isOutage, type Folded } from './commit-pipeline.ts';
import { GenerationFiller, type FillerStores } from './generation-filler.ts';
import { generationsToFill } from './generations.ts';
import type { GenerationInfo, GenerationRef, ReadModelLayout } from './read-model-store.ts';
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
  /** Told of every error that processing goes on after; must not throw. */
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
  /** Why a generation, or the setting up of a read model, failed last; gone with the next success. */
  readonly #failing = new Map<string, Failure>();
  readonly #wakeUp = new WakeUp();
  readonly #closing = new WakeUp();
  readonly #commits: CommitPipeline;
  readonly #ends: readonly (() => void)[];
  #mustRefresh = true;
  #mayHaveChanged = false;
  #refreshedAt = 0;
  #outage: Failure | undefined;
  #isClosing = false;
  readonly #running: Promise<void>;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#commits = new CommitPipeline(options.readModels, {
      succeeded: (filler) => this.#failing.delete(nameOf(filler)),
      failed: (filler, error) => this.#commitFailed(filler, error),
    });
    const heartbeat = setInterval(() => void this.#renew(), options.leaseMs / HEARTBEATS_PER_LEASE);
    this.#ends = [
      () => clearInterval(heartbeat),
      options.events.onAppended(() => this.#wakeUp.raise()),
      options.readModels.onCommitted((readModel) => {
        // Perhaps only our own commit: a look at each of them would cost more than the commits.
        if (readModel === undefined) this.#mayHaveChanged = true;
      }),
    ];
    this.#running = this.#run();
  }

  /** Looks for generations that were made or taken away, soon. */
  refresh(): void {
    this.#mustRefresh = true;
    this.#wakeUp.raise();
  }

  /** How this process stands to a generation, for health and for queries. */
  stateOf({ readModel, generation }: GenerationInfo): ProcessorState {
    const name = leaseName(readModel, generation);
    const stopped = this.#stopped.get(name);
    if (stopped !== undefined) return { processor: 'stopped', error: stopped };
    const failure = this.#failing.get(name) ?? this.#failing.get(readModel) ?? this.#outage;
    const processor = this.#fillers.has(name) ? 'running' : 'idle';
    return failure === undefined ? { processor } : { processor, error: failure.error };
  }

  /** Why this process stopped filling a generation, if it did. */
  whyStopped({ readModel, generation }: GenerationRef): Error | undefined {
    return this.#stopped.get(leaseName(readModel, generation));
  }

  /** Finishes the step at hand and gives the leases back. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wakeUp.raise();
    this.#closing.raise();
    await this.#running;
    await this.#commits.settle().catch(this.#options.onError);
    for (const end of this.#ends) end();
    for (const { lease } of this.#fillers.values()) {
      await this.#options.readModels.leases.release(lease).catch(this.#options.onError);
    }
    this.#fillers.clear();
  }

  async #run(): Promise<void> {
    const pauseMs = Math.min(POLL_MS, this.#options.leaseMs / HEARTBEATS_PER_LEASE);
    while (!this.#isClosing) {
      try {
        if (this.#isRefreshDue()) await this.#refreshFillers();
        const hasMoved = await this.#step();
        this.#outage = undefined;
        if (!hasMoved && !this.#isClosing) await this.#wakeUp.wait(pauseMs);
      } catch (error) {
        if (hasCode(error, 'closed')) this.#isClosing = true;
        if (this.#isClosing) return;
        this.#outage = this.#failed(this.#outage, error);
        this.#mustRefresh = true;
        await this.#closing.wait(this.#outage.until - performance.now());
      }
    }
  }

  /** What comes of one more failure: a pause that grows, with jitter so that many do not come back together. */
  #failed(before: Failure | undefined, error: unknown): Failure {
    const count = (before?.count ?? 0) + 1;
    const pause = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(count, 10));
    this.#options.onError(error);
    return {
      count,
      until: performance.now() + pause * (0.5 + Math.random() / 2),
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }

  #isRefreshDue(): boolean {
    const everyMs = this.#options.leaseMs / HEARTBEATS_PER_LEASE;
    const sinceMs = performance.now() - this.#refreshedAt;
    return (
      this.#mustRefresh ||
      sinceMs >= everyMs ||
      (this.#mayHaveChanged && sinceMs >= REFRESH_PAUSE_MS)
    );
  }

  /** The heartbeat has a timer of its own, for a step may take longer than a lease lives. */
  async #renew(): Promise<void> {
    const held = [...this.#fillers.values()].map(({ lease }) => lease);
    if (held.length === 0) return;
    try {
      const { leases } = this.#options.readModels;
      const renewed = await leases.renew(held, this.#options.leaseMs);
      const names = new Set(renewed.map(({ name }) => name));
      for (const { name } of held) if (!names.has(name)) this.#fillers.delete(name);
    } catch (error) {
      // The step meets the same store and says so; the lease runs out if this goes on.
      this.#options.onError(error);
    }
  }

  /** A look at which generations there are to fill; one read model that cannot be set up keeps none of the others. */
  async #refreshFillers(): Promise<void> {
    this.#mustRefresh = false;
    this.#mayHaveChanged = false;
    this.#refreshedAt = performance.now();
    for (const { readModel, layout } of this.#options.definitions) {
      const { name } = readModel;
      const failure = this.#failing.get(name);
      if (failure !== undefined && failure.until > performance.now()) continue;
      try {
        const toFill = generationsToFill(await this.#generationsOf(layout), layout.fingerprint);
        for (const info of toFill) await this.#takeUp(readModel, info);
        await this.#dropReplaced(name, toFill);
        this.#failing.delete(name);
      } catch (error) {
        if (hasCode(error, 'closed')) throw error;
        this.#failing.set(name, this.#failed(failure, error));
      }
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
      await this.#lose(filler, new StoreWentBackError('main', -1, 'another epoch', 'this one'));
    } else {
      this.#fillers.set(name, filler);
    }
  }

  async #dropReplaced(name: string, toFill: readonly GenerationInfo[]): Promise<void> {
    for (const filler of this.#fillers.values()) {
      const { readModel, generation } = filler.info;
      if (readModel !== name || toFill.some((info) => info.generation === generation)) continue;
      await this.#giveUp(filler);
    }
  }

  /** One page for each log and each place that generations stand at. */
  async #step(): Promise<boolean> {
    if (this.#fillers.size === 0) return false;
    let hasMoved = false;
    const isBehind = new Set<GenerationFiller>();
    for (const log of await this.#options.events.logs()) {
      const places = Map.groupBy(this.#fillers.values(), (filler) => {
        const { position, mark } = filler.placeIn(log);
        return `${position} ${mark}`;
      });
      for (const fillers of places.values()) {
        if (this.#isClosing) return hasMoved;
        const able = fillers.filter((filler) => !this.#isPaused(filler));
        const step = await this.#stepFrom(log, able);
        hasMoved = step.hasMoved || hasMoved;
        if (!step.isAtHead) for (const filler of fillers) isBehind.add(filler);
      }
    }
    await this.#switchTo([...this.#fillers.values()].filter((filler) => !isBehind.has(filler)));
    return hasMoved;
  }

  #isPaused(filler: GenerationFiller): boolean {
    const failure = this.#failing.get(nameOf(filler));
    return failure !== undefined && failure.until > performance.now();
  }

  async #stepFrom(log: string, fillers: readonly GenerationFiller[]): Promise<Step> {
    const [first] = fillers;
    if (first === undefined) return { hasMoved: false, isAtHead: false };
    const after = first.placeIn(log);
    let page: LogPage;
    try {
      page = await this.#options.events.read({ after, log, limit: PROJECTOR_PAGE_SIZE });
    } catch (error) {
      if (!(error instanceof Error) || !hasCode(error, 'store-went-back')) throw error;
      for (const filler of fillers) await this.#lose(filler, error);
      return { hasMoved: true, isAtHead: false };
    }
    const isAtHead = page.scannedTo.position >= page.head.position;
    const hasMoved = page.scannedTo.position > after.position;
    if (hasMoved) await this.#foldAndCommit(log, after, page, fillers);
    return { hasMoved, isAtHead };
  }

  async #foldAndCommit(
    log: string,
    after: LogPlace,
    page: LogPage,
    fillers: readonly GenerationFiller[],
  ): Promise<void> {
    const read = readOnce(fillers, after.position);
    const folded: Folded[] = [];
    for (const filler of fillers) {
      try {
        const commit = await filler.fold(log, page, read, () => this.#commits.settle());
        folded.push({ filler, commit });
      } catch (error) {
        if (isOutage(error)) throw error;
        const name = nameOf(filler);
        if (hasCode(error, 'projection-failed')) await this.#stop(filler, error);
        else this.#failing.set(name, this.#failed(this.#failing.get(name), error));
      }
    }
    await this.#commits.settle();
    this.#commits.write(
      folded.filter(({ filler }) => this.#fillers.get(nameOf(filler)) === filler),
    );
    if (page.scannedTo.position >= page.head.position) await this.#commits.settle();
  }

  /** The filler is ahead of its rows now: it is taken up anew from where they are. */
  async #commitFailed(filler: GenerationFiller, error: unknown): Promise<void> {
    const name = nameOf(filler);
    if (!isOutage(error)) this.#failing.set(name, this.#failed(this.#failing.get(name), error));
    await this.#giveUp(filler);
  }

  /** A generation that has caught up with every log answers queries from now on. */
  async #switchTo(fillers: readonly GenerationFiller[]): Promise<void> {
    for (const filler of fillers) {
      if (filler.isActive || this.#isPaused(filler)) continue;
      try {
        await this.#options.readModels.switchTo(filler.info, filler.lease);
        filler.isActive = true;
        this.refresh();
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
    await this.#options.readModels.leases.release(filler.lease).catch(this.#options.onError);
  }
}

/** How a process stands to a generation: `idle` where another one fills it, or nobody. */
export interface ProcessorState {
  readonly processor: 'running' | 'idle' | 'stopped';
  readonly error?: Error;
}

interface Failure {
  readonly error: Error;
  readonly count: number;
  /** Nothing is tried before this, by `performance.now()`. */
  readonly until: number;
}

interface Step {
  readonly hasMoved: boolean;
  readonly isAtHead: boolean;
}

function leaseName(readModel: string, generation: number): string {
  return `${readModel}/${generation}`;
}

function nameOf({ info }: GenerationFiller): string {
  return leaseName(info.readModel, info.generation);
}

/** Reads each event's data once for all read models of the page after a position; older ones, for a retry, are not kept. */
function readOnce(
  fillers: readonly GenerationFiller[],
  after: number,
): (event: RecordedEvent) => ReadEvent | DaybookError {
  const faces = new Map<string, EventFace>();
  for (const { readModel } of fillers)
    for (const [type, face] of readModel.events) faces.set(type, face);
  const read = new Map<number, ReadEvent | DaybookError>();
  return (event) => {
    const known = read.get(event.position);
    if (known !== undefined) return known;
    const result = readOrError(faces, event);
    if (event.position > after) read.set(event.position, result);
    return result;
  };
}

function readOrError(
  faces: ReadonlyMap<string, EventFace>,
  event: RecordedEvent,
): ReadEvent | DaybookError {
  try {
    const read = readEvent(faces, event);
    // All read models of the page see the same one.
    deepFreeze(read.data);
    return read;
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

/** Shortest time between two looks at which generations there are, unless one is asked for. */
const REFRESH_PAUSE_MS = 200;
const HEARTBEATS_PER_LEASE = 3;
