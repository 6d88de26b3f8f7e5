/** Waiting until read models have seen a token, told by the server. */
import { TimedOutError, type Token } from '@daybook/core';
import type { DownFrame, ReadyFrame, UpFrame } from '@daybook/protocol';
import { ProblemError } from './errors.ts';
import type { Channel, LiveConnection } from './live-connection.ts';

/** How one read model stands to the token. */
export type Readiness = ReadyFrame['models'][number];

export interface AwaitOptions {
  /** Default and bound are the server's. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asked again after a lost connection, until `giveUpMs` have passed. */
export function awaitReady(
  connection: LiveConnection,
  token: Token,
  models: readonly string[] | undefined,
  options: AwaitOptions & { readonly giveUpMs: number },
): Promise<readonly Readiness[]> {
  const { waitMs, signal, giveUpMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    let id = '';
    const onAbort = (): void => settle(() => reject(signal?.reason as Error));
    const timer = setTimeout(
      () => settle(() => reject(new TimedOutError('Waiting for the server', giveUpMs))),
      giveUpMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    connection.add(channel);

    function settle(end: () => void): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      connection.remove(id);
      end();
    }
    function channel(own: string): Channel {
      id = own;
      const frame: UpFrame = {
        type: 'await',
        id: own,
        token,
        ...(models === undefined ? {} : { models }),
        ...(waitMs === undefined ? {} : { waitMs }),
      };
      return {
        open: (send) => send(frame),
        receive: (answer) =>
          settle(() => (isReady(answer) ? resolve(answer.models) : reject(problemIn(answer)))),
        lost: () => undefined,
        fail: (error) => settle(() => reject(error)),
      };
    }
  });
}

function isReady(frame: DownFrame): frame is ReadyFrame {
  return frame.type === 'ready';
}

function problemIn(frame: DownFrame): Error {
  return frame.type === 'problem'
    ? new ProblemError(frame.problem)
    : new Error(`An await was answered by "${frame.type}".`);
}
