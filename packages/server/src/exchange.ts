/** A request and its answer, the same for every facade. */

/** A request as a facade received it; nothing in it is decoded or checked. */
export interface Exchange {
  readonly method: string;
  /** The path as it came, undecoded, without the query. */
  readonly path: string;
  /** What came after `?`, or `''`. */
  readonly search: string;
  /** Undefined where the facade cannot tell. */
  readonly remoteAddress: string | undefined;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** A header by its lower-case name; several of one name are joined by commas. */
  header(name: string): string | undefined;
  /**
   * The whole body.
   *
   * @throws {@link HttpProblem} `body-too-large` beyond `bytesMax`; the rest was read and thrown away where it is not too much.
   */
  body(bytesMax: number): Promise<ReceivedBody>;
  /** The body as it comes, for imports. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Bytes as they came, or a value that a framework had parsed before (`express.json()`). */
export type ReceivedBody =
  | { readonly bytes: Uint8Array; readonly value?: undefined }
  | { readonly bytes?: undefined; readonly value: unknown };

export interface Reply {
  readonly status: number;
  /** Names and values in turn, as `writeHead` takes them. Without `content-length`, which the facade adds. */
  readonly headers: readonly string[];
  /** A text is sent whole; parts are sent as they come, and their iterator is returned when the caller is gone. */
  readonly body: string | AsyncIterable<string>;
}

/** A JSON answer that nobody may store. */
export function jsonReply(status: number, value: unknown, ...headers: readonly string[]): Reply {
  return {
    status,
    headers: headers.length === 0 ? jsonHeaders : [...jsonHeaders, ...headers],
    body: JSON.stringify(value),
  };
}

const jsonHeaders: readonly string[] = [
  'content-type',
  'application/json',
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
];
