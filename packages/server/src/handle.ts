/** The one way of every request through the server, whatever facade it came by. */
import { actorOf } from './authentication.ts';
import type { Server } from './call.ts';
import type { Exchange, Reply } from './exchange.ts';
import { HttpProblem, problemOf, problemReply } from './problem.ts';
import { segmentsOf } from './request/raw-path.ts';
import { findRoute, type Route } from './router.ts';
import { checkOrigin, crossOriginHeaders } from './security.ts';

/**
 * Answers a request. Never rejects: an error is an answer too.
 *
 * @returns undefined for a path that is not this server's, so that a framework can go on.
 */
export async function handle(server: Server, exchange: Exchange): Promise<Reply | undefined> {
  const { allowedOrigins } = server.settings;
  const origin = allowedOrigins.size === 0 ? undefined : exchange.header('origin');
  let reply: Reply | undefined;
  try {
    reply = await answer(server, exchange);
  } catch (error) {
    // Whoever is gone caused the error by going: nothing went wrong here.
    const isGone = error instanceof Error && error.name === 'AbortError' && exchange.signal.aborted;
    reply = replyOf(server, isGone ? new HttpProblem('closed', 'The caller is gone.') : error);
  }
  if (reply === undefined || origin === undefined) return reply;
  return { ...reply, headers: [...reply.headers, ...crossOriginHeaders(origin, allowedOrigins)] };
}

/** The answer of an error. */
export function replyOf({ app, settings }: Server, error: unknown): Reply {
  const problem = problemOf(error, app.platform.newId, settings.onError);
  return problemReply(problem, error instanceof HttpProblem ? error.headers : []);
}

async function answer(server: Server, exchange: Exchange): Promise<Reply | undefined> {
  const segments = segmentsOf(exchange.path, server.settings.basePath);
  const found = segments === undefined ? undefined : findRoute(segments);
  if (found === undefined) return undefined;
  server.checkHost(exchange);
  const { route, params } = found;
  const { method } = exchange;
  if (method === 'OPTIONS') return preflight(server, exchange, route);
  const handler = route.methods.get(method === 'HEAD' ? 'GET' : method);
  if (handler === undefined) throw notAllowed(method, route);
  if (route.isUnsafe === true || isUnsafe(exchange))
    checkOrigin(exchange, server.settings.allowedOrigins);
  const actor = route.isProbe === true ? undefined : await actorOf(server, exchange);
  return handler({ server, exchange, actor, params });
}

/** What may change something, or stays open: then it matters whose page it comes from. */
function isUnsafe(exchange: Exchange): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return true;
  return exchange.header('accept')?.includes('text/event-stream') === true;
}

function preflight(
  { settings: { allowedOrigins } }: Server,
  exchange: Exchange,
  route: Route,
): Reply {
  const origin = exchange.header('origin');
  const allow = allowOf(route);
  const headers = ['allow', allow, 'cache-control', 'no-store'];
  if (origin !== undefined && allowedOrigins.has(origin)) {
    headers.push(
      'access-control-allow-methods',
      allow,
      'access-control-allow-headers',
      'authorization, consistency-token, content-type, correlation-id, idempotency-key, if-match, if-none-match, last-event-id, prefer, traceparent',
      'access-control-max-age',
      '600',
    );
  }
  return { status: 204, headers, body: '' };
}

function notAllowed(method: string, route: Route): HttpProblem {
  const allow = allowOf(route);
  return new HttpProblem(
    'method-not-allowed',
    `${method} is not served here; ${allow} is.`,
    [],
    ['allow', allow],
  );
}

function allowOf({ methods }: Route): string {
  const names = [...methods.keys()];
  return [...names, ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}
