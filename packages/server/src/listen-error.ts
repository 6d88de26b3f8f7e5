import { DaybookError } from '@daybook/core';

/** The server cannot be opened there; the sentence says what, why, and what to do. */
export class ListenError extends DaybookError {
  readonly code: 'address-in-use' | 'address-not-permitted' | 'address-unknown' | 'not-authorised';
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
