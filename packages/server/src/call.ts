/** What every route works with. */
import type { AppFace } from '@daybook/core';

import type { Actor } from './authorisation.ts';
import type { Connections } from './connections.ts';
import type { Exchange, Reply } from './exchange.ts';
import type { Settings } from './options.ts';
import type { CheckHost } from './security.ts';

/** One server: an application and how it is shown. */
export interface Server {
  readonly app: AppFace;
  readonly settings: Settings;
  readonly checkHost: CheckHost;
  readonly connections: Connections;
}

/** A request that was routed; whose it is is known, what it may is not. */
export interface Call {
  readonly server: Server;
  readonly exchange: Exchange;
  readonly actor: Actor | undefined;
  /** What stood in the path for each placeholder, in order, decoded. */
  readonly params: readonly string[];
}

export type Handler = (call: Call) => Promise<Reply>;
