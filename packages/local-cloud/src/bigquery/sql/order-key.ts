import { invalidQuery } from '../errors.ts';
import { typeName } from '../types.ts';
import type { Expression, OrderItem } from './ast.ts';
import type { ExpressionContext } from './context.ts';
import type { Resolved } from './resolved.ts';

/** A literal without the name of a type; also an array or STRUCT of them. */
function isPlainLiteral(node: Expression): boolean {
  if (node.node === 'literal') return /^(?:NULL|BOOL|INT64|FLOAT64|STRING|BYTES)$/.test(node.literal.kind);
  if (node.node === 'array') return !node.elementType && node.elements.every(isPlainLiteral);
  return node.node === 'struct' && !node.type && node.fields.every(({ value }) => isPlainLiteral(value));
}

/** The position in the SELECT list, from 1, that `GROUP BY 2` or `ORDER BY 2` names. Throws for another literal. */
export function ordinalOf(node: Expression, clause: 'GROUP BY' | 'ORDER BY'): number | undefined {
  if (node.node === 'literal' && node.literal.kind === 'INT64') return Number(node.literal.text);
  if (isPlainLiteral(node)) throw invalidQuery(`Cannot ${clause} literal values`, node.at);
  return undefined;
}

/** A key of ORDER BY that sorts as BigQuery does: NULLs as the item says, NaN as the smallest number. */
export function orderKeySql(value: Resolved, item: OrderItem, key = value.sql): string {
  if (/^(?:ARRAY|STRUCT|JSON)$/.test(value.type.kind)) {
    throw invalidQuery(`ORDER BY does not support expressions of type ${typeName(value.type)}`, value.at);
  }
  const direction = item.descending ? 'DESC' : 'ASC';
  const plain = `${key} ${direction} NULLS ${item.nulls}`;
  if (value.type.kind !== 'FLOAT64') return plain;
  const nan = `isnan(${value.sql}) ${item.descending ? 'ASC' : 'DESC'}`;
  return `(${value.sql} IS NULL) ${item.nulls === 'FIRST' ? 'DESC' : 'ASC'}, ${nan}, ${plain}`;
}

/** An ORDER BY clause whose keys are expressions, empty for no keys. */
export function orderBySql(
  items: readonly OrderItem[],
  context: ExpressionContext,
): { sql: string; values: Resolved[] } {
  const values: Resolved[] = [];
  const keys = items.map((item) => {
    const value = context.resolve(item.value, context);
    values.push(value);
    return orderKeySql(value, item);
  });
  return { sql: keys.length === 0 ? '' : `ORDER BY ${keys.join(', ')}`, values };
}
