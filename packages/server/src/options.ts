/** What a server is told when it is made, checked once. */
import { defaultHttpLimits, type HttpLimits } from '@daybook/protocol';

import type { Authenticate, Authorize, AuthorizeAdmin, AuthorizeHistory } from './authorisation.ts';
import type { ReportedError } from './problem.ts';

export interface HttpOptions {
  /** Who sends a request; undefined for nobody. Default: nobody ever. */
  readonly authenticate?: Authenticate | undefined;
  /** What an actor may do. Default: everything, which is why an address beyond loopback is then refused by `listen`. */
  readonly authorize?: Authorize | undefined;
  /** Who may read streams, past states and the log. Default: nobody once there is an `authorize`. */
  readonly authorizeHistory?: AuthorizeHistory | undefined;
  /** Who may use `/admin`. Default: nobody; without any `authorize`, in development, whoever comes from loopback. */
  readonly authorizeAdmin?: AuthorizeAdmin | undefined;
  /** Stands before every path, such as `/daybook`; default none. */
  readonly basePath?: string | undefined;
  /** Names (with a port or for any port) that `Host` may have, or `'any'`. Default: loopback and the host of `listen`; any when `public`. */
  readonly allowedHosts?: readonly string[] | 'any' | undefined;
  /** Origins of other sites whose pages may call this server, such as `https://app.example.com`. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * Live queries carry every row that they read to clients that predict, also one that the answer shows only in part or
   * not at all. Default false: what the answer does not show whole stays here, and such a query is not predicted.
   */
  readonly sharesRows?: boolean | undefined;
  /** Serves everybody who can reach the address although there is no `authorize`. */
  readonly public?: boolean | undefined;
  /** Default `production`. */
  readonly mode?: 'development' | 'production' | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  /** Of the OpenAPI document. */
  readonly title?: string | undefined;
  /** Told of every error whose sentence callers do not get. Default: written to standard error. */
  readonly onError?: ((reported: ReportedError) => void) | undefined;
}

/** Options with every default filled in. */
export interface Settings {
  readonly authenticate: Authenticate | undefined;
  readonly authorize: Authorize | undefined;
  readonly authorizeHistory: AuthorizeHistory | undefined;
  readonly authorizeAdmin: AuthorizeAdmin | undefined;
  readonly basePath: string;
  readonly allowedHosts: readonly string[] | 'any';
  readonly allowedOrigins: ReadonlySet<string>;
  readonly sharesRows: boolean;
  readonly isPublic: boolean;
  readonly mode: 'development' | 'production';
  readonly limits: HttpLimits;
  readonly title: string;
  readonly onError: (reported: ReportedError) => void;
}

/** @throws TypeError for an option that cannot be meant. */
export function settingsOf(options: HttpOptions): Settings {
  return {
    authenticate: options.authenticate,
    authorize: options.authorize,
    authorizeHistory: options.authorizeHistory,
    authorizeAdmin: options.authorizeAdmin,
    basePath: checkedBasePath(options.basePath ?? ''),
    allowedHosts: options.allowedHosts ?? (options.public === true ? 'any' : loopbackHosts),
    allowedOrigins: new Set((options.allowedOrigins ?? []).map(checkedOrigin)),
    sharesRows: options.sharesRows ?? false,
    isPublic: options.public ?? false,
    mode: options.mode ?? 'production',
    limits: checkedLimits(options.limits ?? {}),
    title: options.title ?? 'Daybook',
    onError: options.onError ?? writeToStandardError,
  };
}

/** Names of this machine for itself. */
const loopbackHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

function checkedBasePath(basePath: string): string {
  if (basePath === '' || /^(\/[\w.~-]+)+$/.test(basePath)) return basePath;
  throw new TypeError(
    `basePath is "${basePath}"; it must begin with "/", have no "/" at its end and no special characters.`,
  );
}

function checkedOrigin(origin: string): string {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin;
  throw new TypeError(
    `allowedOrigins has "${origin}"; an origin looks like "https://app.example.com", without a path.`,
  );
}

function checkedLimits(given: Partial<HttpLimits>): HttpLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultHttpLimits, name))
      throw new TypeError(`There is no limit "${name}".`);
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TypeError(`The limit "${name}" must be a whole number from 1.`);
  }
  return { ...defaultHttpLimits, ...given };
}

function writeToStandardError({ error, errorId }: ReportedError): void {
  console.error(`daybook: error ${errorId}:`, error);
}
