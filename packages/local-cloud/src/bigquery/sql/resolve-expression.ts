import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { type DataType, scalar, typeName } from '../types.ts';
import type { Expression, Name, OrderItem, Query } from './ast.ts';
import { castTo } from './casts.ts';
import { arrayOf, coerce, commonType, signatureError } from './coercion.ts';
import { resolveLiteral } from './constants.ts';
import type { ExpressionContext } from './context.ts';
import { castByFormat } from './functions/cast-format.ts';
import { clockSql, extractSql } from './functions/time-sql.ts';
import { failure, letIn } from './let.ts';
import { assertNotNull, compare, resolveBinary, resolveLogical, resolveUnary, unified } from './operators.ts';
import { orderKeySql } from './order-key.ts';
import { resolveCall } from './resolve-call.ts';
import { combined, type Resolved } from './resolved.ts';
import { fieldOf } from './scope.ts';
import { impliedName, structOf } from './struct.ts';

export function resolveExpression(node: Expression, context: ExpressionContext): Resolved {
  const resolved = resolveNode(node, context);
  // An expression that is a GROUP BY key may use columns that are not grouped.
  if (!context.groupKeys?.has(resolved.sql) || resolved.references.length === 0) return resolved;
  return {
    ...resolved,
    references: resolved.references.filter(({ scope }) => scope !== context.scope),
  };
}

function resolveNode(node: Expression, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const resolve = (child: Expression) => resolveExpression(child, context);
  const { at } = node;
  switch (node.node) {
    case 'literal':
      return resolveLiteral(node.literal, at);
    case 'parameter':
      return bindings.parameter(node.name, at);
    case 'path':
      return resolvePath(node.parts, context);
    case 'field':
      return fieldOf(resolve(node.base), node.name);
    case 'element':
      return resolveElement(node, context);
    case 'call':
      return resolveCall(node, context, { expression: resolveExpression, orderBy: orderBySql });
    case 'cast':
      return resolveCast(node, context);
    case 'unary':
      return resolveUnary(node.operator, resolve(node.value), at, bindings);
    case 'binary':
      return resolveBinary(node.operator, resolve(node.left), resolve(node.right), at, bindings);
    case 'logical':
      return resolveLogical(node.operator, node.operands.map(resolve), at, bindings);
    case 'between':
      return resolveBetween(node, context);
    case 'in':
      return resolveIn(node, context);
    case 'like':
      return resolveLike(node, context);
    case 'is':
      return resolveIs(node, context);
    case 'case':
      return resolveCase(node, context);
    case 'subquery':
      return resolveSubquery(node, context);
    case 'array':
      return resolveArray(node, context);
    case 'struct':
      return resolveStruct(node, context);
    case 'extract':
      return resolveExtract(node, context);
    case 'interval':
      return resolveInterval(node, context);
  }
}

type Node<K extends Expression['node']> = Extract<Expression, { node: K }>;

function resolvePath(parts: readonly Name[], context: ExpressionContext): Resolved {
  const [first] = parts;
  const alias = first && context.alias?.(first);
  if (alias) return parts.slice(1).reduce(fieldOf, { ...alias, at: first.at });
  // A column comes before a variable of the script.
  const variable = first && !context.scope.knows(first) && context.bindings.variable(first);
  if (variable) return parts.slice(1).reduce(fieldOf, variable);
  return context.scope.resolve(parts);
}

