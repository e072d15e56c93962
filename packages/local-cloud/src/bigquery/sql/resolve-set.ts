import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, sameType, typeName } from '../types.ts';
import type { QueryBody, SetOperation } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { coerce, isDecimalLiteral, numericFirst, settled } from './coercion.ts';
import { resolveLiteral } from './constants.ts';
import { widened } from './conversions.ts';
import { assertGroupable } from './operators.ts';
import { columnList, type ResolvedQuery, readOf } from './relation.ts';
import type { QueryResolver } from './resolve-query.ts';
import { combined, type Resolved } from './resolved.ts';
import { repeated, sameName } from './scope.ts';

/** Combines the rows of queries. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#set_operators */
export function resolveSetOperation(
  node: SetOperation,
  queries: readonly ResolvedQuery[],
  resolver: QueryResolver,
): ResolvedQuery {
  const { bindings } = resolver;
  const given = queries.map((query, index) =>
    keepsLiterals(node.operands[index]) ? query : asColumns(query),
  );
  const operands = node.byName ? matchedByName(node, node.byName, given, resolver) : given;
  const [first] = operands;
  if (!first) throw new RangeError('a set operation without operands');
  assertSameCount(node, operands);
  const types = first.outputs.map((_, column) => columnType(node, operands, column, bindings));
  const sides = operands.map(({ sql, outputs }) => {
    const casts = outputs.map(({ value }, index) => {
      const type = types[index] ?? value.type;
      const isFixed = value.coercible === 'NULL' || isText(value) || isDecimalLiteral(value, type);
      return (isFixed && coerce(value, type, bindings)?.sql) || widened(`c${index}`, value.type, type);
    });
    return `(SELECT ${columnList(casts)} FROM (${sql}) AS ${resolver.newAlias()})`;
  });
  const outputs = types.map((type, index) => {
    const values = operands.flatMap((operand) => operand.outputs[index]?.value ?? []);
    return { name: first.outputs[index]?.name ?? '', value: combined(`c${index}`, type, node.at, values) };
  });
  return {
    sql: sides.join(` ${node.operator.replace(/ DISTINCT$/, '')} `),
    outputs,
    // Only UNION ALL compares no rows.
    reads: operands.flatMap(node.operator === 'UNION ALL' ? ({ reads }) => reads : readOf),
  };
}

export function assertSameCount(
  { operator, operands }: Pick<SetOperation, 'operator' | 'operands'>,
  [first, ...others]: readonly ResolvedQuery[],
): void {
  const count = first?.outputs.length;
  const other = others.findIndex(({ outputs }) => outputs.length !== count);
  if (other < 0) return;
  throw invalidQuery(
    `Queries in ${operator} have mismatched column count; query 1 has ${count} columns, query ${other + 2} has ${others[other]?.outputs.length} columns`,
    operands[other + 1]?.at,
  );
}

function columnType(
  node: SetOperation,
  operands: readonly ResolvedQuery[],
  column: number,
  bindings: Bindings,
): DataType {
  const values = operands.flatMap(({ outputs }) => outputs[column]?.value ?? []);
  const candidates = values.map(({ type }) => type);
  const type = [...numericFirst(values), ...candidates].find((candidate) =>
    values.every((value) => convertible(value, candidate, bindings)),
  );
  if (!type) {
    const names = candidates.map(typeName).join(', ');
    throw invalidQuery(`Column ${column + 1} in ${node.operator} has incompatible types: ${names}`, node.at);
  }
  if (node.operator !== 'UNION ALL') assertGroupable(node.operator, type, node.at);
  return type;
}

/** Whether a literal of the SELECT list is still one in the rows of the query. */
function keepsLiterals(body: QueryBody | undefined): boolean {
  if (body?.node === 'query') return !body.limit && body.orderBy.length === 0 && keepsLiterals(body.body);
  return body?.node === 'select' && !body.distinct && !body.groupBy;
}

