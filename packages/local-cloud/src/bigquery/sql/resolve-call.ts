import { DuckDBTimestampValue } from '@duckdb/node-api';
import { invalidQuery, unsupported } from '../errors.ts';
import { quoteLiteral } from '../names.ts';
import { duckType, holds, scalar, scalarKindOf, typeName } from '../types.ts';
import type { Expression, FunctionCall, WindowSpec } from './ast.ts';
import { CATCHING_FUNCTIONS, resolveCatching } from './caught.ts';
import { rowCount } from './coercion.ts';
import { constantSql } from './constants.ts';
import type { ExpressionContext } from './context.ts';
import { AGGREGATES, completeAggregate } from './functions/aggregates.ts';
import { unknownFunction } from './functions/catalogue.ts';
import { SCALAR_FUNCTIONS } from './functions/functions.ts';
import { applyOverloads } from './functions/overload.ts';
import { type Overload, overload, overloadsOf } from './functions/table.ts';
import { clockSql } from './functions/time-sql.ts';
import { ORDER_REQUIRED, VALUE_FUNCTIONS, WINDOW_FUNCTIONS, WITHOUT_ORDER } from './functions/windows.ts';
import { letIn, withoutFailures } from './let.ts';
import { assertComparable, assertGroupable } from './operators.ts';
import { orderBySql, ordinalOf } from './order-key.ts';
import { combined, type Resolved, withoutReferences } from './resolved.ts';
import { resolveRoutine } from './routine.ts';
import { frameSql } from './window-frame.ts';

export function resolveCall(node: FunctionCall, context: ExpressionContext): Resolved {
  if (Object.hasOwn(AGGREGATES, node.name)) {
    return node.over ? resolveAnalytic(node, context) : resolveAggregate(node, context);
  }
  if (Object.hasOwn(WINDOW_FUNCTIONS, node.name)) {
    if (!node.over)
      throw invalidQuery(`Analytic function ${node.name} cannot be called without an OVER clause`, node.at);
    return resolveAnalytic(node, context);
  }
  if (node.name === 'GROUPING') return resolveGrouping(node, context);
  if (CATCHING_FUNCTIONS.includes(node.name)) return resolveCatching(node, context);
  if (node.name === 'SESSION_USER' && node.args.length === 0)
    return combined(quoteLiteral(context.user), scalar('STRING'), node.at);
  return resolveScalar(node, context);
}

/** GROUPING(key): 1 in the rows that are totals over the key, else 0. */
function resolveGrouping(node: FunctionCall, context: ExpressionContext): Resolved {
  const [arg, ...rest] = node.args;
  if (!arg || rest.length > 0) throw invalidQuery('Function GROUPING takes one argument', node.at);
  if (!context.aggregates)
    throw invalidQuery(`Aggregate function GROUPING not allowed in ${context.clause}`, node.at);
  const key = context.resolve(arg, context);
  if (!context.groups?.keys.has(key.sql))
    throw invalidQuery('The argument of GROUPING must be a key of GROUP BY', arg.at);
  const grouped = withoutReferences(key, context.scope);
  return combined(`CAST(grouping(${key.sql}) AS BIGINT)`, scalar('INT64'), node.at, [grouped], {
    hasAggregate: true,
  });
}

function resolveScalar(node: FunctionCall, context: ExpressionContext): Resolved {
  const { at } = node;
  const isSafe = node.name.startsWith('SAFE.');
  const name = isSafe ? node.name.slice('SAFE.'.length) : node.name;
  const overloads = overloadsOf(SCALAR_FUNCTIONS, name);
  const known = overloads || name.startsWith('CURRENT_');
  const plain =
    !node.star && !node.distinct && !node.nulls && node.orderBy.length === 0 && !node.limit && !node.over;
  if (!known) {
    const routine = context.routines.find(node.spelling, at);
    if (!routine) throw unknownFunction(node.spelling, at);
    if (!plain || node.argumentNames)
      throw invalidQuery(`Function ${node.spelling} accepts only plain arguments`, at);
    const given = node.args.map((arg) => context.resolve(arg, context));
    return resolveRoutine(node, routine, given, context);
  }
  if (node.argumentNames && !overloads?.some(({ parameters }) => parameters.some(({ name }) => name)))
    throw unsupported(`A named argument of ${name}`, at);
  if (!plain) throw invalidQuery(`Function ${name} accepts only plain arguments`, at);
  const args = node.args.map((arg, index) => {
    const isWord = overloads?.some(({ parameters }) => parameters[index]?.type === 'PART');
    const value = isWord ? wordOf(arg) : context.resolve(arg, context);
    const argument = node.argumentNames?.get(index);
    return argument === undefined ? value : { ...value, argument };
  });
  if (isSafe) return safely(node, name, overloads ?? [], args, context);
  return overloads
    ? applyOverloads(node, overloads, args, context.bindings)
    : currentTime(node, args, context);
}

