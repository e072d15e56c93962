import { invalidQuery } from '../errors.ts';
import { typeName } from '../types.ts';
import type { Expression, OrderItem } from './ast.ts';
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

/** The item of the SELECT list that an ordinal names. Throws for an ordinal without an item. */
export function itemAt<Item>(
  node: Expression,
  clause: 'GROUP BY' | 'ORDER BY',
  list: readonly Item[],
): Item | undefined {
  const ordinal = ordinalOf(node, clause);
  const item = ordinal === undefined ? undefined : list[ordinal - 1];
  if (item || ordinal === undefined) return item;
  throw invalidQuery(`${clause} is out of SELECT list range: ${ordinal}`, node.at);
}

/** A key of ORDER BY that sorts as BigQuery does: NULLs as the item says, NaN as the smallest number. */
function orderKeySql(value: Resolved, item: OrderItem, key: string): string {
  if (/^(?:ARRAY|STRUCT|JSON)$/.test(value.type.kind))
    throw invalidQuery(`ORDER BY does not support expressions of type ${typeName(value.type)}`, value.at);
  const direction = item.descending ? 'DESC' : 'ASC';
  const plain = `${key} ${direction} NULLS ${item.nulls}`;
  if (value.type.kind !== 'FLOAT64') return plain;
  const nan = `isnan(${value.sql}) ${item.descending ? 'ASC' : 'DESC'}`;
  return `(${value.sql} IS NULL) ${item.nulls === 'FIRST' ? 'DESC' : 'ASC'}, ${nan}, ${plain}`;
}

/** An ORDER BY clause, empty for no keys; `keyOf` is the SQL of a key, if that is not its value. */
export function orderBySql(
  items: readonly OrderItem[],
  resolve: (node: Expression) => Resolved,
  keyOf = ({ sql }: Resolved) => sql,
): { sql: string; values: Resolved[] } {
  const values: Resolved[] = [];
  const keys = items.map((item) => {
    const value = resolve(item.value);
    values.push(value);
    return orderKeySql(value, item, keyOf(value));
  });
  return { sql: keys.length === 0 ? '' : `ORDER BY ${keys.join(', ')}`, values };
}