function asColumns(query: ResolvedQuery): ResolvedQuery {
  const outputs = query.outputs.map((output) => {
    const { coercible, ...value } = output.value;
    return coercible === 'LITERAL' ? { ...output, value } : output;
  });
  return { ...query, outputs };
}

const isText = ({ type, coercible }: Resolved) => type.kind === 'STRING' && coercible === 'LITERAL';

/** A column is not coerced like the literal it came from, but text, NULL and [] are; in a STRUCT only text and []. */
function convertible(value: Resolved, type: DataType, bindings: Bindings): boolean {
  if (isDecimalLiteral(value, type)) return true;
  if (sameType(value.type, type) || value.coercible === 'NULL') return true;
  if (value.untyped !== undefined) throw unsupported('A column of ERROR in a set operation', value.at);
  if (value.coercible === 'EMPTY ARRAY') return type.kind === 'ARRAY';
  if (isText(value)) return coerce(value, type, bindings) !== undefined;
  const fields = value.type.kind === 'STRUCT' ? settled(value).elements : undefined;
  if (fields && type.kind === 'STRUCT' && fields.length === type.fields.length)
    return type.fields.every(
      (field, index) => fields[index] && convertible(fields[index], field.type, bindings),
    );
  const { coercible: _, constant: __, ...column } = value;
  return coerce(column, type, bindings) !== undefined;
}

/** The queries with the same columns in the same places. A column that a query lacks is NULL. */
function matchedByName(
  { operator, at }: SetOperation,
  { columns, only }: NonNullable<SetOperation['byName']>,
  queries: readonly ResolvedQuery[],
  resolver: QueryResolver,
): ResolvedQuery[] {
  const lists = queries.map(({ outputs }) => outputs.map(({ name }) => name));
  for (const names of lists) assertNames(names, operator, at);
  const has = (names: readonly string[], name: string) => names.some((other) => sameName(other, name));
  const [first = [], ...others] = lists;
  const added = others.flat().filter((name) => !has(first, name));
  const shared = first.filter((name) => others.every((names) => has(names, name)));
  if (columns === 'SAME' && (added.length > 0 || shared.length < first.length)) {
    const missing = added[0] ?? first.find((name) => !has(shared, name));
    throw invalidQuery(`Column ${missing} of ${operator} BY NAME is not in every query`, at);
  }
  const absent = only?.find(({ text }) => !has(shared, text));
  if (absent) throw invalidQuery(`Column ${absent.text} is not in every query of ${operator}`, absent.at);
  if (columns === 'INNER' && shared.length === 0)
    throw invalidQuery(`The queries of ${operator} BY NAME have no column in common`, at);
  const all = columns === 'FULL' ? [...first, ...added] : columns === 'INNER' ? shared : first;
  const wanted =
    only?.map(({ text }) => text) ?? all.filter((name, index) => !has(all.slice(0, index), name));
  return queries.map((query) => picked(query, wanted, resolver.newAlias(), at));
}

function picked(
  { sql, outputs, reads }: ResolvedQuery,
  names: readonly string[],
  alias: string,
  at: SetOperation['at'],
): ResolvedQuery {
  const places = names.map((name) => outputs.findIndex((output) => sameName(output.name, name)));
  const columns = places.map((place) => (place < 0 ? 'NULL' : `${alias}.c${place}`));
  return {
    sql: `SELECT ${columnList(columns)} FROM (${sql}) AS ${alias}`,
    outputs: places.map((place, index) => {
      const missing = { name: names[index] ?? '', value: resolveLiteral({ kind: 'NULL' }, at) };
      return outputs[place] ?? missing;
    }),
    reads,
  };
}

function assertNames(names: readonly string[], operator: string, at: SetOperation['at']): void {
  if (names.includes('')) throw invalidQuery(`${operator} BY NAME needs a name for every column`, at);
  const twice = repeated(names);
  if (twice) throw invalidQuery(`${operator} BY NAME finds the column ${twice} twice in a query`, at);
}
