/** The statements by which a log is read, made once for each store. */
import { statement, type Statement } from './connection.ts';
import { EVENT_COLUMNS } from './recorded-event.ts';
import { outcomeColumns } from './stored-outcome.ts';

export interface ReadStatements {
  readonly head: Statement;
  readonly place: Statement;
  /** The last position before one that belongs to another append. */
  readonly before: Statement;
  /** Revision and position of a stream's last event at or below a position, as one text. */
  readonly lastRevision: Statement;
  /** Events of a stream, in order; fewer than asked for where they are long. */
  readonly streamUp: Statement;
  readonly streamDown: Statement;
  /** A stretch of the log to the end of the append that a number of events, or of bytes, reaches. */
  readonly stretchUp: Statement;
  /** The lowest position that a page downwards from another one reaches. */
  readonly reachDown: Statement;
  readonly rangeUp: Statement;
  readonly rangeDown: Statement;
  readonly bounds: Statement;
  /** Events at positions, in order; fewer where they are long. */
  readonly positionsUp: Statement;
  readonly positionsDown: Statement;
  readonly matching: Statement;
  readonly outcome: Statement;
  readonly outcomes: Statement;
  readonly instant: Statement;
  readonly settle: Statement;
  readonly prune: Statement;
  readonly logs: Statement;
  readonly logNumber: Statement;
}

/** @param s the schema's quoted name. */
export function readStatements(s: string): ReadStatements {
  const events = `${s}.events`;
  const ofStream = (order: string): string =>
    bounded(
      `SELECT ${EVENT_COLUMNS} FROM ${events}
       WHERE log = $1 AND stream = $2 AND revision BETWEEN $3 AND $4 AND position <= $5
       ORDER BY ${order} LIMIT $6`,
      order,
    );
  // Not `position = ANY (…)`: to have them in order, servers before 17 would rather read the whole log.
  const atPositions = (order: string): string =>
    bounded(
      `SELECT found.* FROM unnest($2::bigint[]) AS asked(place) CROSS JOIN LATERAL (
         SELECT ${EVENT_COLUMNS} FROM ${events} WHERE log = $1 AND position = asked.place LIMIT 1) AS found`,
      order,
    );
  const before = (position: string, commit: string): string => `
    SELECT before.position FROM ${events} AS before
    WHERE before.log = $1 AND before.position < ${position} AND before.commit_position <> ${commit}
    ORDER BY before.position DESC LIMIT 1`;
  return {
    head: statement(
      `SELECT position, mark, commit_position FROM ${events} WHERE log = $1 ORDER BY position DESC LIMIT 1`,
    ),
    place: statement(
      `SELECT position, mark, commit_position FROM ${events} WHERE log = $1 AND position = $2`,
    ),
    before: statement(before('$2', '$3')),
    lastRevision: statement(
      `SELECT revision || ' ' || position FROM ${events}
       WHERE log = $1 AND stream = $2 AND position <= $3 ORDER BY revision DESC LIMIT 1`,
    ),
    streamUp: statement(ofStream('revision')),
    streamDown: statement(ofStream('revision DESC')),
    stretchUp: statement(
      `SELECT ${EVENT_COLUMNS} FROM ${events}
       WHERE log = $1 AND position > $2 AND position <= (
         SELECT max(commit_position) FROM (${sized(
           `SELECT commit_position, position, data, metadata FROM ${events}
            WHERE log = $1 AND position > $2 AND position <= least($3, $2::bigint + $4::bigint)`,
           'position',
         )}) AS page WHERE before < ${PAGE_BYTES_MAX})
       ORDER BY position`,
    ),
    reachDown: statement(
      `SELECT min(position) FROM (${sized(
        `SELECT position, data, metadata FROM ${events}
         WHERE log = $1 AND position < $2 AND position >= $2::bigint - $3::bigint`,
        'position DESC',
      )}) AS page WHERE before < ${PAGE_BYTES_MAX}`,
    ),
    rangeUp: statement(
      `SELECT ${EVENT_COLUMNS} FROM ${events} WHERE log = $1 AND position BETWEEN $2 AND $3 ORDER BY position`,
    ),
    rangeDown: statement(
      `SELECT ${EVENT_COLUMNS} FROM ${events} WHERE log = $1 AND position BETWEEN $2 AND $3 ORDER BY position DESC`,
    ),
    bounds: statement(
      `SELECT (${before('own.position', 'own.commit_position')}), own.commit_position
       FROM ${events} AS own WHERE own.log = $1 AND own.position = $2`,
    ),
    positionsUp: statement(atPositions('position')),
    positionsDown: statement(atPositions('position DESC')),
    matching: statement(
      `SELECT list, place FROM ${s}.matching_positions($1, $2, $3, $4, $5, $6, $7)`,
    ),
    outcome: statement(
      `SELECT ${outcomeColumns(s)} FROM ${s}.appends AS a WHERE a.log = $1 AND a.id = $2`,
    ),
    outcomes: statement(
      `SELECT a.number, ${outcomeColumns(s)} FROM ${s}.appends AS a
       WHERE a.log = $1 AND a.number > $2 ORDER BY a.number LIMIT $3`,
    ),
    instant: statement(
      `SELECT place, mark, head, latest, clock FROM ${s}.place_at_instant($1, $2, $3)`,
    ),
    settle: statement(`SELECT ${s}.settle_instant($1, $2, $3)`),
    prune: statement(`SELECT forgotten, is_done FROM ${s}.prune_step($1, $2)`),
    logs: statement(`SELECT name FROM ${s}.logs ORDER BY name`),
    logNumber: statement(`SELECT log FROM ${s}.logs WHERE name = $1`),
  };
}

/** Rows of events with `before`: how many bytes of JSON those before each take. */
function sized(rows: string, order: string): string {
  const bytes = 'octet_length(data::text) + octet_length(metadata::text)';
  return `SELECT *, sum(${bytes}) OVER (ORDER BY ${order}) - (${bytes}) AS before FROM (${rows}) AS rows`;
}

/** Rows of events in order, up to the one that reaches the most bytes of a page. */
function bounded(rows: string, order: string): string {
  return `SELECT ${EVENT_COLUMNS} FROM (${sized(rows, order)}) AS page WHERE before < ${PAGE_BYTES_MAX} ORDER BY ${order}`;
}

/** A page that holds this much goes no further. */
const PAGE_BYTES_MAX = 16 * 1_048_576;
