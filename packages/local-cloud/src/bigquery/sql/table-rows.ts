import { invalidQuery } from '../errors.ts';
import { scalar, typeName } from '../types.ts';
import type { Expression, Name } from './ast.ts';
import { coerce } from './coercion.ts';
import { constantSql } from './constants.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { FromContext, Relation } from './resolve-from.ts';
import { Scope } from './scope.ts';

// Which rows of a stored table a query reads: of a time, of a range of times, or a sample.

/** A bound of APPENDS, which may name no column. */
export function timeBound(
  node: Expression | undefined,
  name: string,
  { expression }: FromContext,
): string | undefined {
  if (!node) return undefined;
  const value = resolveExpression(node, { ...expression, scope: new Scope(), clause: `argument ${name}` });
  const time = coerce(value, scalar('TIMESTAMP'), expression.bindings);
  if (!time) {
    throw invalidQuery(
      `No matching signature for table-valued function APPENDS: argument ${name} must be of type TIMESTAMP, but is of type ${typeName(value.type)}`,
      node.at,
    );
  }
  if (time.columns.size > 0) throw invalidQuery(`Argument ${name} of APPENDS must be a constant`, node.at);
  if (time.constant === null) return undefined;
  // A literal, unlike a bound parameter, lets DuckDB skip the rows outside the range.
  return time.constant === undefined ? time.sql : constantSql('TIMESTAMP', time.constant, node.at);
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#for_system_time_as_of */
export function tableAsOf(path: readonly Name[], node: Expression, context: FromContext): Relation {
  if (context.cte(path)) throw invalidQuery('FOR SYSTEM_TIME AS OF can only be used with a table', node.at);
  const { expression } = context;
  const value = resolveExpression(node, {
    ...expression,
    scope: new Scope(),
    clause: 'FOR SYSTEM_TIME AS OF clause',
  });
  const time = coerce(value, scalar('TIMESTAMP'), expression.bindings);
  if (!time) {
    throw invalidQuery(
      `FOR SYSTEM_TIME AS OF must be of type TIMESTAMP, but is of type ${typeName(value.type)}`,
      node.at,
    );
  }
  if (time.columns.size > 0) throw invalidQuery('FOR SYSTEM_TIME AS OF must be a constant', node.at);
  return context.asOf(path, node.at, time.sql);
}

/** A sample of whole blocks, as at Google. https://docs.cloud.google.com/bigquery/docs/table-sampling */
export function sample(relation: Relation, node: Expression, { expression }: FromContext): Relation {
  const isStored = relation.sql.startsWith('data.');
  if (!isStored) throw invalidQuery('TABLESAMPLE can only be used with a table', node.at);
  const context = { ...expression, scope: new Scope(), clause: 'TABLESAMPLE clause' };
  const percent = resolveExpression(node, context);
  const isNumber = coerce(percent, scalar('FLOAT64'), expression.bindings) !== undefined;
  const share = Number(percent.constant ?? -1);
  if (!isNumber || !(share >= 0 && share <= 100)) {
    throw invalidQuery('The percentage of TABLESAMPLE must be a literal or parameter from 0 to 100', node.at);
  }
  return { ...relation, sql: `(SELECT * FROM ${relation.sql} TABLESAMPLE SYSTEM (${share} PERCENT))` };
}
