/** A server as small as can be, whose every step is the test's: append, project, answer. */
import {
  categoryOf,
  decodeToken,
  encodeToken,
  face,
  planFind,
  readEvent,
  removed,
  rowsOfPlan,
  streamIdOf,
  streamName,
  type CommandMessage,
  type DecisionMessage,
  type DecisionResult,
  type Json,
  type QueryMessage,
  type RecordedEvent,
} from '@daybook/core';
import type { DownFrame, ReadsPart, UpFrame } from '@daybook/protocol';
import { defaultHttpLimits, PROTOCOL_VERSION } from '@daybook/protocol';

import { purse, wallet, wallets } from './wallet.ts';

type Message = CommandMessage | DecisionMessage;

/** What a command was answered with, for ever. */
interface Outcome {
  readonly status: number;
  readonly body: object;
  readonly first: number | null;
  readonly position: number | null;
}

interface Sub {
  readonly message: QueryMessage;
  readonly after: number;
  content: string | undefined;
  told: number;
  generation: number;
  wanted: number[];
}

/** One connection: what the server has to say on it. */
export interface ServerSide {
  readonly say: (frame: DownFrame) => void;
  readonly subs: Map<string, Sub>;
  readonly watches: Map<string, string>;
}

const faces = purse[face];
const readModel = wallets[face];

export class ModelServer {
  readonly log: RecordedEvent[] = [];
  readonly outcomes = new Map<string, Outcome>();
  readonly #rows = new Map<string, { row: Json; asOf: number }>();
  readonly #sides = new Set<ServerSide>();
  /** Rows have seen this, and the checkpoint says that; the same where answers are exact. */
  #seen = -1;
  #checkpoint = -1;
  #generation = 1;

  get head(): number {
    return this.log.length - 1;
  }

  get isBehind(): boolean {
    return this.#checkpoint < this.head;
  }

  /** Decides and appends, or gives the stored answer. */
  send(message: Message, id: string): Outcome {
    const known = this.outcomes.get(id);
    if (known !== undefined) return known;
    const result = this.#decide(message);
    const outcome =
      result.events === undefined ? this.#refused(id, result) : this.#append(message, id, result);
    this.outcomes.set(id, outcome);
    return outcome;
  }

  /** Takes the next commit into the rows, and into the checkpoint unless told otherwise. */
  project(isRowsOnly: boolean): void {
    const next = this.log[this.#seen + 1];
    if (next !== undefined) {
      for (const event of this.log.slice(next.position, next.commit + 1)) this.#fold(event);
      this.#seen = next.commit;
    }
    if (!isRowsOnly) this.#checkpoint = this.#seen;
    this.#tellAll();
  }

  /** The same rows, built anew. */
  rebuild(): void {
    this.#generation += 1;
    this.#tellAll();
  }

  open(say: (frame: DownFrame) => void): ServerSide {
    const side: ServerSide = { say, subs: new Map(), watches: new Map() };
    this.#sides.add(side);
    return side;
  }

  close(side: ServerSide): void {
    this.#sides.delete(side);
  }

  receive(side: ServerSide, frame: UpFrame): void {
    switch (frame.type) {
      case 'hello':
        side.say({
          type: 'welcome',
          v: PROTOCOL_VERSION,
          epoch: EPOCH,
          limits: defaultHttpLimits,
          heartbeatMs: 100_000_000,
        });
        break;
      case 'sub': {
        const { readModel: name, query, params } = frame.query;
        side.subs.set(frame.id, {
          message: { kind: 'query', readModel: name, query, params },
          after: frame.after === undefined ? -1 : positionOf(frame.after),
          content: undefined,
          told: -1,
          generation: 0,
          wanted: [],
        });
        this.#tell(side);
        break;
      }
      case 'watch':
        side.watches.set(frame.id, frame.stream);
        side.say(this.#stateFrame(frame.id, frame.stream));
        break;
      case 'unsub':
        side.subs.delete(frame.id);
        side.watches.delete(frame.id);
        break;
      case 'reach':
        side.subs.get(frame.id)?.wanted.push(positionOf(frame.token));
        this.#tell(side);
        break;
      case 'ask':
        side.say({
          type: 'outcomes',
          id: frame.id,
          commands: frame.commands.flatMap((commandId) => {
            const known = this.outcomes.get(commandId);
            if (known === undefined) return [];
            const { first, position } = known;
            return [{ commandId, log: LOG, first, position }];
          }),
        });
        break;
      case 'await':
      case 'ping':
    }
  }

  /** What a query answers when everything is projected. */
  answer(message: QueryMessage): unknown {
    return this.#answer(message).data;
  }

  /** The state of a stream. */
  state(stream: string): unknown {
    return this.#stateOf(stream).state;
  }

  #decide(message: Message): DecisionResult {
    if (message.kind === 'command') {
      const state = this.#stateOf(streamName('wallet', message.id)).state;
      return wallet[face].decide(message.command, message.id, message.data, state);
    }
    const decision = faces.decisions.get(message.decision);
    if (decision === undefined) throw new Error(message.decision);
    const states = [...decision.reads(message.data)].map(([name, read]) => [
      name,
      this.#stateOf(read.kind === 'stream' ? read.stream : '').state,
    ]);
    return decision.decide(message.data, Object.fromEntries(states));
  }

  #append(
    message: Message,
    id: string,
    { events }: Extract<DecisionResult, { readonly refusal?: undefined }>,
  ): Outcome {
    const first = this.log.length;
    const commit = first + events.length - 1;
    for (const event of events) {
      this.log.push({
        ...event,
        id: `event-${this.log.length}`,
        log: LOG,
        position: this.log.length,
        commit,
        streamId: streamIdOf(event.stream),
        revision: this.#stateOf(event.stream).revision + 1,
        metadata: { causationId: id },
        recordedAt: 0,
      });
    }
    for (const side of this.#sides) {
      for (const [watch, stream] of side.watches) {
        if (events.some((event) => event.stream === stream))
          side.say(this.#stateFrame(watch, stream));
      }
    }
    const recorded = this.log.slice(first);
    const about = { commandId: id, position: commit, token: tokenAt(commit), events: recorded };
    const streams = Object.fromEntries(recorded.map(({ stream, revision }) => [stream, revision]));
    const [event] = recorded;
    const body =
      message.kind === 'decision'
        ? { ...about, streams }
        : { ...about, stream: event?.stream, revision: event?.revision };
    return { status: 200, body, first, position: commit };
  }

  #refused(id: string, { refusal }: DecisionResult): Outcome {
    const body = {
      type: 'urn:daybook:problem:refused',
      title: 'refused',
      status: 422,
      code: 'refused',
      detail: 'refused',
      retryable: false,
      refusal,
      commandId: id,
      token: tokenAt(this.head),
    };
    return { status: 422, body, first: null, position: null };
  }

