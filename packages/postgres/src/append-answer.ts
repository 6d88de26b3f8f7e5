/** Answers to a call of `append_group`. */
import {
  ConditionFailedError,
  IdReusedError,
  InvalidMessageError,
  WrongExpectedRevisionError,
  type AppendRequest,
  type AppendResult,
  type LogPlace,
} from '@daybook/core';

import { STATUS } from './append-function.ts';
import type { AppendGroup } from './append-group.ts';
import type { Column } from './connection.ts';
import { duplicateEvent, type PendingAppend } from './encoded-append.ts';
import { placeOf, toStoredOutcome, type OutcomeJson } from './stored-outcome.ts';

/** The one row that `append_group` answers. */
export type GroupRow = readonly [
  head: Column,
  headMark: Column,
  recordedAt: Column,
  statuses: Column,
  details: Column,
  actuals: Column,
  revisions: Column,
  marks: Column,
  known: Column,
];

/** Gives each append of a group its own answer; returns the head that the group left. */
export function settle(group: AppendGroup, row: GroupRow): number {
  const [head, headMark, recordedAt, ...lists] = row;
  const [statuses = [], details = [], actuals = [], revisions = []] = lists
    .slice(0, 4)
    .map(numbersOf);
  const marks = textsOf(row[7]);
  const known = knownOf(row[8], group.log);
  const answers = new Answers(placeOf(Number(head), headMark ?? ''), Number(recordedAt), marks);
  let pair = 0;
  for (const [index, pending] of group.pending.entries()) {
    const { request, resolve, reject } = pending;
    const next = group.lastPairs[index] ?? pair;
    const status = statuses[index] ?? -1;
    switch (status) {
      case STATUS.accepted:
        resolve(answers.appended(request, group.log, revisions.slice(pair, next)));
        break;
      case STATUS.known:
        settleKnown(pending, known.get(request.id));
        break;
      default:
        reject(refusalOf(request, status, details[index], actuals[index]));
    }
    pair = next;
  }
  return answers.head;
}

/** The answer for an id that the log knows; `undefined` where it knows it no more. */
export function settleKnown(
  { request, resolve, reject }: PendingAppend,
  known: Omit<AppendResult, 'status'> | undefined,
): void {
  if (known === undefined) {
    reject(new InvalidMessageError(`The outcome of "${request.id}" was forgotten meanwhile`));
    return;
  }
  const { contentHash } = request;
  const isOther =
    contentHash !== undefined && known.contentHash !== null && contentHash !== known.contentHash;
  if (isOther) reject(new IdReusedError(request.id));
  else resolve({ status: 'repeated', ...known });
}

/** Answers of accepted appends, in order: each names the head that it left. */
class Answers {
  readonly #recordedAt: number;
  readonly #marks: readonly string[];
  #head: LogPlace;
  #nextMark = 0;

  constructor(head: LogPlace, recordedAt: number, marks: readonly string[]) {
    this.#head = head;
    this.#recordedAt = recordedAt;
    this.#marks = marks;
  }

  get head(): number {
    return this.#head.position;
  }

  appended(request: AppendRequest, log: string, revisions: readonly number[]): AppendResult {
    const count = request.streams.reduce((sum, { events }) => sum + events.length, 0);
    const first = this.#head.position + 1;
    if (count > 0) {
      this.#head = { position: first + count - 1, mark: this.#marks[this.#nextMark] ?? '' };
      this.#nextMark += 1;
    }
    return {
      status: 'appended',
      id: request.id,
      log,
      contentHash: request.contentHash ?? null,
      outcome: request.outcome ?? null,
      first: count === 0 ? null : first,
      position: count === 0 ? null : this.#head.position,
      streams: request.streams.map(({ stream }, index) => ({
        stream,
        revision: revisions[index] ?? -1,
      })),
      head: this.#head,
      recordedAt: this.#recordedAt,
    };
  }
}

function refusalOf(request: AppendRequest, status: number, detail = -1, actual = -1): Error {
  switch (status) {
    case STATUS.wrongRevision: {
      const { stream = '', expected = 'any' } = request.streams[detail] ?? {};
      return new WrongExpectedRevisionError(stream, expected, actual);
    }
    case STATUS.conditionFailed:
      return new ConditionFailedError(request.condition?.after ?? -1, detail);
    case STATUS.duplicateEvent:
      return duplicateEvent(request.streams.flatMap(({ events }) => events)[detail]?.id ?? '');
    default:
      return new TypeError(`append_group answered the status ${status}, which is none`);
  }
}

function knownOf(text: Column | undefined, log: string) {
  const rows: readonly OutcomeJson[] = typeof text === 'string' ? JSON.parse(text) : [];
  return new Map(rows.map((row) => [row[0], toStoredOutcome(row, log)]));
}

/** An array of numbers as the server writes it. */
function numbersOf(text: Column | undefined): readonly number[] {
  return textsOf(text).map(Number);
}

/** An array of texts that need no quotes, as the server writes it. */
function textsOf(text: Column | undefined): readonly string[] {
  return typeof text !== 'string' || text.length <= 2 ? [] : text.slice(1, -1).split(',');
}
