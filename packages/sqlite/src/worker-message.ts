/** What a store's thread and its worker tell each other, besides appends. */
import { ImportRefusedError, IncompatibleStoreError, StoreUnavailableError } from '@daybook/core';

/** Given to a worker when it starts. */
export interface WorkerStart<Options> {
  readonly options: Options;
  /** One Int32, raised and notified for every message: the worker sleeps on it. */
  readonly signal: SharedArrayBuffer;
}

/** A call of one method; the answer carries its number. */
export interface CallMessage {
  readonly call: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type ReplyMessage =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: PackedError };

/** An error's message and what else is needed to make it again on the other side: classes do not cross threads. */
export interface PackedError {
  readonly code: string;
  readonly message: string;
  readonly position: number | undefined;
}

/** The methods of a worker, by name. */
export type WorkerMethods = Readonly<Record<string, (...args: never) => unknown>>;

/** The call that opens the worker's file, numbered before all others. */
export const START_CALL = 0;

export function packError(error: unknown): PackedError {
  return {
    code: error instanceof Error && 'code' in error ? String(error.code) : '',
    message: error instanceof Error ? error.message : String(error),
    position: error instanceof ImportRefusedError ? error.position : undefined,
  };
}

export function unpackError({ code, message, position }: PackedError): Error {
  switch (code) {
    case 'store-unavailable':
      return new StoreUnavailableError(message);
    case 'incompatible-store':
      return new IncompatibleStoreError(message);
    case 'import-refused':
      return new ImportRefusedError(message, position);
    default:
      return new Error(message);
  }
}
