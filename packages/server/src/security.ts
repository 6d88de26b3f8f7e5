/**
 * Whether a browser, or a name in the DNS, was tricked into calling this server (rule S2).
 *
 * Loopback is no boundary: any page can post to `http://localhost:4680`, and any name can be made to point there. So the
 * `Host` must be one that this server is known by, and what changes something, or stays open, must come from a page of
 * the same host, from an origin that was allowed by name, or from no page at all.
 */
import type { Exchange } from './exchange.ts';
import { HttpProblem } from './problem.ts';

type Headers = Pick<Exchange, 'header'>;

/** Checks the `Host` header. @throws {@link HttpProblem} */
export type CheckHost = (request: Headers) => void;

export function hostCheck(allowed: readonly string[] | 'any'): CheckHost {
  if (allowed === 'any') return () => undefined;
  const names = new Set(allowed.map((name) => name.toLowerCase()));
  // Nearly every request has the host of the one before.
  let known = '';
  return (request) => {
    const host = request.header('host') ?? '';
    if (host === known && host !== '') return;
    const lower = host.toLowerCase();
    if (!names.has(lower) && !names.has(lower.replace(/:\d+$/, ''))) {
      throw new HttpProblem(
        'host-not-allowed',
        'This server is not known by the name in the Host header. Whoever runs it lists its names in allowedHosts.',
      );
    }
    known = host;
  };
}

/** Checks where an unsafe request, an event stream or an upgrade comes from. @throws {@link HttpProblem} */
export function checkOrigin(request: Headers, allowedOrigins: ReadonlySet<string>): void {
  const origin = request.header('origin');
  const site = request.header('sec-fetch-site');
  if (origin === undefined && site === undefined) return;
  if (origin !== undefined && allowedOrigins.has(origin)) return;
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isForeignOrigin = origin !== undefined && !isSameHost(origin, request.header('host'));
  if (!isForeignSite && !isForeignOrigin) return;
  throw new HttpProblem(
    'origin-not-allowed',
    'The request comes from a page of another origin. Whoever runs this server lists such origins in allowedOrigins.',
  );
}

/**
 * Headers that let a page of an allowed origin read the answer; none for others.
 *
 * Names and values in turn.
 */
export function crossOriginHeaders(
  origin: string | undefined,
  allowedOrigins: ReadonlySet<string>,
): readonly string[] {
  if (origin === undefined || !allowedOrigins.has(origin)) return [];
  return [
    'access-control-allow-origin',
    origin,
    'access-control-allow-credentials',
    'true',
    'access-control-expose-headers',
    'etag, consistency-token, idempotency-replayed, preference-applied, retry-after, link',
    'vary',
    'origin',
  ];
}

/** The scheme is not compared: behind a proxy that ends TLS it is not known here. */
function isSameHost(origin: string, host: string | undefined): boolean {
  const end = origin.indexOf('://');
  return (
    end > 0 && host !== undefined && origin.slice(end + 3).toLowerCase() === host.toLowerCase()
  );
}
