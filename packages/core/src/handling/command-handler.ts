/**
 * Sending a command: look up its outcome, load, decide, append, and decide again on a conflict, a bounded number of
 * times.
 *
 * What always holds (RULES O1 to O4):
 * - An id that the log knows is answered with its stored outcome, before any expectation is looked at.
 * - A refusal, or an acceptance without events, is stored under the expectations of everything that was read, so it was
 *   true at one moment of the log.
 * - Two attempts with one id in this process are one: the second waits for the first.
 */
import type { DeciderFace } from '../decider/decider-face.ts';
import type { DecisionFace } from '../decider/decision-face.ts';
import {
  ContentionError,
  ExpiredCommandError,
  IdReusedError,
  RevisionMismatchError,
  UnknownCommandError,
  hasCode,
} from '../errors.ts';
import type { CommandMessage, DecisionMessage } from '../message/command.ts';
import { canonicalJson, type Json } from '../message/json.ts';
import { checkId, streamName } from '../message/names.ts';
import type { AppendRequest, EventStore, StoredOutcome } from '../store/event-store.ts';
import type { Platform } from '../store/log-place.ts';
import { uuidV7Time } from '../store/uuid-v7.ts';
import { FoldCache } from './fold-cache.ts';
import { Lanes } from './lanes.ts';
import { AHEAD_MAX_MS, type AppLimits } from './limits.ts';
import {
  outcomeOfAppend,
  outcomeOfStored,
  type CommandOutcome,
  type SendOptions,
} from './outcome.ts';
import { commandPlan, decisionPlan, type Plan } from './plan.ts';

export interface Definitions {
  readonly deciders: ReadonlyMap<string, DeciderFace>;
  readonly decisions: ReadonlyMap<string, DecisionFace>;
}

export class CommandHandler {
  readonly #store: EventStore;
  readonly #platform: Platform;
  readonly #definitions: Definitions;
  readonly #limits: AppLimits;
  readonly #lanes: Lanes;
  readonly #folds: FoldCache;
  readonly #inFlight = new Map<string, InFlight>();

  constructor(store: EventStore, platform: Platform, definitions: Definitions, limits: AppLimits) {
    this.#store = store;
    this.#platform = platform;
    this.#definitions = definitions;
    this.#limits = limits;
    this.#lanes = new Lanes(limits.waitingPerStreamMax);
    this.#folds = new FoldCache(limits.cachedStreamsMax);
  }

  async send(
    message: CommandMessage | DecisionMessage,
    options: SendOptions = {},
  ): Promise<CommandOutcome> {
    const commandId = options.id ?? this.#platform.newId();
    if (options.id !== undefined) checkId(commandId, 'The command id');
    const plan = this.#plan(message);
    const contentHash = this.#platform.sha256(canonicalJson(contentOf(message)));
    const log = options.log ?? this.#store.logOf(plan.streams);
    const attempt = { commandId, contentHash, actor: options.actor ?? null, log };
    // Ids count within a log: two tenants may use the same one.
    const key = `${log}\n${commandId}`;
    const first = this.#inFlight.get(key);
    if (first !== undefined) return this.#follow(first, attempt, message, options);
    const outcome = this.#firstAttempt(plan, attempt, options);
    this.#inFlight.set(key, { ...attempt, outcome });
    try {
      return await outcome;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  /** The stored outcome of an id, for whoever may see it. */
  async outcomeOf(commandId: string, log?: string): Promise<CommandOutcome | undefined> {
    const stored = await this.#store.outcomeOf(commandId, log);
    return stored === undefined ? undefined : outcomeOfStored(this.#store, stored, undefined);
  }

  /** A second attempt waits for the first; where that came to nothing, it makes its own. */
  async #follow(
    first: InFlight,
    attempt: Attempt,
    message: CommandMessage | DecisionMessage,
    options: SendOptions,
  ): Promise<CommandOutcome> {
    if (first.contentHash !== attempt.contentHash || first.actor !== attempt.actor) {
      throw new IdReusedError(attempt.commandId);
    }
    try {
      return { ...(await first.outcome), isRepeated: true };
    } catch {
      return this.send(message, options);
    }
  }

  async #firstAttempt(plan: Plan, attempt: Attempt, options: SendOptions): Promise<CommandOutcome> {
    const decide = (): Promise<CommandOutcome> =>
      this.#lanes.run(plan.lanes, () => this.#decideUntilAppended(plan, attempt, options));
    if (options.id === undefined) return decide();
    const { commandId, log } = attempt;
    const stored = await this.#store.outcomeOf(commandId, log);
    if (stored !== undefined) return this.#repeat(stored, plan, attempt);
    this.#checkAge(commandId);
    try {
      return await decide();
    } catch (error) {
      if (!hasCode(error, 'revision-mismatch')) throw error;
      // Another process may have carried out this very command since: then the stream moved because of it.
      const since = await this.#store.outcomeOf(commandId, log);
      if (since === undefined) throw error;
      return this.#repeat(since, plan, attempt);
    }
  }

  async #decideUntilAppended(
    plan: Plan,
    attempt: Attempt,
    options: SendOptions,
  ): Promise<CommandOutcome> {
    let conflict: unknown;
    for (let tries = 0; tries < this.#limits.decideAttemptsMax; tries += 1) {
      if (tries > 0) await pause(tries);
      const request = await this.#decide(plan, attempt, options);
      try {
        const result = await this.#store.append(request);
        if (result.status === 'repeated') return await this.#repeat(result, plan, attempt);
        return outcomeOfAppend(this.#store.epoch, result, request, plan.stream);
      } catch (error) {
        if (!hasCode(error, 'wrong-expected-revision') && !hasCode(error, 'condition-failed'))
          throw error;
        conflict = error;
      }
    }
    throw new ContentionError(plan.target, this.#limits.decideAttemptsMax, { cause: conflict });
  }

  async #decide(plan: Plan, attempt: Attempt, options: SendOptions): Promise<AppendRequest> {
    const { log } = attempt;
    const { reads, condition, result } = await plan.decide(this.#store, {
      log,
      eventsMax: this.#limits.foldEventsMax,
      cache: this.#folds,
      beforeDeciding: (stream, revision) =>
        checkRevision(stream, revision, options.expectedRevision),
    });
    const outcome = { actor: attempt.actor, command: plan.target, input: plan.input };
    const metadata = metadataOf(attempt, options);
    const streams = reads.map(({ stream, expected, events }) => ({
      stream,
      expected,
      events: events.map(({ type, schemaVersion, data, tags }) => ({
        id: this.#platform.newId(),
        type,
        schemaVersion,
        data,
        metadata,
        ...(tags.length === 0 ? {} : { tags }),
      })),
    }));
    return {
      id: attempt.commandId,
      contentHash: attempt.contentHash,
      outcome: result.refusal === undefined ? outcome : { ...outcome, refusal: result.refusal },
      streams,
      ...(condition === undefined ? {} : { condition }),
      log,
    };
  }

