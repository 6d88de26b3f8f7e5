/** What the functions that recognise and allow are given, and may answer. */
/** Whoever `authenticate` recognised; `id` is what events carry as `metadata.actor`. */
export interface Actor {
  readonly id: string;
  /** Milliseconds since 1970, when a live connection has to say anew who it is: it is closed by 4401. Default: never. */
  readonly expiresAt?: number;
  readonly [claim: string]: unknown;
}

export type Authenticate = (
  request: AuthenticationRequest,
) => Actor | undefined | Promise<Actor | undefined>;

/** What there is to recognise somebody by, the same for HTTP and for `/live`. */
export interface AuthenticationRequest {
  readonly method: string;
  readonly path: string;
  readonly remoteAddress: string | undefined;
  /** Of `Authorization: Bearer …`, or of the `hello` of a live connection. */
  readonly token: string | undefined;
  header(name: string): string | undefined;
}

/** What is to be done. `log` where the store has several and the caller names one. */
export type Asked =
  | {
      readonly kind: 'command';
      readonly decider: string;
      readonly id: string;
      readonly command: string;
      readonly data: unknown;
      readonly log: string | undefined;
    }
  | {
      readonly kind: 'decision';
      readonly decision: string;
      readonly data: unknown;
      readonly log: string | undefined;
    }
  | {
      readonly kind: 'query';
      readonly readModel: string;
      readonly query: string;
      readonly params: unknown;
      readonly log: string | undefined;
    }
  /** To be told when read models (all where none are named) have seen a token. */
  | { readonly kind: 'await'; readonly readModels: readonly string[] | undefined }
  /** `/meta`, `/openapi.json` and the details of `/health`. */
  | { readonly kind: 'describe' };

/** `deny` for everything that is not allowed by name. `params` are laid over those of a query. */
export type Verdict = 'allow' | 'deny' | { readonly params: Readonly<Record<string, unknown>> };

export type Authorize = (actor: Actor | undefined, asked: Asked) => Verdict | Promise<Verdict>;

/** One stream, a past state of it, or the log. */
export interface HistoryAsked {
  readonly kind: 'stream' | 'state' | 'events';
  readonly stream: string | undefined;
  readonly log: string | undefined;
}

export type AuthorizeHistory = (
  actor: Actor | undefined,
  asked: HistoryAsked,
) => 'allow' | 'deny' | Promise<'allow' | 'deny'>;

export interface AdminAsked {
  readonly action: 'parked' | 'retry' | 'skip' | 'rebuild' | 'export' | 'import';
  readonly readModel: string | undefined;
  readonly key: string | undefined;
}

export type AuthorizeAdmin = (
  actor: Actor | undefined,
  asked: AdminAsked,
) => 'allow' | 'deny' | Promise<'allow' | 'deny'>;
