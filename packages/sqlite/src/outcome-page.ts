/**
 * Outcomes in the order in which they were stored.
 *
 * Two walks are merged by the head that each outcome names: along the events, whose last of each append names it, and
 * along the verdicts, which have none. The cursor is where both walks stand.
 */
import { InvalidMessageError, type OutcomePage } from '@daybook/core';

import type { StatementCache } from './statement.ts';
import { OUTCOME_COLUMNS, toStoredOutcome, type OutcomeRow } from './stored-outcome.ts';

export function readOutcomes(
  statements: StatementCache,
  cursor: string | undefined,
  limit: number,
): OutcomePage {
  const [position, number] = cursor === undefined ? [-1, 0] : parseCursor(cursor);
  const ofEvents = walk(statements, OF_EVENTS, position, limit);
  const ofVerdicts = walk(statements, OF_VERDICTS, number, limit);
  const merged = [...ofEvents, ...ofVerdicts].toSorted(
    (left, right) => left.row[5] - right.row[5] || Number(left.isVerdict) - Number(right.isVerdict),
  );
  const page = merged.slice(0, limit);
  const isEnd =
    ofEvents.length < limit && ofVerdicts.length < limit && page.length === merged.length;
  const lastEvent = page.findLast(({ isVerdict }) => !isVerdict)?.at ?? position;
  const lastVerdict = page.findLast(({ isVerdict }) => isVerdict)?.at ?? number;
  return {
    outcomes: page.map(({ row }) => toStoredOutcome(row)),
    next: isEnd ? null : `${lastEvent}.${lastVerdict}`,
  };
}

interface Walked {
  readonly at: number;
  readonly isVerdict: boolean;
  readonly row: OutcomeRow;
}

function walk(
  statements: StatementCache,
  sql: string,
  after: number,
  limit: number,
): readonly Walked[] {
  const rows = statements.get<readonly [at: number, ...OutcomeRow]>(sql).all(after, limit);
  return rows.map(([at, ...row]) => ({ at, isVerdict: sql === OF_VERDICTS, row }));
}

function parseCursor(cursor: string): readonly [position: number, number: number] {
  const [, position, number] = /^(-1|\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? [];
  if (position === undefined || number === undefined) {
    throw new InvalidMessageError('The cursor is not one that a page of outcomes gave');
  }
  return [Number(position), Number(number)];
}

const OF_EVENTS = `
  SELECT events.position, ${OUTCOME_COLUMNS}
  FROM events CROSS JOIN ids ON ids.id = events.append_id AND ids.kind = 0
  WHERE events.position > ? AND events.append_id IS NOT NULL
  ORDER BY events.position LIMIT ?`;
const OF_VERDICTS = `
  SELECT verdicts.number, ${OUTCOME_COLUMNS}
  FROM verdicts CROSS JOIN ids ON ids.id = verdicts.id AND ids.kind = 0
  WHERE verdicts.number > ?
  ORDER BY verdicts.number LIMIT ?`;
