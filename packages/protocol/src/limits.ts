/** Bounds of a server, all inclusive, shown by `/meta` and `welcome`. Hitting one is an error or back-pressure. */
export interface HttpLimits {
  /** Bytes of a request's body. */
  readonly bodyBytesMax: number;
  /** Levels of nesting that a body may have before it is parsed; stored JSON has a smaller bound of its own. */
  readonly bodyDepthMax: number;
  /** Bytes of a body beyond its bound that are read and thrown away, so that the connection survives the refusal. */
  readonly discardedBytesMax: number;
  /** Parameters of a query string. */
  readonly queryParametersMax: number;
  /** TCP connections of `listen`; one more is closed at once. */
  readonly socketsMax: number;
  /** Live connections of this process, WebSocket and event streams together. */
  readonly connectionsMax: number;
  readonly subscriptionsPerConnectionMax: number;
  readonly awaitsPerConnectionMax: number;
  /** Bytes of one frame from a client. */
  readonly frameBytesMax: number;
  /** Bytes waiting to be sent to one connection; beyond, it is closed with 4429. */
  readonly bufferedBytesMax: number;
  /** Time between heartbeats; a connection that missed two is closed. */
  readonly heartbeatMs: number;
  /** Time in which the first frame, `hello`, must come. */
  readonly helloMs: number;
  /** How long `close` waits for requests in flight. */
  readonly drainMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytesMax: 1_048_576,
  bodyDepthMax: 64,
  discardedBytesMax: 8_388_608,
  queryParametersMax: 100,
  socketsMax: 20_000,
  connectionsMax: 5_000,
  subscriptionsPerConnectionMax: 100,
  awaitsPerConnectionMax: 100,
  frameBytesMax: 65_536,
  bufferedBytesMax: 1_048_576,
  heartbeatMs: 20_000,
  helloMs: 10_000,
  drainMs: 10_000,
};
