/** What a command works on: the store on this machine, or a server. */
import type { Health, ParkedEntry, QueryAnswer, RecordedEvent } from '@daybook/core';

import type { Message, Question } from './message.ts';

export interface Target {
  send(message: Message, options: TargetSendOptions): Promise<Outcome>;
  query(question: Question, options: TargetQueryOptions): Promise<Answer>;
  /** Events in order; with `follow`, for ever, until the signal. */
  tail(options: TailOptions): AsyncIterable<readonly Event[]>;
  health(): Promise<HealthReport>;
  parked(readModel: string | undefined): Promise<readonly ParkedEntry[]>;
  repair(
    kind: 'retry' | 'skip',
    readModel: string,
    key: string,
    reason: string | undefined,
  ): Promise<void>;
  rebuild(readModel: string): Promise<{ readonly generation: number }>;
  close(): Promise<void>;
}

export type Event = RecordedEvent<string, unknown>;

interface TargetSendOptions {
  readonly id: string | undefined;
  readonly expectedRevision: number | 'no-stream' | undefined;
}

interface TargetQueryOptions {
  readonly after: string | undefined;
  readonly waitMs: number | undefined;
}

interface TailOptions {
  /** Exclusive; undefined takes the last `last` events. */
  readonly after: number | undefined;
  readonly last: number;
  readonly types: readonly string[] | undefined;
  readonly tags: readonly string[] | undefined;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** What sending a message answered, in process or from afar. */
export type Outcome =
  | {
      readonly status: 'accepted';
      readonly commandId: string;
      readonly stream: string | null;
      readonly revision: number | null;
      readonly position: number | null;
      readonly token: string;
      readonly events: readonly Event[];
      readonly isRepeated: boolean;
    }
  | {
      readonly status: 'refused';
      readonly commandId: string;
      readonly refusal: { readonly type: string; readonly data: unknown };
      readonly token: string;
      readonly isRepeated: boolean;
    };

export type Answer =
  | Exclude<QueryAnswer, { readonly status: 'fresh' }>
  | {
      readonly status: 'fresh';
      readonly data: unknown;
      readonly position: number;
      readonly token: string;
      readonly exact: boolean;
      readonly partial?: number;
    };

export type HealthReport = Pick<Health, 'status' | 'readModels'> & {
  readonly logs: readonly { readonly log: string; readonly head: number }[];
};
