/** Commands, decisions and queries as values: the same one is sent in process, over HTTP, queued or logged. */
import type { Json } from './json.ts';

/** A command for the stream `decider-id`. `data` is what the sender gave, before validation. */
export interface CommandMessage {
  readonly kind: 'command';
  readonly decider: string;
  readonly id: string;
  readonly command: string;
  readonly data: Json;
}

/** A request for a decision over several streams or tags. */
export interface DecisionMessage {
  readonly kind: 'decision';
  readonly decision: string;
  readonly data: Json;
}

/** A question to a read model. */
export interface QueryMessage {
  readonly kind: 'query';
  readonly readModel: string;
  readonly query: string;
  readonly params: Json;
}
