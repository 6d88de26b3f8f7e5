/**
 * Whether somebody may (rule S1).
 *
 * The order of every request is: who is it, may they, and only then anything else: a caller who may not learns neither
 * whether a command exists nor what an earlier one did. What answers with anything that is not an allowance denies.
 */
import type { Actor, AdminAsked, Asked, HistoryAsked } from './authorisation.ts';
import type { Settings } from './options.ts';
import { HttpProblem } from './problem.ts';

/** Lets it pass, with the parameters that are forced on a query. @throws {@link HttpProblem} */
export async function authorise(
  { authorize }: Settings,
  actor: Actor | undefined,
  asked: Asked,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (authorize === undefined) return undefined;
  const verdict: unknown = await authorize(actor, asked);
  if (verdict === 'allow') return undefined;
  const forced = asked.kind === 'query' ? forcedOf(verdict) : undefined;
  if (forced === undefined) throw denied(actor);
  return forced;
}

/** @throws {@link HttpProblem} */
export async function authoriseHistory(
  { authorize, authorizeHistory }: Settings,
  actor: Actor | undefined,
  asked: HistoryAsked,
): Promise<void> {
  if (authorizeHistory === undefined) {
    if (authorize === undefined) return;
    throw new HttpProblem(
      'forbidden',
      'History is closed here. Whoever runs this server opens it by authorizeHistory.',
    );
  }
  if ((await authorizeHistory(actor, asked)) !== 'allow') throw denied(actor);
}

/** @throws {@link HttpProblem} */
export async function authoriseAdmin(
  { authorize, authorizeAdmin, mode }: Settings,
  actor: Actor | undefined,
  asked: AdminAsked,
  remoteAddress: string | undefined,
): Promise<void> {
  if (authorizeAdmin === undefined) {
    if (authorize === undefined && mode === 'development' && isLoopbackAddress(remoteAddress)) {
      return;
    }
    throw new HttpProblem(
      'forbidden',
      'The admin paths are closed here. Whoever runs this server opens them by authorizeAdmin, or, on loopback only, by mode: development.',
    );
  }
  if ((await authorizeAdmin(actor, asked)) !== 'allow') throw denied(actor);
}

/** The token of `Authorization: Bearer …`. */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S+)\s*$/i.exec(header)?.[1];
}

/** An address of this machine for itself. */
export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/.test(address);
}

function denied(actor: Actor | undefined): HttpProblem {
  return actor === undefined
    ? new HttpProblem(
        'unauthenticated',
        'This needs somebody who may do it, and nobody was authenticated.',
      )
    : new HttpProblem('forbidden', 'Whoever was authenticated may not do this.');
}

function forcedOf(verdict: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof verdict !== 'object' || verdict === null || !('params' in verdict)) return undefined;
  const { params } = verdict;
  return typeof params === 'object' && params !== null ? { ...params } : undefined;
}
