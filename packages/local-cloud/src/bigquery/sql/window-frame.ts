import { DuckDBDecimalValue } from '@duckdb/node-api';
import { invalidQuery, unsupported } from '../errors.ts';
import { scalar, typeName } from '../types.ts';
import type { FrameBound, WindowFrame } from './ast.ts';
import { coerce } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import type { Resolved } from './resolved.ts';

/** From the first row of a partition to the last. */
const PLACES = ['UNBOUNDED PRECEDING', 'PRECEDING', 'CURRENT ROW', 'FOLLOWING', 'UNBOUNDED FOLLOWING'];

/** The frame of a window. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls#def_window_frame */
export function frameSql(
  { unit, start, end }: WindowFrame,
  orderBy: readonly Resolved[],
  context: ExpressionContext,
): string {
  const last: FrameBound = end ?? { bound: 'CURRENT ROW' };
  const at = 'offset' in start ? start.offset.at : 'offset' in last ? last.offset.at : undefined;
  const isBackward = PLACES.indexOf(start.bound) > PLACES.indexOf(last.bound);
  if (isBackward || start.bound === 'UNBOUNDED FOLLOWING' || last.bound === 'UNBOUNDED PRECEDING')
    throw invalidQuery(`The window frame cannot start at ${start.bound} and end at ${last.bound}`, at);
  const bound = (edge: FrameBound): string => {
    if (!('offset' in edge)) return edge.bound;
    return `${offsetSql(unit, orderBy, context.resolve(edge.offset, context), context)} ${edge.bound}`;
  };
  return end ? `${unit} BETWEEN ${bound(start)} AND ${bound(end)}` : `${unit} ${bound(start)}`;
}

function offsetSql(
  unit: WindowFrame['unit'],
  orderBy: readonly Resolved[],
  value: Resolved,
  { bindings }: ExpressionContext,
): string {
  const type = unit === 'ROWS' ? scalar('INT64') : rangeType(orderBy, value);
  const offset = coerce(value, type, bindings);
  if (!offset)
    throw invalidQuery(
      `Window framing expression has type ${typeName(value.type)} that cannot coerce to ${typeName(type)}`,
      value.at,
    );
  const { constant } = value;
  if (constant === undefined) throw unsupported('A window frame that is not constant', value.at);
  if (constant === null) throw invalidQuery('Window framing expression cannot be NULL', value.at);
  const number = constant instanceof DuckDBDecimalValue ? constant.value : Number(constant);
  if (number < 0)
    throw invalidQuery('Window framing expression cannot evaluate to a negative value', value.at);
  return offset.sql;
}

function rangeType([key, ...others]: readonly Resolved[], { at }: Resolved): Resolved['type'] {
  if (!key || others.length > 0)
    throw invalidQuery(
      'A RANGE-based window with OFFSET PRECEDING or OFFSET FOLLOWING boundaries must have exactly one ORDER BY key',
      at,
    );
  const { type } = key;
  if (type.kind === 'INT64' || type.kind === 'NUMERIC') return type;
  // DuckDB orders NaN otherwise, which takes a second key.
  if (type.kind === 'FLOAT64') throw unsupported('RANGE with an offset of FLOAT64', at);
  throw invalidQuery(
    `ORDER BY key must be numeric in a RANGE-based window with OFFSET PRECEDING or OFFSET FOLLOWING boundaries, but has type ${typeName(type)}`,
    at,
  );
}