/** `SAFE.f(…)` is NULL where `f` fails. Where an argument fails, it fails, too. */
function safely(
  node: FunctionCall,
  name: string,
  overloads: readonly Overload[],
  args: readonly Resolved[],
  { bindings }: ExpressionContext,
): Resolved {
  if (overloads.length === 0 || name === 'RAND' || name === 'GENERATE_UUID')
    throw unsupported(`Function ${node.spelling.toUpperCase()}`, node.at);
  const call = { ...node, name };
  const plain = applyOverloads(call, overloads, args, bindings);
  const sql = letIn(
    args.map((arg) => (arg.step?.count ?? arg).sql),
    (...names) => {
      const named = args.map((arg, index) => renamed(arg, names[index] ?? arg.sql));
      return `TRY(${withoutFailures(() => applyOverloads(call, overloads, named, bindings).sql)})`;
    },
  );
  return combined(sql, plain.type, node.at, [plain]);
}

function renamed(arg: Resolved, sql: string): Resolved {
  if (!arg.step) return { ...arg, sql };
  return { ...arg, step: { ...arg.step, count: { ...arg.step.count, sql } } };
}

/** An argument that is a word: a date part, or a form of Unicode. */
function wordOf(arg: Expression): Resolved {
  const part = partName(arg);
  if (!part) throw invalidQuery('A valid date part name is required', arg.at);
  return combined('', scalar('STRING'), arg.at, [], { special: { part } });
}

/** A word such as MONTH or WEEK(MONDAY). */
function partName(arg: Expression): string | undefined {
  if (arg.node === 'path' && arg.parts.length === 1) return arg.parts[0]?.text.toUpperCase();
  const inner = arg.node === 'call' && arg.args.length === 1 ? arg.args[0] : undefined;
  return arg.node === 'call' && inner ? `${arg.name}(${partName(inner)})` : undefined;
}

/** CURRENT_TIMESTAMP and the like: one instant for the whole statement. */
function currentTime(node: FunctionCall, args: readonly Resolved[], context: ExpressionContext): Resolved {
  const { name, at } = node;
  const kind = scalarKindOf(name.replace('CURRENT_', ''));
  if (!kind || !/^CURRENT_(DATE|DATETIME|TIME|TIMESTAMP)$/.test(name))
    throw unsupported(`Function ${name}`, at);
  const micros = new DuckDBTimestampValue(BigInt(Math.floor(context.now)) * 1000n);
  const instant = combined(constantSql('TIMESTAMP', micros, at), scalar('TIMESTAMP'), at);
  if (kind === 'TIMESTAMP')
    return applyOverloads(node, [overload('-> TIMESTAMP', () => instant.sql)], args, context.bindings);
  const inZone = overload(
    `STRING? -> ${kind}`,
    ([zone]) => `CAST(${clockSql(instant.sql, zone)} AS ${duckType(scalar(kind))})`,
  );
  return applyOverloads(node, [inZone], args, context.bindings);
}

function resolveAggregate(node: FunctionCall, context: ExpressionContext): Resolved {
  if (!context.aggregates)
    throw invalidQuery(`Aggregate function ${node.name} not allowed in ${context.clause}`, node.at);
  const { groups: _, ...outside } = context;
  const inner: ExpressionContext = {
    ...outside,
    clause: `the arguments of aggregate function ${node.name}`,
    aggregates: false,
    windows: false,
  };
  const resolved = aggregateCall(node, inner, '');
  if (resolved.hasAggregate) throw invalidQuery('Aggregations of aggregations are not allowed', node.at);
  // An aggregate may use columns that are not grouped.
  return { ...withoutReferences(resolved, context.scope), hasAggregate: true };
}

function aggregateCall(node: FunctionCall, context: ExpressionContext, over: string): Resolved {
  const overloads = overloadsOf(AGGREGATES, node.name) ?? [];
  if (node.argumentNames) throw unsupported(`A named argument of ${node.name}`, node.at);
  if (node.star && node.name !== 'COUNT')
    throw invalidQuery(`Argument * can only be used in COUNT(*)`, node.at);
  if (!node.star && node.args.length === 0)
    throw invalidQuery(`Number of arguments does not match for aggregate function ${node.name}`, node.at);
  const args = node.args.map((arg) => context.resolve(arg, context));
  const called = applyOverloads(node, overloads, args, context.bindings);
  for (const { value } of node.orderBy) {
    if (ordinalOf(value, 'ORDER BY') !== undefined)
      throw invalidQuery('Aggregate functions do not allow ORDER BY by index in arguments', value.at);
  }
  const order = orderBySql(node.orderBy, (key) => context.resolve(key, context));
  const limit = node.limit && rowCount(context.resolve(node.limit, context), 'LIMIT', context.bindings);
  if (node.distinct) for (const arg of args) assertDistinct(node.name, arg);
  const sql = completeAggregate(node, called.sql, {
    args: args.map(({ sql }) => sql),
    orderBy: order.sql && ` ${order.sql}`,
    limit,
    isBytes: called.type.kind === 'BYTES',
    rowFilter: context.rowFilter,
    over,
  });
  return combined(sql, called.type, node.at, [called, ...order.values]);
}

