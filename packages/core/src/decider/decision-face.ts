/** A decision's runtime half: lookups by name, all data `unknown`. */
import { DefinitionError } from '../errors.ts';
import type { EventFace } from '../message/event.ts';
import { face } from '../message/face.ts';
import { messageFace, type MessageFace } from '../message/message-face.ts';
import { checkName } from '../message/names.ts';
import type { StandardSchemaV1 } from '../message/schema.ts';
import type { AnyDecider } from './decider.ts';
import type { DeciderFace, StreamRead } from './decider-face.ts';
import type { DecisionResult } from './decision-result.ts';
import { messageFaces } from './definition-maps.ts';
import type { FoldFace } from './fold.ts';
import { emitToTool, refuseTool, toResult, toolsOf } from './outcome.ts';

/** What a decision reads under one name; its state is the stream's, a list of states in the order of `list`, or the fold's. */
export type ReadFace =
  | StreamRead
  | { readonly kind: 'streams'; readonly list: readonly StreamRead[] }
  | FoldFace;

/** A decision to the runtime. */
export interface DecisionFace {
  readonly kind: 'decision';
  readonly name: string;
  /** `read` gives the data that `reads` and `decide` take. */
  readonly command: MessageFace;
  readonly refusals: ReadonlyMap<string, MessageFace>;
  /** By event type: what may be emitted, and the decider to whose streams it goes. */
  readonly emits: ReadonlyMap<string, { readonly decider: DeciderFace; readonly event: EventFace }>;
  /** By the names that the definition gave them. */
  reads(data: unknown): ReadonlyMap<string, ReadFace>;
  /**
   * Decides; `state` has the names of `reads`.
   *
   * Events may go to streams that were not read, for a decision over tags reads none: they are appended with `any`.
   */
  decide(data: unknown, state: Readonly<Record<string, unknown>>): DecisionResult;
}

/** A decision's definition without its types. */
export interface UntypedDecision {
  readonly command: StandardSchemaV1;
  reads(command: unknown): Readonly<Record<string, unknown>>;
  readonly emits: readonly AnyDecider[];
  readonly refusals?: Readonly<Record<string, StandardSchemaV1>>;
  decide(command: unknown, state: unknown, tools: unknown): unknown;
}

/** @throws {@link DefinitionError} for a name that breaks the rules, or an event type that two deciders of `emits` have. */
export function decisionFaceOf(name: string, definition: UntypedDecision): DecisionFace {
  checkName(name, 'upper', 'A decision');
  const emits = emitTargets(name, definition.emits);
  const refusals = messageFaces(definition.refusals ?? {}, 'refusal');
  const tools = { emit: toolsOf(emits, emitToTool), refuse: toolsOf(refusals, refuseTool) };
  const context = {
    what: `decide of ${name}`,
    refusals,
    target: (type: string) => emits.get(type),
  };
  return {
    kind: 'decision',
    name,
    command: messageFace(definition.command, `The decision "${name}"`),
    refusals,
    emits,
    reads(data) {
      const reads = Object.entries(definition.reads(data));
      return new Map(
        reads.map(([key, read]) => [key, readFaceOf(read, `reads.${key} of ${name}`)]),
      );
    },
    decide: (data, state) => toResult(definition.decide(data, state, tools), context),
  };
}

function emitTargets(name: string, deciders: readonly AnyDecider[]): DecisionFace['emits'] {
  const targets = new Map<string, { decider: DeciderFace; event: EventFace }>();
  for (const { [face]: decider } of deciders) {
    for (const [type, event] of decider.events) {
      const known = targets.get(type);
      if (known !== undefined && known.decider !== decider) {
        throw new DefinitionError(
          `The decision ${name} cannot emit "${type}": both ${known.decider.name} and ${decider.name} have it, so its stream is not known.`,
        );
      }
      targets.set(type, { decider, event });
    }
  }
  return targets;
}

function readFaceOf(read: unknown, what: string): ReadFace {
  if (Array.isArray(read))
    return { kind: 'streams', list: read.map((item) => streamOf(item, what)) };
  if (hasFace(read) && read[face].kind === 'fold') return read[face];
  return streamOf(read, what);
}

function streamOf(read: unknown, what: string): StreamRead {
  if (hasFace(read) && read[face].kind === 'stream') return read[face];
  throw new DefinitionError(
    `${what} is not something to read: it is a stream (decider.stream(id)), a list of streams, or a fold.`,
  );
}

function hasFace(read: unknown): read is { readonly [face]: StreamRead | FoldFace } {
  return typeof read === 'object' && read !== null && face in read;
}
