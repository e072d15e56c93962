import { DuckDBDateValue, DuckDBDecimalValue } from '@duckdb/node-api';
import { formatDate } from '../calendar.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, sameType, scalar, typeName } from '../types.ts';
import type { Expression, FunctionCall, NamedExpression, Pivot, Unpivot } from './ast.ts';
import { coerce } from './coercion.ts';
import { resolveLiteral } from './constants.ts';
import type { ExpressionContext } from './context.ts';
import { AGGREGATES } from './functions/aggregates.ts';
import { assertGroupable } from './operators.ts';
import { columnList, type Output, type Relation } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { ResolvedFrom } from './resolve-from.ts';
import { combined, type Resolved, unionColumns } from './resolved.ts';
import type { Scope, ScopeColumn } from './scope.ts';
import { structOf } from './struct.ts';

/** The table or subquery before PIVOT or UNPIVOT. */
export interface PivotInput {
  readonly from: ResolvedFrom;
  readonly context: ExpressionContext;
}

/**
 * PIVOT: the columns that are neither aggregated nor compared group the rows, and each value has a column for each
 * aggregate. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#pivot_operator
 */
export function resolvePivot(item: Pivot, { from, context }: PivotInput): Relation {
  if (from.lateral) throw invalidQuery('PIVOT is not allowed with array scans', item.at);
  const by = resolveExpression(item.by, context);
  const calls = item.aggregates.map((aggregate) => pivotCall(aggregate, item));
  const read = calls.flatMap(({ call }) =>
    [...call.args, ...call.orderBy.map(({ value }) => value)].map((arg) => resolveExpression(arg, context)),
  );
  const used = new Set([by, ...read].flatMap(({ references }) => references.map(({ sql }) => sql)));
  const groups = context.scope.star().filter(({ sql }) => !used.has(sql));
  for (const { type } of groups) assertGroupable('PIVOT', type, item.at);
  const pivoted = item.values.flatMap(({ value: node, name }) => {
    const value = pivotValue(node, by, context);
    const label = name?.text ?? labelOf(value);
    const rowFilter = `${by.sql} IS NOT DISTINCT FROM ${value.sql}`;
    return calls.map(({ call, prefix }) => {
      const aggregate = resolveExpression(call, { ...context, aggregates: true, rowFilter });
      if (!aggregate.sql.includes(rowFilter)) throw unsupported(`${call.name} inside PIVOT`, call.at);
      if (prefix) return { name: `${prefix}_${label === '' ? `_${EMPTY}` : label}`, value: aggregate };
      const isNumber = !name && by.type.kind !== 'STRING' && /^\d/.test(label);
      return { name: isNumber ? `_${label}` : label || EMPTY, value: aggregate };
    });
  });
  const columns = [...groups.map((column) => columnOf(column, context.scope, item)), ...pivoted];
  const keys = groups.length > 0 ? ` GROUP BY ${groups.map(({ sql }) => sql).join(', ')}` : '';
  const always = combined('', scalar('BOOL'), item.at, [], { columns: unionColumns([by, ...groups]) });
  return relation(columns, ` FROM ${from.sql}${keys}`, [...from.reads, always]);
}

function pivotCall({ value, name }: NamedExpression, item: Pivot): { call: FunctionCall; prefix?: string } {
  if (value.node !== 'call' || value.over || !Object.hasOwn(AGGREGATES, value.name))
    throw invalidQuery('PIVOT expression must be an aggregate function call', value.at);
  if (!name && item.aggregates.length > 1)
    throw invalidQuery(
      'PIVOT expression must specify an alias unless it is the only pivot expression in the PIVOT clause',
      value.at,
    );
  return { call: value, ...(name && { prefix: name.text }) };
}

function pivotValue(node: Expression, by: Resolved, context: ExpressionContext): Resolved {
  const value = resolveExpression(node, context);
  if (value.references.length > 0 || value.columns.size > 0)
    throw invalidQuery('IN expression in PIVOT clause must be constant', node.at);
  const coerced = coerce(value, by.type, context.bindings);
  if (coerced) return { ...coerced, at: node.at };
  throw invalidQuery(
    `PIVOT IN list item must be type ${typeName(by.type)} to match the PIVOT FOR expression; found ${typeName(value.type)}`,
    node.at,
  );
}

/** Stands for an empty text in the name of a column. */
const EMPTY = 'empty_string_value';