function assertDistinct(name: string, { type, at }: Resolved): void {
  if (holds(type, 'JSON'))
    throw invalidQuery(
      `Aggregate functions with DISTINCT cannot be used with arguments of type ${typeName(type)}`,
      at,
    );
  assertGroupable(`DISTINCT in ${name}`, type, at);
}

function resolveAnalytic(node: FunctionCall, context: ExpressionContext): Resolved {
  const { name, at } = node;
  if (!context.windows) throw invalidQuery(`Analytic function ${name} not allowed in ${context.clause}`, at);
  const inner = { ...context, windows: false, clause: `the arguments of analytic function ${name}` };
  const spec = windowSpec(node.over ?? { partitionBy: [], orderBy: [] }, context);
  const window = windowSql(spec, inner);
  if (WITHOUT_ORDER.includes(name) && spec.orderBy.length > 0)
    throw invalidQuery(`Window ORDER BY is not allowed for analytic function ${name.toLowerCase()}`, at);
  if (ORDER_REQUIRED.includes(name) && spec.orderBy.length === 0)
    throw invalidQuery(`Window ORDER BY is required for analytic function ${name.toLowerCase()}`, at);
  if (Object.hasOwn(AGGREGATES, name)) {
    if (node.distinct && (spec.orderBy.length > 0 || spec.frame))
      throw invalidQuery(`Window ORDER BY is not allowed if DISTINCT is specified`, at);
    const called = aggregateCall(node, inner, ` OVER (${window.sql})`);
    return combined(called.sql, called.type, at, [called, ...window.values], { hasWindow: true });
  }
  const hasFrame = spec.frame !== undefined;
  if ((hasFrame || node.nulls) && !VALUE_FUNCTIONS.includes(name))
    throw unsupported(`${hasFrame ? 'A window frame' : `${node.nulls} NULLS`} for ${name}`, at);
  if (node.distinct || node.star || node.orderBy.length > 0 || node.limit)
    throw invalidQuery(`Function ${name} accepts only plain arguments`, at);
  const args = node.args.map((arg) => context.resolve(arg, inner));
  const called = applyOverloads(node, overloadsOf(WINDOW_FUNCTIONS, name) ?? [], args, context.bindings);
  const sql = node.nulls === 'IGNORE' ? `${called.sql.slice(0, -1)} IGNORE NULLS)` : called.sql;
  return combined(`${sql} OVER (${window.sql})`, called.type, at, [called, ...window.values], {
    hasWindow: true,
  });
}

/** Merges a window with the named window that it refers to. */
function windowSpec(spec: WindowSpec, context: ExpressionContext): WindowSpec {
  if (!spec.base) return spec;
  const named = context.namedWindows?.get(spec.base.text.toLowerCase());
  if (!named) throw invalidQuery(`Unrecognized window alias ${spec.base.text}`, spec.base.at);
  const base = windowSpec(named, context);
  const overrides =
    spec.partitionBy.length > 0 ||
    (spec.orderBy.length > 0 && base.orderBy.length > 0) ||
    (base.frame && (spec.frame || spec.orderBy.length > 0));
  if (overrides)
    throw invalidQuery(`A window cannot override a part of the window ${spec.base.text}`, spec.base.at);
  const frame = spec.frame ?? base.frame;
  return {
    partitionBy: base.partitionBy,
    orderBy: spec.orderBy.length > 0 ? spec.orderBy : base.orderBy,
    ...(frame && { frame }),
  };
}

function windowSql(spec: WindowSpec, context: ExpressionContext): { sql: string; values: Resolved[] } {
  const partition = spec.partitionBy.map((key) => context.resolve(key, context));
  for (const { type, at } of partition) assertComparable('PARTITION BY', type, at);
  const float = partition.find(({ type }) => type.kind === 'FLOAT64');
  if (float) throw invalidQuery('Partitioning by expressions of type FLOAT64 is not allowed', float.at);
  const order = orderBySql(spec.orderBy, (key) => context.resolve(key, context));
  const values = [...partition, ...order.values];
  const parts = [
    partition.length > 0 && `PARTITION BY ${partition.map(({ sql }) => sql).join(', ')}`,
    order.sql,
    spec.frame && frameSql(spec.frame, order.values, context),
  ];
  return { sql: parts.filter(Boolean).join(' '), values };
}
