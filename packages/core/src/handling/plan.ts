/** What one command reads, and how it decides: the same for a decider's command and for a decision over several streams. */
import type { DeciderFace, StreamRead } from '../decider/decider-face.ts';
import type { DecidedEvent, DecisionResult } from '../decider/decision-result.ts';
import type { DecisionFace, ReadFace } from '../decider/decision-face.ts';
import type { FoldFace } from '../decider/fold.ts';
import { DefinitionError, UnsupportedCapabilityError, hasCode } from '../errors.ts';
import type { EventQueryItem } from '../message/event-query.ts';
import type { CommandMessage } from '../message/command.ts';
import { checkJson, type Json } from '../message/json.ts';
import type { AppendCondition, EventStore, ExpectedRevision } from '../store/event-store.ts';
import {
  loadCached,
  loadFold,
  loadStream,
  queryOf,
  type LoadBounds,
  type LoadedStream,
} from './load.ts';
import type { FoldCache } from './fold-cache.ts';

export interface Plan {
  /** `account/acc-1/WithdrawMoney`, or the decision's name. */
  readonly target: string;
  /** The command's stream; null for a decision. */
  readonly stream: string | null;
  readonly input: Json;
  /** The streams that it reads. */
  readonly streams: readonly string[];
  /** What other commands of this process must not decide on at the same time. */
  readonly lanes: readonly string[];
  decide(store: EventStore, context: DecideContext): Promise<Decided>;
}

export interface DecideContext {
  readonly log: string;
  readonly eventsMax: number;
  /** What is known of streams already. */
  readonly cache: FoldCache;
  /** Called with the command's stream and its revision; throws what ends the command. */
  beforeDeciding(stream: string, revision: number): void;
}

export interface Decided {
  readonly result: DecisionResult;
  /** Every stream that was read or is written, each once. */
  readonly reads: readonly ReadStream[];
  readonly condition: AppendCondition | undefined;
}

export interface ReadStream {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly DecidedEvent[];
}

/** A command of one stream. */
export function commandPlan(decider: DeciderFace, message: CommandMessage, stream: string): Plan {
  const { data: input } = message;
  const data = decider.commands.get(message.command)?.read(input);
  checkJson(input);
  return {
    target: `${decider.name}/${message.id}/${message.command}`,
    stream,
    input,
    streams: [stream],
    lanes: [stream],
    async decide(store, { log, eventsMax, cache, beforeDeciding }) {
      const bounds = { log, eventsMax };
      const { state, revision } = await loadCached(cache, store, decider, stream, bounds);
      beforeDeciding(stream, revision);
      const result = decided(decider.name, () =>
        decider.decide(message.command, message.id, data, state),
      );
      const reads = [{ stream, expected: expectedOf(revision), events: result.events ?? [] }];
      return { result, reads, condition: undefined };
    },
  };
}

/** A decision over the streams and tags that it finds from its command. */
export function decisionPlan(decision: DecisionFace, input: unknown): Plan {
  const data = decision.command.read(input);
  checkJson(input);
  const reads = decision.reads(data);
  const streams = streamsOf(reads);
  const folds = foldsOf(reads);
  return {
    target: decision.name,
    stream: null,
    input,
    streams: [...streams.keys()],
    lanes: [...streams.keys(), ...folds.map((fold) => `fold ${JSON.stringify(queryOf(fold))}`)],
    async decide(store, context) {
      checkCapabilities(store, decision, streams.size, folds.length);
      const { log } = context;
      // Everything is read as of one head, so that the decision sees one state of the log.
      const head = await store.head(log);
      const bounds = { log, upTo: head.position, eventsMax: context.eventsMax };
      const loaded = await loadStreams(store, streams, bounds);
      const state = await stateOfReads(store, reads, loaded, bounds);
      const result = decided(decision.name, () => decision.decide(data, state));
      const condition = folds.length === 0 ? undefined : conditionOf(folds, head.position);
      return {
        result,
        reads: readStreams(decision, loaded, result.events ?? [], condition),
        condition,
      };
    },
  };
}