function resolveElement({ base, index, mode, at }: Node<'element'>, context: ExpressionContext): Resolved {
  const array = resolveExpression(base, context);
  const position = coerce(resolveExpression(index, context), scalar('INT64'), context.bindings);
  if (array.type.kind !== 'ARRAY' || !position) {
    throw invalidQuery(
      `Subscript access using [INT64] is not supported on values of type ${typeName(array.type)}`,
      at,
    );
  }
  const first = mode.endsWith('ORDINAL') ? 1 : 0;
  const sql = letIn([array.sql, position.sql], (list, i) => {
    const outside = mode.startsWith('SAFE')
      ? 'NULL'
      : failure('Array index ', `${i} || ' is out of bounds (overflow)'`);
    return (
      `CASE WHEN ${list} IS NULL OR ${i} IS NULL THEN NULL ` +
      `WHEN ${i} < ${first} OR ${i} >= len(${list}) + ${first} THEN ${outside} ELSE ${list}[${i} + ${1 - first}] END`
    );
  });
  return combined(sql.startsWith('CASE') ? `(${sql})` : sql, array.type.element, at, [array, position]);
}

function resolveBetween(
  { negated, value, low, high, at }: Node<'between'>,
  context: ExpressionContext,
): Resolved {
  const { bindings } = context;
  const operands = [value, low, high].map((operand) => resolveExpression(operand, context));
  const [a, b, c] = operands;
  if (!a || !b || !c) throw new RangeError('BETWEEN has three operands');
  const [x, from, to] = unified('operator BETWEEN', [a, b, c], 'ANY BETWEEN ANY AND ANY', at, bindings);
  if (!to) throw new RangeError('BETWEEN has three operands');
  const between = resolveLogical(
    'AND',
    [compare('>=', x, from, at, bindings), compare('<=', x, to, at, bindings)],
    at,
    bindings,
  );
  return negated ? resolveUnary('NOT', between, at, bindings) : between;
}

function resolveIn({ negated, value, among, at }: Node<'in'>, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const subject = resolveExpression(value, context);
  const word = negated ? 'NOT IN' : 'IN';
  const answer = (isIn: Resolved) => (negated ? resolveUnary('NOT', isIn, at, bindings) : isIn);
  if (among.node === 'list') {
    const list = among.values.map((item) => resolveExpression(item, context));
    const [x, ...items] = unified('operator IN', [subject, ...list], 'ANY IN (ANY, ...)', at, bindings);
    if (!isExact(x.type)) {
      const pairs = items.map((item) => compare('=', x, item, at, bindings));
      return answer(resolveLogical('OR', pairs, at, bindings));
    }
    const sql = `(${x.sql} ${word} (${items.map(({ sql }) => sql).join(', ')}))`;
    return combined(sql, scalar('BOOL'), at, [x, ...items]);
  }
  if (among.node === 'unnest') {
    const given = resolveExpression(among.array, context);
    const wider: DataType = { kind: 'ARRAY', element: subject.type };
    const isWider = subject.coercible === undefined || subject.coercible === 'LITERAL';
    const array = (given.elements && isWider && coerce(given, wider, bindings)) || given;
    const element = array.type.kind === 'ARRAY' ? array.type.element : undefined;
    const x = element && coerce(subject, element, bindings);
    if (!element || !x)
      throw signatureError('operator IN UNNEST', [subject, array], 'ANY IN UNNEST(ARRAY<ANY>)', at);
    if (!isExact(element)) {
      return answer(equalsAny(x, `SELECT unnest(${array.sql}) AS c0`, array, context));
    }
    return combined(`(${x.sql} ${word} (SELECT unnest(${array.sql})))`, scalar('BOOL'), at, [x, array]);
  }
  const query = context.resolveQuery(among.query, context.scope);
  const [output] = query.outputs;
  if (!output || query.outputs.length > 1) {
    throw invalidQuery('Subquery of type IN must have only one output column', at);
  }
  const x = coerce(subject, output.type, bindings);
  if (!x)
    throw signatureError(
      'operator IN',
      [subject, { ...subject, type: output.type }],
      'ANY IN (SELECT ANY)',
      at,
    );
  if (!isExact(output.type)) return answer(equalsAny(x, query.sql, query.reads, context));
  return combined(`(${x.sql} ${word} (${query.sql}))`, scalar('BOOL'), at, [x, query.reads]);
}

