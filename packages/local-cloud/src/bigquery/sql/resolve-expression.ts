import { invalidQuery } from '../errors.ts';
import { quoteLiteral } from '../names.ts';
import { scalar } from '../types.ts';
import type { Expression, ExpressionNode, Name, Query } from './ast.ts';
import { castTo } from './casts.ts';
import { coerce, signatureError } from './coercion.ts';
import { intervalLiteral, resolveLiteral } from './constants.ts';
import { arrayLiteral, caseOf, structLiteral } from './constructors.ts';
import type { ExpressionContext } from './context.ts';
import { arrayElement, jsonElement, structElement } from './elements.ts';
import { castByFormat } from './functions/cast-format.ts';
import { assertPart } from './functions/date-parts.ts';
import { INTERVAL_PARTS, partOfInterval, stepInterval } from './functions/interval.ts';
import { clockSql, extractSql } from './functions/time-sql.ts';
import { resolveBinary, resolveLogical, resolveUnary } from './operators.ts';
import { isBetween, isDistinct, isInArray, isInList, isInRows, isLike, isWhat } from './predicates.ts';
import { resolveCall } from './resolve-call.ts';
import { combined, type Resolved, withoutReferences } from './resolved.ts';
import { memberOf } from './scope.ts';

export function resolveExpression(node: Expression, context: ExpressionContext): Resolved {
  const resolved = resolveNode(node, context);
  const shown = /^(?:path|field)$/.test(node.node) && context.shown?.get(resolved.sql);
  if (shown) return { ...shown, at: node.at };
  const isKey = context.groups?.paths.has(resolved.sql);
  return isKey ? withoutReferences(resolved, context.scope) : resolved;
}

function resolveNode(node: Expression, context: ExpressionContext): Resolved {
  const { bindings } = context;
  const resolve = (child: Expression) => resolveExpression(child, context);
  const { at } = node;
  const site = { at, bindings };
  const predicate = ({ negated }: { readonly negated: boolean }) => ({ ...site, negated });
  switch (node.node) {
    case 'literal':
      return resolveLiteral(node.literal, at);
    case 'parameter':
      return bindings.parameter(node.name, at);
    case 'path':
      return resolvePath(node.parts, context);
    case 'field':
      return memberOf(resolve(node.base), node.name);
    case 'element':
      return resolveElement(node, context);
    case 'call':
      return resolveCall(node, context);
    case 'cast':
      return resolveCast(node, context);
    case 'unary':
      return resolveUnary(node.operator, resolve(node.value), site);
    case 'binary':
      return resolveBinary(node.operator, resolve(node.left), resolve(node.right), site);
    case 'logical':
      return resolveLogical(node.operator, node.operands.map(resolve), site);
    case 'between':
      return isBetween(resolve(node.value), resolve(node.low), resolve(node.high), predicate(node));
    case 'in':
      return resolveIn(node, context);
    case 'like':
      return isLike(resolve(node.value), node.patterns.map(resolve), node.quantifier, predicate(node));
    case 'is':
      if (typeof node.what !== 'object') return isWhat(resolve(node.value), node.what, predicate(node));
      return isDistinct(resolve(node.value), resolve(node.what.distinctFrom), predicate(node));
    case 'case':
      return caseOf(
        {
          operand: node.operand && resolve(node.operand),
          conditions: node.branches.map(({ when }) => resolve(when)),
          results: node.branches.map(({ result }) => resolve(result)),
          otherwise: node.otherwise && resolve(node.otherwise),
        },
        site,
      );
    case 'subquery':
      return resolveSubquery(node, context);
    case 'array':
      return arrayLiteral(node.elements.map(resolve), node.elementType, site);
    case 'struct': {
      const values = node.fields.map(({ value }) => resolve(value));
      return structLiteral(values, node.fields, node.type, site);
    }
    case 'extract':
      return resolveExtract(node, context);
    case 'interval':
      return resolveInterval(node, context);
  }
}

function resolvePath(parts: readonly Name[], context: ExpressionContext): Resolved {
  const [first] = parts;
  const alias = first && context.alias?.(first);
  if (alias) return parts.slice(1).reduce(memberOf, { ...alias, at: first.at });
  // A column comes before a variable of the script.
  const variable = first && !context.scope.knows(first) && context.bindings.variable(first);
  if (variable) return parts.slice(1).reduce(memberOf, variable);
  return context.scope.resolve(parts);
}

function resolveElement(
  { base, index, mode, at }: ExpressionNode<'element'>,
  context: ExpressionContext,
): Resolved {
  const [value, key] = [resolveExpression(base, context), resolveExpression(index, context)];
  if (value.type.kind === 'STRUCT') return structElement(value, key, mode, at);
  const isJson = value.type.kind === 'JSON' && mode === 'INDEX';
  return (isJson ? jsonElement : arrayElement)(value, key, mode, { at, bindings: context.bindings });
}

