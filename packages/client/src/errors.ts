/** Errors of a client. Recognise them by `code`, as all of Daybook's. */
import { DaybookError, type Issue } from '@daybook/core';
import type { Problem } from '@daybook/protocol';

/** The server answered with a problem; `code` is the problem's, the same as of the error in the server's process. */
export class ProblemError extends DaybookError {
  readonly code: string;
  override readonly isRetryable: boolean;
  /** The HTTP status. */
  readonly status: number;
  /** Everything that is wrong with the message. */
  readonly issues: readonly Issue[];
  readonly problem: Problem;
  /** The server had answered the same to this id before. */
  readonly isReplayed: boolean;
  constructor(problem: Problem, isReplayed = false) {
    super(problem.detail);
    this.code = problem.code;
    this.isRetryable = problem.retryable;
    this.status = problem.status;
    this.issues = (problem.errors ?? []).map(({ pointer, detail }) => ({
      path: pointer,
      message: detail,
    }));
    this.problem = problem;
    this.isReplayed = isReplayed;
  }
}

/** No answer came: the network, a proxy or the server is down. Nothing is known; ask again later. */
export class UnreachableError extends DaybookError {
  readonly code = 'unreachable';
  override readonly isRetryable = true;
  constructor(url: string, options?: ErrorOptions) {
    super(
      `${url} gives no answer. Look whether the server runs and can be reached; then try again.`,
      options,
    );
  }
}