/** Whether DuckDB's IN compares values of the type as BigQuery does: NaN and STRUCTs it does not. */
function isExact(type: DataType): boolean {
  return type.kind !== 'FLOAT64' && type.kind !== 'STRUCT';
}

/** Whether `value` equals a value of the column `c0`: NULL when only a NULL keeps that from being known. */
function equalsAny(
  value: Resolved,
  rows: string,
  reads: Resolved,
  { bindings }: ExpressionContext,
): Resolved {
  const item = combined('among.c0', value.type, value.at);
  const equal = compare('=', value, item, value.at, bindings);
  const sql = `(SELECT CASE WHEN bool_or(${equal.sql}) THEN TRUE WHEN bool_or(${equal.sql} IS NULL) THEN NULL ELSE FALSE END FROM (${rows}) AS among)`;
  return combined(sql, equal.type, value.at, [value, reads]);
}

function resolveLike(node: Node<'like'>, context: ExpressionContext): Resolved {
  const { negated, quantifier, at } = node;
  const value = resolveExpression(node.value, context);
  const patterns = node.patterns.map((pattern) => resolveExpression(pattern, context));
  if (!quantifier) assertNotNull('LIKE', [value, ...patterns], at);
  const likes = patterns.map((pattern) => likeOne(value, pattern, at, context));
  const all = resolveLogical(quantifier === 'ALL' ? 'AND' : 'OR', likes, at, context.bindings);
  return negated ? resolveUnary('NOT', all, at, context.bindings) : all;
}

function likeOne(value: Resolved, pattern: Resolved, at: Position, context: ExpressionContext): Resolved {
  const operands = [value, pattern];
  const [text, like] = operands.map((operand) => coerce(operand, scalar('STRING'), context.bindings));
  if (operands.some(({ type }) => type.kind === 'BYTES')) throw unsupported('LIKE of BYTES', at);
  if (!text || !like) throw signatureError('operator LIKE', operands, 'STRING LIKE STRING', at);
  const matches = (sql: string) => `(${text.sql} LIKE ${sql} ESCAPE '\\')`;
  const message = 'LIKE pattern ends with a backslash';
  if (typeof like.constant === 'string') {
    if (/(?<!\\)(\\\\)*\\$/.test(like.constant)) throw invalidQuery(message, like.at);
    return combined(matches(like.sql), scalar('BOOL'), at, [text, like]);
  }
  const isOpen = String.raw`'(?s)^([^\\]|\\.)*\\$'`;
  const checked = letIn(
    [like.sql],
    (p) => `CASE WHEN regexp_matches(${p}, ${isOpen}) THEN ${failure(message)} ELSE ${p} END`,
  );
  return combined(matches(checked), scalar('BOOL'), at, [text, like]);
}

function resolveIs({ negated, value, what, at }: Node<'is'>, context: ExpressionContext): Resolved {
  const subject = resolveExpression(value, context);
  const not = negated ? 'NOT ' : '';
  if (what === 'NULL') return combined(`(${subject.sql} IS ${not}NULL)`, scalar('BOOL'), at, [subject]);
  if (typeof what === 'object') {
    const other = resolveExpression(what.distinctFrom, context);
    const [a, b] = unified(
      'operator IS DISTINCT FROM',
      [subject, other],
      'ANY IS DISTINCT FROM ANY',
      at,
      context.bindings,
    );
    return combined(`(${a.sql} IS ${not}DISTINCT FROM ${b.sql})`, scalar('BOOL'), at, [a, b]);
  }
  const bool = coerce(subject, scalar('BOOL'), context.bindings);
  if (!bool) throw signatureError(`operator IS ${what}`, [subject], `BOOL IS ${what}`, at);
  return combined(`(${bool.sql} IS ${not}${what})`, scalar('BOOL'), at, [bool]);
}