/** The name that a value gives its column. */
function labelOf(value: Resolved): string {
  const { constant, type, elements, at } = value;
  if (type.kind === 'STRUCT' && elements) return elements.map(labelOf).join('_');
  if (constant === null) return 'NULL';
  if (typeof constant === 'string' || typeof constant === 'boolean') return String(constant);
  if (typeof constant === 'bigint' || constant instanceof DuckDBDecimalValue) {
    // A NUMERIC has nine digits after its point.
    const number = String(constant)
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
    return number.replace('-', 'minus_').replace('.', '_point_');
  }
  if (constant instanceof DuckDBDateValue) return formatDate(constant.days).replaceAll('-', '_');
  throw invalidQuery(`PIVOT values of type ${typeName(type)} must specify an alias`, at);
}

/**
 * UNPIVOT: one row for each group of columns, with their values and the group's label.
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#unpivot_operator
 */
export function resolveUnpivot(item: Unpivot, { from, context }: PivotInput, alias: string): Relation {
  if (from.lateral) throw invalidQuery('UNPIVOT is not allowed with array scans', item.at);
  const groups = item.groups.map(({ columns }) => columns.map((node) => unpivotColumn(node, context)));
  const labels = unpivotLabels(item, groups, context);
  const origins = context.scope.origins();
  const used = groups.flat().map(({ sql }) => origins.get(sql) ?? sql);
  if (new Set(used).size < used.length)
    throw invalidQuery('Column names in UNPIVOT IN clause cannot be repeated', item.at);
  const types = item.values.map((_, index) => groups[0]?.[index]?.type ?? scalar('INT64'));
  const rows = groups.map((columns, row) => {
    if (columns.length !== types.length)
      throw invalidQuery('The number of columns in UNPIVOT must be the same everywhere', item.at);
    for (const [index, { type, at }] of columns.entries()) {
      const expected = types[index] ?? type;
      if (sameType(type, expected)) continue;
      throw invalidQuery(
        `The datatype of column does not match with other datatypes in the IN clause. Expected ${typeName(expected)}, Found ${typeName(type)}`,
        at,
      );
    }
    const label = labels[row];
    if (!label) throw new RangeError('a row without a label');
    const fields = [...types, label.type].map((type) => ({ name: '', type }));
    return structOf([...columns, label], { kind: 'STRUCT', fields }, item.at);
  });
  const kept = context.scope.star().filter(({ sql, origin = sql }) => !used.includes(origin));
  const read = unionColumns(groups.flat());
  const field = (type: DataType, index: number) =>
    combined(`struct_extract(${alias}.v, 'f${index}')`, type, item.at, [], { columns: read });
  const values = types.map(field);
  const columns = [
    ...kept.map((column) => columnOf(column, context.scope, item)),
    ...values.map((value, index) => ({ name: item.values[index]?.text ?? '', value })),
    { name: item.name.text, value: field(labels[0]?.type ?? scalar('STRING'), types.length) },
  ];
  const someValue = values.map(({ sql }) => `${sql} IS NOT NULL`).join(' OR ');
  const list = `[${rows.map(({ sql }) => sql).join(', ')}]`;
  const tail = ` FROM ${from.sql}, LATERAL (SELECT unnest(${list}) AS v) AS ${alias}${item.includeNulls ? '' : ` WHERE ${someValue}`}`;
  return relation(columns, tail, from.reads);
}

function unpivotColumn(node: Expression, context: ExpressionContext): Resolved {
  const value = resolveExpression(node, context);
  const isColumn = node.node === 'path' && value.references[0]?.sql === value.sql;
  if (isColumn) return value;
  throw invalidQuery('UNPIVOT takes the names of columns', node.at);
}

function unpivotLabels(
  item: Unpivot,
  groups: readonly (readonly Resolved[])[],
  context: ExpressionContext,
): Resolved[] {
  const labels = item.groups.map(({ label, columns }, index) => {
    if (label) return resolveExpression(label, context);
    const names = (groups[index] ?? []).map(({ references }) => references[0]?.name ?? '');
    const at = columns[0]?.at ?? item.at;
    return resolveLiteral({ kind: 'STRING', text: names.join('_') }, at);
  });
  const [first] = labels;
  for (const { coercible, type, at } of labels) {
    if (coercible !== 'LITERAL' || !['STRING', 'INT64'].includes(type.kind))
      throw invalidQuery('UNPIVOT labels must be literals of type STRING or INT64', at);
    if (first && !sameType(type, first.type))
      throw invalidQuery(
        'All UNPIVOT labels must be the same type; when non-string labels are present then all labels must be explicitly provided',
        at,
      );
  }
  return labels;
}

function columnOf(column: ScopeColumn, scope: Scope, { at }: Pivot | Unpivot): Output<Resolved> {
  return { name: column.name, value: scope.reference(column, { text: column.name, at }) };
}

function relation(outputs: readonly Output<Resolved>[], tail: string, reads: readonly Resolved[]): Relation {
  return { sql: `(SELECT ${columnList(outputs.map(({ value }) => value))}${tail})`, outputs, reads };
}
