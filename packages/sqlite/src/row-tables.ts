/**
 * The tables of one generation's rows.
 *
 * `rows_<number>`: a row for each key, as JSON, with a column for each indexed field (see `index-value.ts`), clustered by
 * key, so that each index ends in the key too. `as_of` is the position, in `log`, of the last event that touched the row;
 * a row that several logs have touched keeps the others' positions in `others`.
 * `gone_<number>`: keys of rows that were removed, for `changedSince`. A key that came back stays in it: it is one change
 * or the other, and the list goes with the generation.
 *
 * No name of a read model, field or key stands in SQL: tables go by a number, columns by their place, keys by parameter.
 */

/** What is needed to read and write the rows of a generation; never changes while it lives. */
export interface RowTables {
  readonly number: number;
  /** As declared. */
  readonly indexes: readonly (readonly string[])[];
  /** The indexed fields, each once; the column of `fields[n]` is `f<n>`. */
  readonly fields: readonly string[];
}

export function rowTables(number: number, indexes: readonly (readonly string[])[]): RowTables {
  return { number, indexes, fields: [...new Set(indexes.flat())] };
}

export const ROW_COLUMNS = 'key, row, log, as_of, others';

export type RowRow = readonly [
  key: string,
  row: string,
  log: string,
  asOf: number,
  others: string | null,
];

export function rowsTable({ number }: RowTables): string {
  return `rows_${number}`;
}

export function goneTable({ number }: RowTables): string {
  return `gone_${number}`;
}

/** The name of the index over these fields, undefined where none was declared. */
export function indexName(tables: RowTables, fields: readonly string[]): string | undefined {
  const place = tables.indexes.findIndex(
    (index) => index.length === fields.length && index.every((field, at) => field === fields[at]),
  );
  return place < 0 ? undefined : `rows_${tables.number}_by_${place}`;
}

export function columnOf({ fields }: RowTables, field: string): string {
  return `f${fields.indexOf(field)}`;
}

export function createTablesSql(tables: RowTables): string {
  const columns = tables.fields.map((_, place) => `, f${place} NOT NULL`).join('');
  const indexes = tables.indexes.map((fields) => {
    const by = fields.map((field) => columnOf(tables, field)).join(', ');
    return `CREATE INDEX IF NOT EXISTS ${indexName(tables, fields)} ON ${rowsTable(tables)} (${by});`;
  });
  return `
    CREATE TABLE ${rowsTable(tables)} (
      key TEXT PRIMARY KEY,
      row TEXT NOT NULL,
      log TEXT NOT NULL,
      as_of INTEGER NOT NULL,
      others TEXT${columns}
    ) WITHOUT ROWID;
    CREATE TABLE ${goneTable(tables)} (
      key TEXT NOT NULL,
      log TEXT NOT NULL,
      as_of INTEGER NOT NULL,
      PRIMARY KEY (key, log)
    ) WITHOUT ROWID;
    ${indexes.join('\n')}`;
}

export function dropTablesSql(tables: RowTables): string {
  return `DROP TABLE ${rowsTable(tables)}; DROP TABLE ${goneTable(tables)};`;
}

/** Parameters: key, row, asOf, each field's value, log. A row that comes back keeps its places in other logs. */
export function insertSql(tables: RowTables): string {
  const log = logParameter(tables);
  const values = tables.fields.map((_, place) => `, ${fieldParameter(place)}`).join('');
  return `
    INSERT INTO ${rowsTable(tables)} VALUES (?1, ?2, ${log}, ?3, (
      SELECT nullif(json_group_object(log, as_of), '{}') FROM ${goneTable(tables)}
      WHERE key = ?1 AND log <> ${log})${values})`;
}

/** Parameters: key. Gives the fields' values. */
export function fieldsSql(tables: RowTables): string {
  const columns = ['1', ...tables.fields.map((_, place) => `f${place}`)];
  return `SELECT ${columns.join(', ')} FROM ${rowsTable(tables)} WHERE key = ?`;
}

/**
 * Parameters: key, row, asOf, each field's value, log. Changes a row of which only `changed` fields differ, or none.
 *
 * Only they are set: an index is written anew for each column that is set, whether its value changed or not.
 */
export function updateSql(tables: RowTables, changed: ReadonlySet<number>): string {
  const log = logParameter(tables);
  const fields = tables.fields.map((_, place) => ({
    place,
    is: `f${place} = ${fieldParameter(place)}`,
  }));
  const sets = fields.filter(({ place }) => changed.has(place)).map(({ is }) => `, ${is}`);
  const same = fields.filter(({ place }) => !changed.has(place)).map(({ is }) => ` AND ${is}`);
  return `
    UPDATE ${rowsTable(tables)} SET row = ?2, as_of = ?3, log = ${log},
      others = CASE WHEN log = ${log} THEN others
        ELSE json_patch(coalesce(others, '{}'), json_object(log, as_of)) END${sets.join('')}
    WHERE key = ?1${same.join('')}`;
}

function fieldParameter(place: number): string {
  return `?${place + 4}`;
}

function logParameter({ fields }: RowTables): string {
  return fieldParameter(fields.length);
}

/** What stays of a row that is removed, in the order of running; parameters of each: key, log, asOf. */
export function removeSqls(tables: RowTables): readonly string[] {
  const rows = rowsTable(tables);
  const gone = goneTable(tables);
  const keep = 'ON CONFLICT DO UPDATE SET as_of = excluded.as_of';
  return [
    `INSERT INTO ${gone}
       SELECT ${rows}.key, other.key, other.value FROM ${rows}, json_each(${rows}.others) AS other
       WHERE ${rows}.key = ?1 AND ?2 IS NOT NULL AND ?3 IS NOT NULL ${keep}`,
    `INSERT INTO ${gone}
       SELECT key, log, as_of FROM ${rows} WHERE key = ?1 AND ?2 IS NOT NULL AND ?3 IS NOT NULL ${keep}`,
    `INSERT INTO ${gone} VALUES (?1, ?2, ?3) ${keep}`,
    `DELETE FROM ${rows} WHERE key = ?1 AND ?2 IS NOT NULL AND ?3 IS NOT NULL`,
  ];
}

/** Parameters: log, position, limit. */
export function changedSinceSql(tables: RowTables): string {
  return `
    SELECT key FROM ${rowsTable(tables)}
    WHERE (log = ?1 AND as_of > ?2)
      OR (others IS NOT NULL AND log <> ?1
        AND EXISTS (SELECT 1 FROM json_each(others) AS other WHERE other.key = ?1 AND other.value > ?2))
    UNION
    SELECT key FROM ${goneTable(tables)} WHERE log = ?1 AND as_of > ?2
    LIMIT ?3`;
}
