import { invalidQuery } from '../errors.ts';
import { typeName } from '../types.ts';
import type { OrderItem } from './ast.ts';
import type { Resolved } from './resolved.ts';

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
