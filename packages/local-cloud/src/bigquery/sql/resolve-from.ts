import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { quoteColumn } from '../names.ts';
import { scalar, structKey } from '../types.ts';
import type { FromItem, Join, Name, Query } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { condition } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { unified } from './operators.ts';
import type { Relation } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import { resolvePivot, resolveUnpivot } from './resolve-pivot.ts';
import { type Resolved, unionColumns, withoutReferences } from './resolved.ts';
import { repeated, Scope, type ScopeColumn, type Source, sameName } from './scope.ts';
import { sample, tableAsOf, timeBound } from './table-rows.ts';

/** The times between which rows were appended: TIMESTAMP expressions of DuckDB; undefined is no bound. */
export interface TimeRange {
  readonly start: string | undefined;
  /** Exclusive. */
  readonly end: string | undefined;
}

export interface FromContext {
  readonly bindings: Bindings;
  /** Scope of the outer query, for correlated subqueries. */
  readonly outer: Scope;
  /** The context of an expression without aggregate and window functions. */
  expression(scope: Scope, clause: string): ExpressionContext;
  /** The common table expression that the path names, or undefined. */
  cte(path: readonly Name[]): Relation | undefined;
  table(path: readonly Name[], at: Position): Relation;
  appends(path: readonly Name[], at: Position, range: TimeRange): Relation;
  /** `time` is a TIMESTAMP expression of DuckDB. */
  asOf(path: readonly Name[], at: Position, time: string): Relation;
  subquery(query: Query): Relation;
  /** A new alias in DuckDB: `t3`. */
  newAlias(): string;
}

export interface ResolvedFrom {
  readonly sql: string;
  readonly sources: readonly Source[];
  readonly merged: readonly ScopeColumn[];
  readonly reads: readonly Resolved[];
  /** Whether it can refer to the items on its left. */
  readonly lateral: boolean;
  /** The count of iterations, where a recursive query refers to itself. */
  readonly count?: string | undefined;
}

export function resolveFrom(
  item: FromItem,
  context: FromContext,
  left: readonly Source[] = [],
): ResolvedFrom {
  switch (item.node) {
    case 'table': {
      const array = arrayPath(item.path, context, left);
      if (array) return unnest(array, item.alias ?? item.path.at(-1), undefined, context);
      const relation = item.asOf
        ? tableAsOf(item.path, item.asOf, context)
        : (context.cte(item.path) ?? context.table(item.path, item.at));
      const sampled = item.percent ? sample(relation, item.percent, context) : relation;
      return fromRelation(sampled, item.alias ?? item.path.at(-1), context);
    }
    case 'pivot':
    case 'unpivot': {
      const from = resolveFrom(item.input, context, left);
      if (from.count)
        throw invalidQuery(`${item.node.toUpperCase()} may not be used with a recursive reference`, item.at);
      const scope = new Scope(context.outer, from.sources, from.merged);
      const input = { from, context: context.expression(scope, `${item.node.toUpperCase()} clause`) };
      const relation =
        item.node === 'pivot' ? resolvePivot(item, input) : resolveUnpivot(item, input, context.newAlias());
      return fromRelation(relation, item.alias, context);
    }
    case 'appends': {
      const start = timeBound(item.start, 'start_timestamp', context);
      const end = timeBound(item.end, 'end_timestamp', context);
      const appended = context.appends(item.path, item.at, { start, end });
      return fromRelation(appended, item.alias ?? item.path.at(-1), context);
    }
    case 'derived':
      return fromRelation(context.subquery(item.query), item.alias, context);
    case 'unnest': {
      const scope = new Scope(context.outer, left);
      const array = resolveExpression(item.array, context.expression(scope, 'UNNEST'));
      return unnest(array, item.alias, item.offset, context);
    }
    case 'join':
      return join(item, context, left);
  }
}

function fromRelation(relation: Relation, alias: Name | undefined, context: FromContext): ResolvedFrom {
  const duckAlias = context.newAlias();
  const sqlOf = (column: string) => `${duckAlias}.${quoteColumn(column)}`;
  const firsts = new Map<string, string>();
  const columns = relation.outputs.map((output, index): ScopeColumn => {
    const { name, value, column = `c${index}`, origin = column, isPseudo = false } = output;
    const sql = sqlOf(column);
    if (!firsts.has(origin)) firsts.set(origin, sql);
    const { type, columns } = value;
    return { name, type, columns, isPseudo, sql, origin: firsts.get(origin) ?? sql };
  });
  const [only] = columns;
  const sources = [relation.isValue && only ? valueSource(only, alias) : { alias: alias?.text, columns }];
  return {
    sql: `${relation.sql} AS ${duckAlias}`,
    sources,
    merged: [],
    reads: relation.reads,
    lateral: false,
    ...(relation.counts && { count: `${duckAlias}.d` }),
  };
}

/** A source of values without a column: the alias names the value, and the fields of a STRUCT are columns. */
function valueSource(value: ScopeColumn, alias: Name | undefined): Source {
  const { type, columns } = value;
  const named = { ...value, name: alias?.text ?? '' };
  if (type.kind !== 'STRUCT') return { alias: alias?.text, columns: [named], value: named };
  const fields = type.fields.map((field, index) => ({
    name: field.name,
    sql: `struct_extract(${value.sql}, '${structKey(index)}')`,
    type: field.type,
    columns,
  }));
  return { alias: alias?.text, columns: fields, value: named };
}