function resolveCase(node: Node<'case'>, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const operand = node.operand && resolveExpression(node.operand, context);
  const conditions = node.branches.map(({ when }) => {
    const condition = resolveExpression(when, context);
    if (operand) return compare('=', operand, condition, when.at, bindings);
    const bool = coerce(condition, scalar('BOOL'), bindings);
    if (!bool) throw invalidQuery(`CASE condition must be BOOL, but is ${typeName(condition.type)}`, when.at);
    return bool;
  });
  const results = node.branches.map(({ result }) => resolveExpression(result, context));
  if (node.otherwise) results.push(resolveExpression(node.otherwise, context));
  const type = commonType(results, bindings);
  const values = type ? results.flatMap((result) => coerce(result, type, bindings) ?? []) : [];
  if (!type || values.length < results.length) {
    throw signatureError('operator CASE', results, 'CASE WHEN BOOL THEN ANY ELSE ANY END', node.at);
  }
  const branches = conditions.map(({ sql }, index) => `WHEN ${sql} THEN ${values[index]?.sql}`);
  const otherwise = node.otherwise ? ` ELSE ${values.at(-1)?.sql}` : '';
  const sql = `(CASE ${branches.join(' ')}${otherwise} END)`;
  return combined(sql, type, node.at, [...conditions, ...values]);
}

/** The value of `(SELECT value)`, a query without rows. As a query, DuckDB would compute it even where CASE skips it. */
function onlyValue({ ctes, body, orderBy, limit }: Query): Expression | undefined {
  if (body.node !== 'select' || ctes.length > 0 || orderBy.length > 0 || limit) return undefined;
  const { from, where, groupBy, having, qualify, asStruct, items } = body;
  const [item] = items;
  if (from || where || groupBy || having || qualify || asStruct || items.length > 1) return undefined;
  return item?.node === 'item' ? item.value : undefined;
}

function resolveSubquery({ kind, query, at }: Node<'subquery'>, context: ExpressionContext): Resolved {
  const only = kind === 'SCALAR' ? onlyValue(query) : undefined;
  if (only) {
    const value = resolveExpression(only, {
      ...context,
      aggregates: false,
      windows: false,
      clause: 'SELECT without FROM',
    });
    return combined(value.sql, value.type, at, [value]);
  }
  const { sql, outputs, reads } = context.resolveQuery(query, context.scope);
  if (kind === 'EXISTS') return combined(`EXISTS (${sql})`, scalar('BOOL'), at, [reads]);
  const [output] = outputs;
  if (!output || outputs.length > 1) {
    const what = kind === 'ARRAY' ? 'ARRAY subquery' : 'Scalar subquery';
    throw invalidQuery(
      `${what} cannot have more than one column unless using SELECT AS STRUCT to build STRUCT values`,
      at,
    );
  }
  if (kind === 'SCALAR') return combined(`(${sql})`, output.type, at, [reads]);
  if (output.type.kind === 'ARRAY')
    throw invalidQuery('Cannot use array subquery with column of type ARRAY', at);
  const type: DataType = { kind: 'ARRAY', element: output.type };
  return combined(`ARRAY(${sql})`, type, at, [reads]);
}

function resolveArray({ elements, elementType, at }: Node<'array'>, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const values = elements.map((element) => resolveExpression(element, context));
  const type =
    elementType ?? commonType(values, bindings) ?? (values.length === 0 ? scalar('INT64') : undefined);
  if (!type) throw invalidQuery('Array elements of types that have no common supertype', at);
  if (type.kind === 'ARRAY')
    throw invalidQuery(
      'Cannot construct array with element type ARRAY because nested arrays are not supported',
      at,
    );
  const converted = values.map((value) => {
    const element = coerce(value, type, bindings);
    if (!element)
      throw invalidQuery(
        `Array element type ${typeName(value.type)} does not coerce to ${typeName(type)}`,
        value.at,
      );
    return element;
  });
  const array = arrayOf(converted, type, at);
  return elementType && array.coercible ? combined(array.sql, array.type, at) : array;
}

