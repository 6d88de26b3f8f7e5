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
import { Lanes } from './lanes.ts';
import type { AppLimits } from './limits.ts';
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
  readonly #inFlight = new Map<string, InFlight>();

  constructor(store: EventStore, platform: Platform, definitions: Definitions, limits: AppLimits) {
    this.#store = store;
    this.#platform = platform;
    this.#definitions = definitions;
    this.#limits = limits;
    this.#lanes = new Lanes(limits.waitingPerStreamMax);
  }

  async send(
    message: CommandMessage | DecisionMessage,
    options: SendOptions = {},
  ): Promise<CommandOutcome> {
    const commandId = options.id ?? this.#platform.newId();
    if (options.id !== undefined) checkId(commandId, 'The command id');
    const plan = this.#plan(message);
    const contentHash = this.#platform.sha256(canonicalJson(contentOf(message)));
    const attempt = { commandId, contentHash, actor: options.actor ?? null };
    const first = this.#inFlight.get(commandId);
    if (first !== undefined) return repeatOf(first, attempt);
    const outcome = this.#firstAttempt(plan, attempt, options);
    this.#inFlight.set(commandId, { ...attempt, outcome });
    try {
      return await outcome;
    } finally {
      this.#inFlight.delete(commandId);
    }
  }

  /** The stored outcome of an id, for whoever may see it. */
  async outcomeOf(commandId: string, log?: string): Promise<CommandOutcome | undefined> {
    const stored = await this.#store.outcomeOf(commandId, log);
    return stored === undefined ? undefined : outcomeOfStored(this.#store, stored, undefined);
  }

  async #firstAttempt(plan: Plan, attempt: Attempt, options: SendOptions): Promise<CommandOutcome> {
    if (options.id !== undefined) {
      const stored = await this.#store.outcomeOf(attempt.commandId, options.log);
      if (stored !== undefined) return this.#repeat(stored, plan, attempt);
      this.#checkAge(attempt.commandId);
    }
    return this.#lanes.run(plan.lanes, () => this.#decideUntilAppended(plan, attempt, options));
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
    const { log } = options;
    const { reads, condition, result } = await plan.decide(this.#store, {
      log,
      eventsMax: this.#limits.foldEventsMax,
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
      ...(log === undefined ? {} : { log }),
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
}

interface InFlight extends Attempt {
  readonly outcome: Promise<CommandOutcome>;
}

async function repeatOf(first: InFlight, attempt: Attempt): Promise<CommandOutcome> {
  if (first.contentHash !== attempt.contentHash || first.actor !== attempt.actor) {
    throw new IdReusedError(attempt.commandId);
  }
  return { ...(await first.outcome), isRepeated: true };
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
    ...options.metadata,
    correlationId: options.correlationId ?? commandId,
    causationId: options.causationId ?? commandId,
    ...(actor === null ? {} : { actor }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.traceparent === undefined ? {} : { traceparent: options.traceparent }),
  };
}

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

/** How far ahead of our clock a command id may have been made. */
const AHEAD_MAX_MS = 86_400_000;
/** Longest pause between two attempts to decide. */
const PAUSE_MAX_MS = 50;
