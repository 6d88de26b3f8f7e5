/** Plans of `find` and `count` as SQL over the index that they name. */
import { NotIndexedError, type FindPlan, type FindRange } from '@daybook/core';

import { columnValue } from './index-value.ts';
import { columnOf, indexName, ROW_COLUMNS, rowsTable, type RowTables } from './row-tables.ts';
import type { SqlValue } from './statement.ts';

export interface FindSql {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export function findSql(tables: RowTables, plan: FindPlan): FindSql {
  const conditions = conditionsOf(tables, plan);
  const isDown = plan.direction === 'desc';
  const ordered = [...orderedColumns(tables, plan), 'key'];
  if (plan.after !== undefined) {
    const after = [...plan.after.values.map(columnValue), plan.after.key];
    const marks = after.map(() => '?').join(', ');
    // Row values compare column by column, as the index is ordered.
    conditions.add(`(${ordered.join(', ')}) ${isDown ? '<' : '>'} (${marks})`, ...after);
  }
  const order = ordered.map((column) => (isDown ? `${column} DESC` : column)).join(', ');
  return {
    sql: `SELECT ${ROW_COLUMNS} FROM ${source(tables, plan)} ${conditions.sql} ORDER BY ${order} LIMIT ?`,
    parameters: [...conditions.parameters, plan.limit],
  };
}

export function countSql(tables: RowTables, plan: FindPlan): FindSql {
  const { sql, parameters } = conditionsOf(tables, plan);
  return { sql: `SELECT count(*) FROM ${source(tables, plan)} ${sql}`, parameters };
}

class Conditions {
  readonly #conditions: string[] = [];
  readonly #parameters: SqlValue[] = [];

  add(condition: string, ...parameters: readonly SqlValue[]): void {
    this.#conditions.push(condition);
    this.#parameters.push(...parameters);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }

  get parameters(): readonly SqlValue[] {
    return this.#parameters;
  }
}

function conditionsOf(tables: RowTables, plan: FindPlan): Conditions {
  const conditions = new Conditions();
  for (const [place, value] of plan.equals.entries()) {
    conditions.add(`${columnAt(tables, plan, place)} = ?`, columnValue(value));
  }
  if (plan.range === undefined) return conditions;
  const column = columnAt(tables, plan, plan.equals.length);
  for (const [bound, operator] of OPERATORS) {
    const value = plan.range[bound];
    if (value !== undefined) conditions.add(`${column} ${operator} ?`, columnValue(value));
  }
  return conditions;
}

function source(tables: RowTables, plan: FindPlan): string {
  if (plan.index.length === 0) return rowsTable(tables);
  const name = indexName(tables, plan.index);
  if (name === undefined) {
    throw new NotIndexedError(
      `There is no index over ${plan.index.join(', ')} in this generation.`,
    );
  }
  return `${rowsTable(tables)} INDEXED BY ${name}`;
}

function orderedColumns(tables: RowTables, plan: FindPlan): readonly string[] {
  return plan.index.slice(plan.equals.length).map((field) => columnOf(tables, field));
}

function columnAt(tables: RowTables, plan: FindPlan, place: number): string {
  return columnOf(tables, plan.index[place] ?? '');
}

const OPERATORS: readonly (readonly [bound: keyof FindRange, operator: string])[] = [
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
];