  #plan(message: CommandMessage | DecisionMessage): Plan {
    if (message.kind === 'decision') {
      const decision = this.#definitions.decisions.get(message.decision);
      if (decision === undefined) throw new UnknownCommandError(message.decision);
      return decisionPlan(decision, message.data);
    }
    const decider = this.#definitions.deciders.get(message.decider);
    const command = decider?.commands.get(message.command);
    if (decider === undefined || command === undefined) {
      throw new UnknownCommandError(`${message.decider}/${message.command}`);
    }
    checkId(message.id, 'The id');
    return commandPlan(decider, message, streamName(message.decider, message.id));
  }

  #repeat(stored: StoredOutcome, plan: Plan, attempt: Attempt): Promise<CommandOutcome> {
    const isSame =
      (stored.contentHash === null || stored.contentHash === attempt.contentHash) &&
      (stored.outcome === null || stored.outcome.actor === attempt.actor);
    if (!isSame) throw new IdReusedError(attempt.commandId);
    return outcomeOfStored(this.#store, stored, plan.stream);
  }

  /** A UUIDv7 says when it was made; one that pruning may have forgotten must not act twice (RULES O4). */
  #checkAge(commandId: string): void {
    const madeAt = uuidV7Time(commandId);
    if (madeAt === undefined) return;
    const { outcomeRetentionMs } = this.#limits;
    const age = this.#platform.now() - madeAt;
    if (age > outcomeRetentionMs || age < -AHEAD_MAX_MS)
      throw new ExpiredCommandError(commandId, outcomeRetentionMs);
  }
}

interface Attempt {
  readonly commandId: string;
  readonly contentHash: string;
  readonly actor: string | null;
  readonly log: string;
}

interface InFlight extends Attempt {
  readonly outcome: Promise<CommandOutcome>;
}

function contentOf(message: CommandMessage | DecisionMessage): Readonly<Record<string, unknown>> {
  return message.kind === 'command'
    ? { target: message.decider, id: message.id, command: message.command, input: message.data }
    : { target: message.decision, id: null, command: message.decision, input: message.data };
}

function metadataOf(
  { commandId, actor }: Attempt,
  options: SendOptions,
): Readonly<Record<string, Json>> {
  return {
    ...ownMetadata(options.metadata),
    correlationId: options.correlationId ?? commandId,
    causationId: options.causationId ?? commandId,
    ...(actor === null ? {} : { actor }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
  };
}

/** What a caller adds cannot stand for what only we may say (RULES S1). */
function ownMetadata(metadata: SendOptions['metadata']): Readonly<Record<string, Json>> {
  if (metadata === undefined) return {};
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !OUR_METADATA.has(name)));
}

const OUR_METADATA: ReadonlySet<string> = new Set([
  'correlationId',
  'causationId',
  'actor',
  'reason',
  'traceparent',
]);

function checkRevision(
  stream: string,
  actual: number,
  expected: SendOptions['expectedRevision'],
): void {
  if (expected === undefined) return;
  const isExpected = expected === 'no-stream' ? actual === -1 : actual === expected;
  if (!isExpected) throw new RevisionMismatchError(stream, expected, actual);
}

/** Writers of other processes that lost together should not come back together. */
function pause(tries: number): Promise<void> {
  const longest = Math.min(PAUSE_MAX_MS, 2 ** Math.min(tries, 10));
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

/** Longest pause between two attempts to decide. */
const PAUSE_MAX_MS = 50;
