/** The child's side of a {@link Peer}: methods that the test calls, and things said without being asked. */

export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** What the test sends. */
export interface CallMessage {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What the child sends: that it is ready, an answer, or something by itself. */
export type ChildMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'value'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly call: number; readonly error: ChildError }
  | { readonly kind: 'said'; readonly said: unknown };

export interface ChildError {
  readonly code: string;
  readonly message: string;
}

/** Serves what `open` gives, which is told the argument of `Peer.start`, until the test goes away. */
export async function serve(open: (options: never) => Promise<Methods>): Promise<void> {
  process.on('disconnect', () => process.exit());
  // Our own test gave it.
  const methods = await open(JSON.parse(process.argv[2] ?? '{}') as never);
  process.on('message', (message: CallMessage) => void answer(methods, message));
  send({ kind: 'ready' });
}

/** Tells the test something that it did not ask for. */
export function say(said: unknown): void {
  send({ kind: 'said', said });
}

async function answer(methods: Methods, { call, method, args }: CallMessage): Promise<void> {
  try {
    const value = await methods[method]?.(...(args as never[]));
    send({ kind: 'value', call, value });
  } catch (error) {
    send({ kind: 'error', call, error: describeError(error) });
  }
}

export function describeError(error: unknown): ChildError {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function send(message: ChildMessage): void {
  process.send?.(message);
}