function resolveIn(
  { value, among, negated, at }: ExpressionNode<'in'>,
  context: ExpressionContext,
): Resolved {
  const predicate = { negated, at, bindings: context.bindings };
  const subject = resolveExpression(value, context);
  if (among.node === 'query')
    return isInRows(subject, context.resolveQuery(among.query, context.scope), predicate);
  if (among.node === 'unnest') return isInArray(subject, resolveExpression(among.array, context), predicate);
  const list = among.values.map((item) => resolveExpression(item, context));
  return isInList(subject, list, predicate);
}

/** The value of `(SELECT value)`, a query without rows. As a query, DuckDB would compute it even where CASE skips it. */
function onlyValue({ ctes, body, orderBy, limit }: Query): Expression | undefined {
  if (body.node !== 'select' || ctes.length > 0 || orderBy.length > 0 || limit) return undefined;
  const { from, where, groupBy, having, qualify, items } = body;
  const [item] = items;
  if (from || where || groupBy || having || qualify || body.as === 'STRUCT' || items.length > 1)
    return undefined;
  return item?.node === 'item' ? item.value : undefined;
}

function resolveSubquery(
  { kind, query, at }: ExpressionNode<'subquery'>,
  context: ExpressionContext,
): Resolved {
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
  const { type } = output.value;
  if (kind === 'SCALAR') return combined(`(${sql})`, type, at, [reads]);
  if (type.kind === 'ARRAY') throw invalidQuery('Cannot use array subquery with column of type ARRAY', at);
  return combined(`ARRAY(${sql})`, { kind: 'ARRAY', element: type }, at, [reads]);
}

function resolveExtract(node: ExpressionNode<'extract'>, context: ExpressionContext): Resolved {
  const { part, at } = node;
  const given = resolveExpression(node.value, context);
  const value = (given.coercible === 'NULL' && coerce(given, scalar('TIMESTAMP'), context.bindings)) || given;
  if (value.type.kind === 'INTERVAL' && !node.zone) {
    assertPart(part, INTERVAL_PARTS, `Unsupported date part ${part} in EXTRACT FROM INTERVAL`, at);
    const sql = partOfInterval([value.sql, quoteLiteral(part)]);
    return combined(sql, scalar('INT64'), at, [value]);
  }
  const kinds = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP'] as const;
  const kind = kinds.find((candidate) => candidate === value.type.kind);
  if (!kind) throw signatureError('function EXTRACT', [value], 'EXTRACT(DATE_TIME_PART FROM TIMESTAMP)', at);
  if (node.zone && kind !== 'TIMESTAMP')
    throw invalidQuery(`EXTRACT from ${kind} does not support AT TIME ZONE`, at);
  const zone = node.zone && coerce(resolveExpression(node.zone, context), scalar('STRING'), context.bindings);
  if (node.zone && !zone) throw invalidQuery('A time zone must be a STRING', node.zone.at);
  const read = zone ? [value, zone] : [value];
  const clock = combined(clockSql(value.sql, zone?.sql), value.type, value.at, read);
  const isWhole =
    (part === 'DATE' || part === 'TIME' || part === 'DATETIME') &&
    (kind === 'TIMESTAMP' || (kind === 'DATETIME' && part !== 'DATETIME'));
  if (isWhole) return castTo(clock, scalar(part), false, { at, bindings: context.bindings });
  return combined(extractSql(part, kind, clock.sql, at), scalar('INT64'), at, [clock]);
}

function resolveCast(node: ExpressionNode<'cast'>, context: ExpressionContext): Resolved {
  const { type, safe, at } = node;
  const value = resolveExpression(node.value, context);
  if (!node.format) return castTo(value, type, safe, { at, bindings: context.bindings });
  const format = resolveExpression(node.format, context);
  const zone = node.zone && resolveExpression(node.zone, context);
  return castByFormat({ value, format, zone, type, safe }, at, context);
}

/** `INTERVAL count part`, or a literal text with one part or several. */
function resolveInterval(
  { amount, part, to, at }: ExpressionNode<'interval'>,
  context: ExpressionContext,
): Resolved {
  if (to === part) throw invalidQuery(`Invalid interval datetime fields: ${part} TO ${to}`, at);
  const written =
    amount.node === 'literal' && amount.literal.kind === 'STRING' ? amount.literal.text : undefined;
  const isCount = written !== undefined && !to && /^[+-]?\d+$/.test(written);
  if (written !== undefined && !isCount) return intervalLiteral(written, part, to ?? part, at);
  const given = isCount
    ? resolveLiteral({ kind: 'INT64', text: written.replace('+', '') }, at)
    : resolveExpression(amount, context);
  const count = coerce(given, scalar('INT64'), context.bindings);
  if (!count || to)
    throw invalidQuery(
      'Invalid interval literal. Expected INTERVAL keyword to be followed by an INT64 expression or STRING literal',
      at,
    );
  const sql = stepInterval([count.sql, quoteLiteral(part)]);
  return combined(sql, scalar('INTERVAL'), at, [count], { step: { count, part } });
}
