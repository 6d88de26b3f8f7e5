/** The decider: the three pure parts of a stream's behaviour. */
import type { EventFace } from '../message/event.ts';
import type { MessageFace } from '../message/message-face.ts';
import type { DecisionResult } from './decision-result.ts';

/** A decider to the runtime. */
export interface DeciderFace {
  readonly kind: 'decider';
  readonly name: string;
  /** By type: every event that its streams may hold. */
  readonly events: ReadonlyMap<string, EventFace>;
  /** By name: `read` gives the data that `decide` takes. */
  readonly commands: ReadonlyMap<string, MessageFace>;
  readonly refusals: ReadonlyMap<string, MessageFace>;
  initialState(): unknown;
  /** The state after an event whose data was read by its {@link EventFace}. */
  evolve(state: unknown, type: string, data: unknown): unknown;
  /** Decides a command of the stream `name-id`; `data` was read by the command's schema. Events are validated. */
  decide(command: string, id: string, data: unknown, state: unknown): DecisionResult;
}