/** In `FROM t, t.items`, the second item is an array of the same row. */
function arrayPath(path: readonly Name[], { outer }: FromContext, left: readonly Source[]) {
  const [first] = path;
  if (!first || path.length < 2) return undefined;
  const scope = new Scope(outer, left);
  for (let around: Scope | undefined = scope; around; around = around.parent) {
    if (around.source(first.text)) return scope.resolve(path);
  }
  return undefined;
}

function unnest(
  array: Resolved,
  alias: Name | undefined,
  offset: Name | undefined,
  context: FromContext,
): ResolvedFrom {
  if (array.type.kind !== 'ARRAY')
    throw invalidQuery(
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${array.type.kind}`,
      array.at,
    );
  const duckAlias = context.newAlias();
  const { columns } = array;
  const element = { name: '', sql: `${duckAlias}."v"`, type: array.type.element, columns };
  const source = valueSource(element, alias);
  const place = offset && { name: offset.text, sql: `${duckAlias}."o"`, type: scalar('INT64'), columns };
  const sources = place ? [source, { alias: place.name, columns: [place], value: place }] : [source];
  assertDistinctAliases(sources, array.at);
  const offsetColumn = offset ? `, generate_subscripts(${array.sql}, 1) - 1 AS "o"` : '';
  return {
    sql: `LATERAL (SELECT unnest(${array.sql}) AS "v"${offsetColumn}) AS ${duckAlias}`,
    sources,
    merged: [],
    reads: [array],
    lateral: true,
  };
}

function join(item: Join, context: FromContext, outerLeft: readonly Source[]): ResolvedFrom {
  const left = resolveFrom(item.left, context, outerLeft);
  const right = resolveFrom(item.right, context, [...outerLeft, ...left.sources]);
  assertDistinctAliases([...left.sources, ...right.sources], item.at);
  if (right.lateral && (item.kind === 'RIGHT' || item.kind === 'FULL'))
    throw unsupported(`${item.kind} JOIN with UNNEST`, item.at);
  const count = left.count ?? right.count;
  const optional: Partial<Record<Join['kind'], string | undefined>> = {
    ...{ LEFT: right.count, RIGHT: left.count, FULL: count },
  };
  if (optional[item.kind])
    throw invalidQuery(
      `A query containing a recursive reference may not be used as that operand of a ${item.kind} JOIN`,
      item.at,
    );
  const joined = joinCondition(item, left, right, context, outerLeft);
  const rightSql = item.right.node === 'join' ? `(${right.sql})` : right.sql;
  const words = item.kind === 'CROSS' ? 'CROSS JOIN' : `${item.kind} JOIN`;
  return {
    sql: `${left.sql} ${words} ${rightSql}${joined.sql}`,
    sources: [...left.sources, ...right.sources],
    merged: joined.merged,
    reads: [...left.reads, ...right.reads, ...joined.reads],
    lateral: left.lateral || right.lateral,
    count,
  };
}

type JoinCondition = Pick<ResolvedFrom, 'sql' | 'merged' | 'reads'>;

function joinCondition(
  item: Join,
  left: ResolvedFrom,
  right: ResolvedFrom,
  context: FromContext,
  outerLeft: readonly Source[],
): JoinCondition {
  const merged = [...left.merged, ...right.merged];
  if (item.kind === 'CROSS') return { sql: '', merged, reads: [] };
  if (item.on) {
    const scope = new Scope(context.outer, [...outerLeft, ...left.sources, ...right.sources], merged);
    const on = condition(item.on, context.expression(scope, 'JOIN ON clause'));
    return { sql: ` ON ${on.sql}`, merged, reads: [withoutReferences(on, scope)] };
  }
  if (item.using) return usingCondition(item.using, item.kind, left, right, context);
  if (!right.lateral)
    throw invalidQuery(`${item.kind} JOIN must have an immediately following ON or USING clause`, item.at);
  return { sql: ' ON TRUE', merged, reads: [] };
}

function usingCondition(
  names: readonly Name[],
  kind: Join['kind'],
  left: ResolvedFrom,
  right: ResolvedFrom,
  { bindings }: FromContext,
): JoinCondition {
  const leftScope = new Scope(undefined, left.sources, left.merged);
  const rightScope = new Scope(undefined, right.sources, right.merged);
  const reads: Resolved[] = [];
  const conditions: string[] = [];
  const merged = names.map((name): ScopeColumn => {
    if (!leftScope.hasColumn(name) || !rightScope.hasColumn(name)) {
      const side = leftScope.hasColumn(name) ? 'right' : 'left';
      throw invalidQuery(`Column ${name.text} in USING clause not found on ${side} side of join`, name.at);
    }
    const operands = [leftScope.resolve([name]), rightScope.resolve([name])] as const;
    const [a, b] = unified('operator =', operands, 'ANY = ANY', { at: name.at, bindings });
    if (a.type.kind === 'FLOAT64') throw unsupported('USING with a column of type FLOAT64', name.at);
    conditions.push(`${a.sql} = ${b.sql}`);
    reads.push({ ...a, references: [] }, { ...b, references: [] });
    const both: Readonly<Record<string, string>> = { FULL: `coalesce(${a.sql}, ${b.sql})`, RIGHT: b.sql };
    return { name: name.text, sql: both[kind] ?? a.sql, type: a.type, columns: unionColumns([a, b]) };
  });
  const others = [...left.merged, ...right.merged].filter(
    (column) => !names.some((name) => sameName(name.text, column.name)),
  );
  return { sql: ` ON ${conditions.join(' AND ')}`, merged: [...merged, ...others], reads };
}

function assertDistinctAliases(sources: readonly Source[], at: Position): void {
  const alias = repeated(sources.flatMap((source) => source.alias ?? []));
  if (alias) throw invalidQuery(`Duplicate table alias ${alias} in the same FROM clause`, at);
}
