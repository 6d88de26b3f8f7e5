import type { Actor } from './authorisation.ts';
import { bearerToken } from './authorise.ts';
import type { Server } from './call.ts';
import type { Exchange } from './exchange.ts';

/** Who it is; undefined for nobody. @param token of a live connection's `hello`, instead of the header's. */
export async function actorOf(
  { settings: { authenticate } }: Server,
  exchange: Pick<Exchange, 'method' | 'path' | 'remoteAddress' | 'header'>,
  token?: string,
): Promise<Actor | undefined> {
  if (authenticate === undefined) return undefined;
  return authenticate({
    method: exchange.method,
    path: exchange.path,
    remoteAddress: exchange.remoteAddress,
    token: token ?? bearerToken(exchange.header('authorization')),
    header: (name) => exchange.header(name.toLowerCase()),
  });
}
