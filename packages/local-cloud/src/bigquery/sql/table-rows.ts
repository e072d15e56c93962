import { invalidQuery } from '../errors.ts';
import { scalar, typeName } from '../types.ts';
import type { Expression, Name } from './ast.ts';
import { coerce } from './coercion.ts';
import { constantSql } from './constants.ts';
import type { Relation } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { FromContext } from './resolve-from.ts';
import type { Resolved } from './resolved.ts';
import { Scope } from './scope.ts';

// Which rows of a stored table a query reads: of a time, of a range of times, or a sample.

/** A TIMESTAMP, which may name no column. */
function timeOf(node: Expression, clause: string, what: string, context: FromContext): Resolved {
  const value = resolveExpression(node, context.expression(new Scope(), clause));
  const time = coerce(value, scalar('TIMESTAMP'), context.bindings);
  if (time) return time;
  throw invalidQuery(`${what} must be of type TIMESTAMP, but is of type ${typeName(value.type)}`, node.at);
}

/** A bound of APPENDS. */
export function timeBound(
  node: Expression | undefined,
  name: string,
  context: FromContext,
): string | undefined {
  if (!node) return undefined;
  const what = `No matching signature for table-valued function APPENDS: argument ${name}`;
  const time = timeOf(node, `argument ${name}`, what, context);
  if (time.columns.size > 0) throw invalidQuery(`Argument ${name} of APPENDS must be a constant`, node.at);
  if (time.constant === null) return undefined;
  // A literal, unlike a bound parameter, lets DuckDB skip the rows outside the range.
  return time.constant === undefined ? time.sql : constantSql('TIMESTAMP', time.constant, node.at);
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#for_system_time_as_of */
export function tableAsOf(path: readonly Name[], node: Expression, context: FromContext): Relation {
  const clause = 'FOR SYSTEM_TIME AS OF';
  if (context.cte(path)) throw invalidQuery(`${clause} can only be used with a table`, node.at);
  const time = timeOf(node, `${clause} clause`, clause, context);
  if (time.columns.size > 0) throw invalidQuery(`${clause} must be a constant`, node.at);
  return context.asOf(path, node.at, time.sql);
}

/** A sample of whole blocks, as at Google. https://docs.cloud.google.com/bigquery/docs/table-sampling */
export function sample(relation: Relation, node: Expression, context: FromContext): Relation {
  const isStored = relation.sql.startsWith('data.');
  if (!isStored) throw invalidQuery('TABLESAMPLE can only be used with a table', node.at);
  const percent = resolveExpression(node, context.expression(new Scope(), 'TABLESAMPLE clause'));
  const isNumber = coerce(percent, scalar('FLOAT64'), context.bindings) !== undefined;
  const share = Number(percent.constant ?? -1);
  if (!isNumber || !(share >= 0 && share <= 100))
    throw invalidQuery('The percentage of TABLESAMPLE must be a literal or parameter from 0 to 100', node.at);
  return { ...relation, sql: `(SELECT * FROM ${relation.sql} TABLESAMPLE SYSTEM (${share} PERCENT))` };
}
