/** What HTTP requests are answered with. Schemas are in `schemas.ts`, under the same names. */

/** An event as every answer carries it. */
export interface EventAnswer {
  readonly id: string;
  readonly log: string;
  /** Place in the log, from 0. */
  readonly position: number;
  /** Position of the last event of its append. */
  readonly commit: number;
  readonly stream: string;
  readonly streamId: string;
  /** Place in its stream, from 0. */
  readonly revision: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly metadata: { readonly [key: string]: unknown };
  readonly tags: readonly string[];
  /** Milliseconds since 1970, UTC. */
  readonly recordedAt: number;
}

/** `POST /commands/{decider}/{id}/{Command}`, accepted. */
export interface CommandAnswer {
  readonly commandId: string;
  readonly stream: string;
  /** The stream's revision afterwards, also the ETag; null where it does not exist. */
  readonly revision: number | null;
  /** Position of the last event; null where it changed nothing. */
  readonly position: number | null;
  readonly token: string;
  readonly events: readonly EventAnswer[];
}

/** `POST /decisions/{Decision}`, accepted. */
export interface DecisionAnswer {
  readonly commandId: string;
  readonly position: number | null;
  readonly token: string;
  readonly events: readonly EventAnswer[];
  /** Revision of every stream that it read or wrote, afterwards; null where there is none. */
  readonly streams: Readonly<Record<string, number | null>>;
}

/** `GET` or `POST /queries/{readModel}/{query}`. */
export interface QueryAnswer {
  /** Null for a missing row. */
  readonly data: unknown;
  /** The position that the answer stands for, -1 before the first event. */
  readonly position: number;
  readonly token: string;
  /** Whether the answer is the state at exactly that position. */
  readonly exact: boolean;
  /** How many keys are parked, where the answer may lack them. */
  readonly partial?: number;
}

/** `GET /streams/{stream}`. */
export interface StreamAnswer {
  readonly stream: string;
  readonly events: readonly EventAnswer[];
  /** `from` of the next page, null at the end. */
  readonly next: number | null;
}

/** `GET /streams/{stream}/state`. */
export interface StateAnswer {
  readonly state: unknown;
  /** Null before the stream began. */
  readonly revision: number | null;
  readonly position: number;
}

/** `GET /events`. */
export interface EventsAnswer {
  readonly events: readonly EventAnswer[];
  /** `after` of the next page; at the end, of the next event to come. */
  readonly next: number;
  readonly head: number;
}

/** `GET /admin/parked`. */
export interface ParkedAnswer {
  readonly parked: readonly {
    readonly readModel: string;
    readonly generation: number;
    readonly key: string;
    readonly log: string;
    /** Position of the event that failed; it and later ones of the key wait. */
    readonly parkedAt: number;
    readonly error: { readonly code: string; readonly message: string };
    readonly since: number;
  }[];
}

/** `GET /health` and `/ready`. Only `status` is told to whom the rest is not allowed. */
export interface HealthAnswer {
  readonly status: 'ok' | 'starting' | 'failing';
  readonly logs?: readonly { readonly log: string; readonly head: number }[];
  readonly readModels?: readonly ReadModelHealthAnswer[];
}

export interface ReadModelHealthAnswer {
  readonly name: string;
  readonly generation: number | null;
  readonly state: string;
  readonly processor: 'running' | 'idle' | 'stopped';
  readonly position: number;
  readonly lagEvents: number;
  readonly lagSeconds: number;
  readonly parkedCount: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** `GET /meta`. */
export interface MetaAnswer {
  readonly protocol: number;
  readonly title: string;
  readonly epoch: string;
  /** Keys of other forms than UUIDv7 are remembered as long, and no longer. */
  readonly outcomeRetentionMs: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly capabilities: {
    readonly events: Readonly<Record<string, boolean | string>>;
    readonly readModels: Readonly<Record<string, boolean>>;
    /** How live queries can be had. */
    readonly live: readonly string[];
  };
  readonly definitions: {
    readonly deciders: Readonly<Record<string, DeciderAnswer>>;
    readonly decisions: Readonly<Record<string, { readonly refusals: readonly string[] }>>;
    readonly readModels: Readonly<Record<string, ReadModelAnswer>>;
  };
}

export interface DeciderAnswer {
  readonly commands: readonly string[];
  readonly events: readonly string[];
  readonly refusals: readonly string[];
}

export interface ReadModelAnswer {
  readonly version: number;
  readonly queries: readonly string[];
  readonly indexes: readonly (readonly string[])[];
}

/** CloudEvents 1.0, JSON form: `GET /events` with `Accept: application/cloudevents-batch+json` gives a list. */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/` and the log. */
  readonly source: string;
  /** The stream. */
  readonly subject: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: unknown;
  /** The position, padded with zeros so that it sorts as text. */
  readonly sequence: string;
  readonly partitionkey: string;
  readonly revision: number;
  readonly schemaversion: number;
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly traceparent?: string;
}
