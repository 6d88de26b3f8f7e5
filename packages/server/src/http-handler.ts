/** One application over HTTP, by whatever door. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { AppFace } from '@daybook/core';

import type { Server } from './call.ts';
import { Connections } from './connections.ts';
import { serveFetch, type FetchInfo } from './facades/fetch.ts';
import { listen, RETRY_AFTER_MS, type Listening, type ListenOptions } from './facades/listen.ts';
import { serveNode } from './facades/node.ts';
import { LiveServer } from './live/live-server.ts';
import { settingsOf, type HttpOptions } from './options.ts';
import { hostCheck } from './security.ts';

/** What a started application is served through; all doors answer alike. */
export interface HttpHandler {
  /** For hosts that speak `Request` and `Response`. Never rejects. */
  fetch(request: Request, info?: FetchInfo): Promise<Response>;
  /** For `node:http`, Express and their like. Without `next`, a path that is not ours is answered by 404. Never rejects. */
  node(request: IncomingMessage, response: ServerResponse, next?: () => void): Promise<void>;
  /** For the `upgrade` event: `/live`. False for a path that is not ours; the socket is then untouched. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** A server of its own. */
  listen(options?: ListenOptions): Promise<Listening>;
  /** Ends live connections and event streams, and takes no more of them; for hosts that close their server themselves. */
  close(): void;
}

/**
 * Serves an application that was started.
 *
 * Nothing is authorised unless `authorize` is given, which is why only loopback is listened on then. The handler closes
 * nothing of the application.
 *
 * ```ts
 * const server = await httpHandler(app).listen({ port: 4680 });
 * ```
 *
 * @throws TypeError for an option that cannot be meant.
 */
export function httpHandler(
  app: AppFace | { readonly face: AppFace },
  options: HttpOptions = {},
): HttpHandler {
  const settings = settingsOf(options);
  const server: Server = {
    app: 'face' in app ? app.face : app,
    settings,
    checkHost: hostCheck(settings.allowedHosts),
    connections: new Connections(settings.limits.connectionsMax),
  };
  const live = new LiveServer(server);
  return {
    fetch: (request, info) => serveFetch(server, request, info),
    node: (request, response, next) => serveNode(server, request, response, next),
    upgrade: (request, socket, head) => live.upgrade(server, request, socket, head),
    listen: (listenOptions = {}) => listen(server, live, listenOptions),
    close: () => server.connections.end(RETRY_AFTER_MS),
  };
}