/** An event or refusal that its own schema refuses is the definition's fault, not the sender's. */
function decided(name: string, decide: () => DecisionResult): DecisionResult {
  try {
    return decide();
  } catch (cause) {
    if (!hasCode(cause, 'invalid-message')) throw cause;
    throw new DefinitionError(`What "${name}" decided cannot be stored: ${cause.message}`, {
      cause,
    });
  }
}

function streamsOf(reads: ReadonlyMap<string, ReadFace>): ReadonlyMap<string, StreamRead> {
  const streams = new Map<string, StreamRead>();
  for (const read of reads.values()) {
    if (read.kind === 'stream') streams.set(read.stream, read);
    if (read.kind === 'streams') for (const one of read.list) streams.set(one.stream, one);
  }
  return streams;
}

function foldsOf(reads: ReadonlyMap<string, ReadFace>): readonly FoldFace[] {
  return [...reads.values()].filter((read) => read.kind === 'fold');
}

function checkCapabilities(
  store: EventStore,
  { name }: DecisionFace,
  streams: number,
  folds: number,
): void {
  if (streams > 1 && !store.capabilities.severalStreams) {
    throw new UnsupportedCapabilityError(
      'severalStreams',
      `This store appends to one stream at a time, so "${name}" cannot be decided.`,
    );
  }
  if (folds > 0 && !store.capabilities.conditions) {
    throw new UnsupportedCapabilityError(
      'conditions',
      `This store has no conditions on tags, so "${name}" cannot be decided.`,
    );
  }
}

async function loadStreams(
  store: EventStore,
  streams: ReadonlyMap<string, StreamRead>,
  bounds: LoadBounds,
): Promise<ReadonlyMap<string, LoadedStream>> {
  const loaded = await Promise.all(
    [...streams].map(async ([stream, { decider }]) => {
      return [stream, await loadStream(store, decider, stream, bounds)] as const;
    }),
  );
  return new Map(loaded);
}

async function stateOfReads(
  store: EventStore,
  reads: ReadonlyMap<string, ReadFace>,
  loaded: ReadonlyMap<string, LoadedStream>,
  bounds: LoadBounds,
): Promise<Readonly<Record<string, unknown>>> {
  const state: [string, unknown][] = [];
  for (const [name, read] of reads) {
    switch (read.kind) {
      case 'stream':
        state.push([name, loaded.get(read.stream)?.state]);
        break;
      case 'streams':
        state.push([name, read.list.map(({ stream }) => loaded.get(stream)?.state)]);
        break;
      case 'fold':
        state.push([name, await loadFold(store, read, bounds)]);
        break;
    }
  }
  return Object.fromEntries(state);
}

function conditionOf(folds: readonly FoldFace[], after: number): AppendCondition {
  const items: EventQueryItem[] = folds.flatMap((fold) => queryOf(fold).items);
  return { query: { items }, after };
}

function readStreams(
  { name }: DecisionFace,
  loaded: ReadonlyMap<string, LoadedStream>,
  events: readonly DecidedEvent[],
  condition: AppendCondition | undefined,
): readonly ReadStream[] {
  const written = Map.groupBy(events, ({ stream }) => stream);
  const reads: ReadStream[] = [];
  // In the order in which they were first emitted to, then those that are only checked.
  for (const [stream, own] of written) {
    const revision = loaded.get(stream)?.revision;
    if (revision === undefined && condition === undefined) {
      throw new DefinitionError(
        `The decision "${name}" emits to "${stream}", which it did not read.`,
      );
    }
    reads.push({
      stream,
      expected: revision === undefined ? 'any' : expectedOf(revision),
      events: own,
    });
  }
  for (const [stream, { revision }] of loaded) {
    if (!written.has(stream)) reads.push({ stream, expected: expectedOf(revision), events: [] });
  }
  return reads;
}

function expectedOf(revision: number): ExpectedRevision {
  return revision < 0 ? 'no-stream' : revision;
}
