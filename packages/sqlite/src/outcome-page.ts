/**
 * Outcomes in the order in which they were stored.
 *
 * Two walks are merged by the head that each outcome names: along the log, whose last event of each append carries it,
 * and along those that are listed. The cursor is where both walks stand.
 */
import { InvalidMessageError, type OutcomePage } from '@daybook/core';

import type { StatementCache } from './statement.ts';
import {
  CARRIED_COLUMNS,
  LISTED_COLUMNS,
  toStoredOutcome,
  type OutcomeRow,
} from './stored-outcome.ts';

export function readOutcomes(
  statements: StatementCache,
  cursor: string | undefined,
  limit: number,
): OutcomePage {
  const [position, number] = cursor === undefined ? [-1, 0] : parseCursor(cursor);
  const carried = walk(statements, CARRIED, position, limit);
  const listed = walk(statements, LISTED, number, limit);
  const merged = [...carried, ...listed].toSorted(
    (left, right) => left.row[5] - right.row[5] || Number(left.isListed) - Number(right.isListed),
  );
  const page = merged.slice(0, limit);
  const isEnd = carried.length < limit && listed.length < limit && page.length === merged.length;
  const lastCarried = page.findLast(({ isListed }) => !isListed)?.at ?? position;
  const lastListed = page.findLast(({ isListed }) => isListed)?.at ?? number;
  return {
    outcomes: page.map(({ row }) => toStoredOutcome(row)),
    next: isEnd ? null : `${lastCarried}.${lastListed}`,
  };
}

interface Walked {
  readonly at: number;
  readonly isListed: boolean;
  readonly row: OutcomeRow;
}

function walk(
  statements: StatementCache,
  sql: string,
  after: number,
  limit: number,
): readonly Walked[] {
  const rows = statements.get<readonly [at: number, ...OutcomeRow]>(sql).all(after, limit);
  return rows.map(([at, ...row]) => ({ at, isListed: sql === LISTED, row }));
}

function parseCursor(cursor: string): readonly [position: number, number: number] {
  const [, position, number] = /^(-1|\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (position === undefined || number === undefined) {
    throw new InvalidMessageError('The cursor is not one that a page of outcomes gave');
  }
  return [Number(position), Number(number)];
}

const CARRIED = `
  SELECT own.position, ${CARRIED_COLUMNS} FROM events AS own
  WHERE own.position > ? AND own.append_id IS NOT NULL ORDER BY own.position LIMIT ?`;
const LISTED = `
  SELECT own.number, ${LISTED_COLUMNS} FROM outcomes AS own
  WHERE own.number > ? ORDER BY own.number LIMIT ?`;