  #stateOf(stream: string): { readonly state: unknown; readonly revision: number } {
    const decider = faces.deciders.get(categoryOf(stream));
    if (decider === undefined) throw new Error(stream);
    let state = decider.initialState();
    let revision = -1;
    for (const event of this.log) {
      if (event.stream !== stream) continue;
      state = decider.evolve(state, event.type, event.data);
      revision = event.revision;
    }
    return { state, revision };
  }

  #stateFrame(sub: string, stream: string): DownFrame {
    return { type: 'state', sub, ...this.#stateOf(stream), position: this.head };
  }

  #fold(event: RecordedEvent): void {
    const read = readEvent(faces.events, event);
    for (const key of readModel.keysOf(read)) {
      const after = readModel.apply(this.#rows.get(key)?.row, read, key);
      if (after === undefined || after === removed) continue;
      this.#rows.set(key, { row: after, asOf: event.position });
    }
  }

  #tellAll(): void {
    for (const side of this.#sides) this.#tell(side);
  }

  /** Each subscription in its own order: a first answer, or the next, or that it stands where it was asked to. */
  #tell(side: ServerSide): void {
    for (const [id, sub] of side.subs) {
      if (sub.content === undefined && sub.after > this.#checkpoint) continue;
      const { data, reads } = this.#answer(sub.message);
      const content = JSON.stringify([data, reads]);
      const position = this.#checkpoint;
      const token = tokenAt(position);
      const generation = this.#generation;
      const answer = { sub: id, generation, position, token, data, exact: false, reads };
      const from = sub.told;
      if (sub.content === undefined) side.say({ type: 'snap', ...answer });
      else if (sub.generation !== generation) {
        side.say({ type: 'reset', sub: id, reason: 'new-generation' });
        side.say({ type: 'snap', ...answer });
      } else if (sub.content !== content) side.say({ type: 'next', ...answer, from, to: position });
      else if (sub.wanted.some((wanted) => wanted <= position))
        side.say({ type: 'pos', sub: id, generation, position, token, from, to: position });
      else continue;
      sub.wanted = sub.wanted.filter((wanted) => wanted > position);
      sub.content = content;
      sub.told = position;
      sub.generation = generation;
    }
  }

  #answer(message: QueryMessage): { readonly data: Json; readonly reads: ReadsPart } {
    const finds: ReadsPart['finds'][number][] = [];
    const keys = new Set<string>();
    const all = [...this.#rows].map(([key, { row }]) => ({ key, row }));
    let data: Json = null;
    if (message.query === 'one') {
      const { id } = Object(message.params) as { readonly id: string };
      keys.add(id);
      data = this.#rows.get(id)?.row ?? null;
    } else {
      const request = { orderBy: { cents: 'desc' } } as const;
      const found = rowsOfPlan(planFind(readModel.indexes, request), all);
      for (const { key } of found) keys.add(key);
      finds.push({ request, keys: found.map(({ key }) => key), next: null });
      data = { rows: found.map(({ row }) => row), next: null };
    }
    const read = [...keys].map((key) => ({ key, stored: this.#rows.get(key) }));
    return {
      data,
      reads: {
        rows: read.flatMap(({ key, stored }) =>
          stored === undefined ? [] : [{ key, asOf: { [LOG]: stored.asOf }, row: stored.row }],
        ),
        absent: read.flatMap(({ key, stored }) => (stored === undefined ? [key] : [])),
        finds,
        counts: [],
      },
    };
  }
}

function tokenAt(position: number): string {
  return encodeToken({ epoch: EPOCH, places: new Map([[LOG, { position, mark: '' }]]) });
}

function positionOf(token: string): number {
  return decodeToken(token).places.get(LOG)?.position ?? -1;
}

const EPOCH = 'e1';
const LOG = 'main';
