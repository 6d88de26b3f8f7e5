/**
 * The tables of one generation's rows.
 *
 * `rows_<number>`: a row for each key, as JSON, with a column for each indexed field (see `index-value.ts`); each index ends
 * in the key. `as_of` is the position, in `log`, of the last event that touched the row; a row that several logs have
 * touched keeps the others' positions in `others`.
 * `gone_<number>`: keys of rows that were removed, for `changedSince`. A key that came back stays in it: it is one change
 * or the other, and the list goes with the generation.
 *
 * No name of a read model, field or key stands in SQL: tables go by a number, columns by their place, keys by parameter.
 */
import type { Json } from '@daybook/core';

import { columnText, cut, fieldValue, valueBytesMax } from './index-value.ts';

/** What is needed to read and write the rows of a generation; never changes while it lives. */
export interface RowTables {
  /** The schema's quoted name. */
  readonly schema: string;
  readonly number: number;
  /** As declared. */
  readonly indexes: readonly (readonly string[])[];
  /** The indexed fields, each once; the column of `fields[n]` is `f<n>`. */
  readonly fields: readonly string[];
  /** Most bytes that a column holds of a value. */
  readonly valueBytesMax: number;
}

export function rowTables(
  schema: string,
  number: number,
  indexes: readonly (readonly string[])[],
): RowTables {
  const fields = [...new Set(indexes.flat())];
  const columns = Math.max(...indexes.map((index) => index.length), 1);
  return { schema, number, indexes, fields, valueBytesMax: valueBytesMax(columns) };
}

export const ROW_COLUMNS = 'key, row, log, as_of, others';

export type RowRow = readonly [
  key: string,
  row: string,
  log: string,
  asOf: string,
  others: string | null,
];

export function rowsTable({ schema, number }: RowTables): string {
  return `${schema}.rows_${number}`;
}

export function goneTable({ schema, number }: RowTables): string {
  return `${schema}.gone_${number}`;
}

export function columnOf({ fields }: RowTables, field: string): string {
  return `f${fields.indexOf(field)}`;
}

export function createTablesSql(tables: RowTables): string {
  const columns = tables.fields.map((_, place) => `, f${place} text COLLATE "C" NOT NULL`).join('');
  const indexes = tables.indexes.map((fields, place) => {
    const by = fields.map((field) => columnOf(tables, field)).join(', ');
    return `CREATE INDEX rows_${tables.number}_by_${place} ON ${rowsTable(tables)} (${by}, key);`;
  });
  return `
    CREATE TABLE ${rowsTable(tables)} (
      key text COLLATE "C" PRIMARY KEY,
      row json NOT NULL,
      log text COLLATE "C" NOT NULL,
      as_of bigint NOT NULL,
      others jsonb${columns}
    );
    CREATE TABLE ${goneTable(tables)} (
      key text COLLATE "C" NOT NULL,
      log text COLLATE "C" NOT NULL,
      as_of bigint NOT NULL,
      PRIMARY KEY (key, log)
    );
    ${indexes.join('\n')}`;
}

export function dropTablesSql(tables: RowTables): string {
  return `DROP TABLE ${rowsTable(tables)}; DROP TABLE ${goneTable(tables)};`;
}

/** Rows for {@link upsertSql}, as one JSON document. */
export function upsertDocument(
  { fields, valueBytesMax: bytesMax }: RowTables,
  rows: readonly { readonly key: string; readonly row: Json; readonly asOf: number }[],
): string {
  const texts = rows.map(({ key, row, asOf }) => {
    const values = fields.map((field, place) => {
      const text = cut(columnText(fieldValue(row, field)), bytesMax);
      return `,"f${place}":${JSON.stringify(text)}`;
    });
    return `{"k":${JSON.stringify(key)},"a":${asOf}${values.join('')},"r":${JSON.stringify(row)}}`;
  });
  return `[${texts.join(',')}]`;
}

/** Parameters: log, document. */
export function upsertSql(tables: RowTables): string {
  const names = tables.fields.map((_, place) => `, f${place}`).join('');
  const types = tables.fields.map((_, place) => `, f${place} text`).join('');
  const sets = tables.fields.map((_, place) => `, f${place} = excluded.f${place}`).join('');
  return `
    INSERT INTO ${rowsTable(tables)} AS known (key, row, log, as_of, others${names})
    SELECT k, coalesce(r, 'null'), $1::text, a, (
      SELECT jsonb_object_agg(gone.log, gone.as_of) FROM ${goneTable(tables)} AS gone
      WHERE gone.key = k AND gone.log <> $1)${names}
    FROM json_to_recordset($2::json) AS given(k text, a bigint, r json${types})
    ON CONFLICT (key) DO UPDATE SET
      row = excluded.row,
      as_of = excluded.as_of,
      others = CASE WHEN known.log = excluded.log THEN known.others
        ELSE (coalesce(known.others, '{}') || jsonb_build_object(known.log, known.as_of)) - excluded.log END,
      log = excluded.log${sets}`;
}

/** What stays of rows that are removed, in the order of running; parameters of each: log, JSON document of `{ k, a }`. */
export function removeSqls(tables: RowTables): readonly string[] {
  const rows = rowsTable(tables);
  const keep = 'ON CONFLICT (key, log) DO UPDATE SET as_of = excluded.as_of';
  const given = 'json_to_recordset($2::json) AS given(k text, a bigint)';
  // Each is given both parameters, since a parameter that is not used has no type.
  return [
    `INSERT INTO ${goneTable(tables)} AS gone (key, log, as_of)
       SELECT held.key, other.key, other.value::bigint FROM ${given}
       JOIN ${rows} AS held ON held.key = given.k CROSS JOIN LATERAL jsonb_each_text(held.others) AS other(key, value)
       WHERE $1::text IS NOT NULL ${keep}`,
    `INSERT INTO ${goneTable(tables)} AS gone (key, log, as_of)
       SELECT held.key, held.log, held.as_of FROM ${given}
       JOIN ${rows} AS held ON held.key = given.k WHERE $1::text IS NOT NULL ${keep}`,
    `INSERT INTO ${goneTable(tables)} AS gone (key, log, as_of) SELECT k, $1, a FROM ${given} ${keep}`,
    `DELETE FROM ${rows} AS held USING ${given} WHERE held.key = given.k AND $1::text IS NOT NULL`,
  ];
}

/** Parameters: log, position, limit. */
export function changedSinceSql(tables: RowTables): string {
  return `
    SELECT key FROM ${rowsTable(tables)}
    WHERE (log = $1 AND as_of > $2) OR (log <> $1 AND (others ->> $1::text)::bigint > $2)
    UNION
    SELECT key FROM ${goneTable(tables)} WHERE log = $1 AND as_of > $2
    LIMIT $3`;
}
