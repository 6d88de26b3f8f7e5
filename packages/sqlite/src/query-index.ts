/** Positions of the events that one item of a query can mean, by the indexes on tags and types. */
import type { EventQueryItem } from '@daybook/core';

import type { SqlValue, StatementCache } from './statement.ts';

/** An event of this item above a position, if there is one; not necessarily the first. */
export function findMatch(
  statements: StatementCache,
  { types, tags }: EventQueryItem,
  after: number,
): number | undefined {
  const [tag, ...others] = tags ?? [];
  if (tag !== undefined) {
    return first(statements, TAGGED_AFTER, [
      tag,
      after,
      JSON.stringify(others),
      types === undefined ? null : JSON.stringify(types),
    ]);
  }
  if (types === undefined) return first(statements, ANY_AFTER, [after]);
  for (const type of types) {
    const position = first(statements, TYPED_AFTER, [type, after]);
    if (position !== undefined) return position;
  }
  return undefined;
}

function first(
  statements: StatementCache,
  sql: string,
  parameters: readonly SqlValue[],
): number | undefined {
  return statements.get<readonly [number]>(sql).get(...parameters)?.[0];
}

const ANY_AFTER = 'SELECT position FROM events WHERE position > ?1 LIMIT 1';
const TYPED_AFTER =
  'SELECT position FROM events INDEXED BY events_type WHERE type = ?1 AND position > ?2 LIMIT 1';
const TAGGED_AFTER = `
  SELECT found.position FROM tags AS found
  WHERE found.tag = ?1 AND found.position > ?2
    AND NOT EXISTS (
      SELECT 1 FROM json_each(?3) AS wanted WHERE NOT EXISTS (
        SELECT 1 FROM tags AS other WHERE other.tag = wanted.value AND other.position = found.position))
    AND (?4 IS NULL OR EXISTS (
      SELECT 1 FROM events WHERE events.position = found.position
        AND events.type IN (SELECT value FROM json_each(?4))))
  LIMIT 1`;
