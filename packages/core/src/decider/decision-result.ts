/** What deciding gives: events to append, each to its stream, or a refusal. */
import type { Json } from '../message/json.ts';

/** An event that was decided and is to be appended. */
export interface DecidedEvent {
  /** The whole name, such as `account-acc-1`. */
  readonly stream: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** The validated output of the event's schema. */
  readonly data: Json;
  readonly tags: readonly string[];
}

/** The domain's answer that the command may not happen. */
interface RefusalValue<Type extends string = string, Data = Json> {
  readonly type: Type;
  readonly data: Data;
}

/** Events in the order in which they were emitted (none: nothing had to happen), or a refusal. */
export type DecisionResult =
  | { readonly events: readonly DecidedEvent[]; readonly refusal?: undefined }
  | { readonly refusal: RefusalValue; readonly events?: undefined };
