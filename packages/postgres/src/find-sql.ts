/** Plans of `find` and `count` as SQL that the index serves which they name. */
import { NotIndexedError, type FindPlan, type FindRange, type IndexValue } from '@daybook/core';

import type { Parameter } from './connection.ts';
import { columnText, cut } from './index-value.ts';
import { columnOf, ROW_COLUMNS, rowsTable, type RowTables } from './row-tables.ts';

export interface FindSql {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

export function findSql(tables: RowTables, plan: FindPlan): FindSql {
  const conditions = conditionsOf(tables, plan);
  const isDown = plan.direction === 'desc';
  const ordered = [...orderedColumns(tables, plan), 'key'];
  if (plan.after !== undefined) {
    const values = plan.after.values.map((value) => conditions.value(tables, value));
    const after = [...values, conditions.parameter(plan.after.key)];
    // Row values compare column by column, as the index is ordered.
    conditions.add(`(${ordered.join(', ')}) ${isDown ? '<' : '>'} (${after.join(', ')})`);
  }
  const order = ordered.map((column) => (isDown ? `${column} DESC` : column)).join(', ');
  const limit = conditions.parameter(plan.limit);
  return {
    text: `SELECT ${ROW_COLUMNS} FROM ${rowsTable(tables)} ${conditions.sql} ORDER BY ${order} LIMIT ${limit}`,
    parameters: conditions.parameters,
  };
}

export function countSql(tables: RowTables, plan: FindPlan): FindSql {
  const conditions = conditionsOf(tables, plan);
  return {
    text: `SELECT count(*) FROM ${rowsTable(tables)} ${conditions.sql}`,
    parameters: conditions.parameters,
  };
}

class Conditions {
  readonly #conditions: string[] = [];
  readonly parameters: Parameter[] = [];

  add(condition: string): void {
    this.#conditions.push(condition);
  }

  parameter(value: Parameter): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  /** A value as the columns hold it. */
  value({ valueBytesMax }: RowTables, value: IndexValue): string {
    return this.parameter(cut(columnText(value), valueBytesMax));
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

function conditionsOf(tables: RowTables, plan: FindPlan): Conditions {
  checkIndex(tables, plan);
  const conditions = new Conditions();
  for (const [place, value] of plan.equals.entries()) {
    const field = plan.index[place] ?? '';
    conditions.add(`${columnOf(tables, field)} = ${conditions.value(tables, value)}`);
    if (typeof value === 'string' && isCut(tables, value)) {
      conditions.add(`row ->> ${conditions.parameter(field)} = ${conditions.parameter(value)}`);
    }
  }
  if (plan.range === undefined) return conditions;
  const column = columnOf(tables, plan.index[plan.equals.length] ?? '');
  for (const [bound, operator] of OPERATORS) {
    const value = plan.range[bound];
    if (value !== undefined)
      conditions.add(`${column} ${operator} ${conditions.value(tables, value)}`);
  }
  return conditions;
}

/** True where the column cannot tell the value from another one. */
function isCut({ valueBytesMax }: RowTables, value: string): boolean {
  return Buffer.byteLength(columnText(value)) >= valueBytesMax - LONGEST_CHARACTER;
}

function checkIndex({ indexes }: RowTables, { index }: FindPlan): void {
  if (index.length === 0) return;
  const isDeclared = indexes.some(
    (fields) =>
      fields.length === index.length && fields.every((field, place) => field === index[place]),
  );
  if (isDeclared) return;
  throw new NotIndexedError(`There is no index over ${index.join(', ')} in this generation.`);
}

function orderedColumns(tables: RowTables, plan: FindPlan): readonly string[] {
  return plan.index.slice(plan.equals.length).map((field) => columnOf(tables, field));
}

const LONGEST_CHARACTER = 4;
const OPERATORS: readonly (readonly [bound: keyof FindRange, operator: string])[] = [
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
];