function resolveStruct({ fields, type, at }: Node<'struct'>, context: ExpressionContext): Resolved {
  const values = fields.map(({ value }) => resolveExpression(value, context));
  if (type?.kind === 'STRUCT' && type.fields.length !== values.length) {
    throw invalidQuery(
      `STRUCT type has ${type.fields.length} fields but constructor call has ${values.length} fields`,
      at,
    );
  }
  if (values.length === 0) throw unsupported('A STRUCT without fields', at);
  const converted = values.map((value, index) => {
    const target = type?.kind === 'STRUCT' ? type.fields[index]?.type : undefined;
    if (!target) return value;
    const field = coerce(value, target, context.bindings);
    if (!field)
      throw invalidQuery(
        `Struct field ${index + 1} has type ${typeName(value.type)} which does not coerce to ${typeName(target)}`,
        value.at,
      );
    return field;
  });
  const structType: DataType = type ?? {
    kind: 'STRUCT',
    fields: fields.map(({ name, value }, index) => ({
      name: name?.text ?? impliedName(value),
      type: converted[index]?.type ?? scalar('INT64'),
    })),
  };
  return structOf(converted, structType, at);
}

function resolveExtract(node: Node<'extract'>, context: ExpressionContext): Resolved {
  const { part, at } = node;
  const given = resolveExpression(node.value, context);
  const value = (given.coercible === 'NULL' && coerce(given, scalar('TIMESTAMP'), context.bindings)) || given;
  const kinds = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP'] as const;
  const kind = kinds.find((candidate) => candidate === value.type.kind);
  if (!kind) throw signatureError('function EXTRACT', [value], 'EXTRACT(DATE_TIME_PART FROM TIMESTAMP)', at);
  if (node.zone && kind !== 'TIMESTAMP')
    throw invalidQuery(`EXTRACT from ${kind} does not support AT TIME ZONE`, at);
  const zone = node.zone && coerce(resolveExpression(node.zone, context), scalar('STRING'), context.bindings);
  if (node.zone && !zone) throw invalidQuery('A time zone must be a STRING', node.zone.at);
  const clock = combined(clockSql(value.sql, zone?.sql), value.type, value.at, [
    value,
    ...(zone ? [zone] : []),
  ]);
  const isWhole =
    (part === 'DATE' || part === 'TIME' || part === 'DATETIME') &&
    (kind === 'TIMESTAMP' || (kind === 'DATETIME' && part !== 'DATETIME'));
  if (isWhole) return castTo(clock, scalar(part), false, at, context.bindings);
  return combined(extractSql(part, kind, clock.sql, at), scalar('INT64'), at, [clock]);
}

function resolveCast(node: Node<'cast'>, context: ExpressionContext): Resolved {
  const { type, safe, at } = node;
  const value = resolveExpression(node.value, context);
  if (!node.format) return castTo(value, type, safe, at, context.bindings);
  if (safe) throw unsupported('SAFE_CAST with FORMAT', at);
  const format = resolveExpression(node.format, context);
  const zone = node.zone && resolveExpression(node.zone, context);
  return castByFormat(value, format, zone, typeName(type), at, context.bindings);
}

function resolveInterval({ amount, part, at }: Node<'interval'>, context: ExpressionContext): Resolved {
  const number = resolveExpression(amount, context);
  const integer = coerce(number, scalar('INT64'), context.bindings);
  if (!integer) throw unsupported(`An INTERVAL of type ${typeName(number.type)}`, at);
  return { ...integer, at, special: { kind: 'INTERVAL', part } };
}

function orderBySql(
  items: readonly OrderItem[],
  context: ExpressionContext,
): { sql: string; values: Resolved[] } {
  const values = items.map(({ value }) => resolveExpression(value, context));
  const keys = items.map((item, index) => {
    const value = values[index];
    if (!value) throw new RangeError('an ORDER BY item without a value');
    return orderKeySql(value, item);
  });
  return { sql: keys.length === 0 ? '' : `ORDER BY ${keys.join(', ')}`, values };
}
