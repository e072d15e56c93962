import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { quoteColumn } from '../names.ts';
import { type DataType, scalar, structKey } from '../types.ts';
import type { FromItem, Join, Name, Query } from './ast.ts';
import { condition } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { unified } from './operators.ts';
import { resolveExpression } from './resolve-expression.ts';
import { resolvePivot, resolveUnpivot } from './resolve-pivot.ts';
import { type Resolved, unionColumns, withoutReferences } from './resolved.ts';
import { Scope, type ScopeColumn, type Source, sameName } from './scope.ts';
import { sample, tableAsOf, timeBound } from './table-rows.ts';

/** The times between which rows were appended: TIMESTAMP expressions of DuckDB; undefined is no bound. */
export interface TimeRange {
  readonly start: string | undefined;
  /** Exclusive. */
  readonly end: string | undefined;
}

/** A relation in FROM: a stored table, a common table expression or a subquery. */
export interface Relation {
  /** The SQL before AS. */
  readonly sql: string;
  /** `name` is the column's name in the query, `column` its name in DuckDB. */
  readonly outputs: readonly {
    readonly name: string;
    readonly column: string;
    readonly type: DataType;
    readonly columns: ReadonlySet<string>;
    /** Equal for outputs that are one column under several names. */
    readonly origin?: string | undefined;
    readonly isPseudo?: boolean;
  }[];
  /** Values that are read even when no column is used. */
  readonly reads: readonly Resolved[];
  /** Whether the column `d` counts the iterations of WITH RECURSIVE. */
  readonly counts?: boolean;
  /** Whether the rows are values without a column. */
  readonly isValue?: boolean;
}

export interface FromContext {
  /** Scope of the outer query, for correlated subqueries. */
  readonly outer: Scope;
  readonly expression: Omit<ExpressionContext, 'scope' | 'clause'>;
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
      if (from.count) {
        throw invalidQuery(`${item.node.toUpperCase()} may not be used with a recursive reference`, item.at);
      }
      const scope = new Scope(context.outer, from.sources, from.merged);
      const input = {
        from,
        scope,
        context: { ...context.expression, scope, clause: `${item.node.toUpperCase()} clause` },
      };
      const relation =
        item.node === 'pivot' ? resolvePivot(item, input) : resolveUnpivot(item, input, context.newAlias());
      return fromRelation(relation, item.alias, context);
    }
    case 'appends': {
      const range = {
        start: timeBound(item.start, 'start_timestamp', context),
        end: timeBound(item.end, 'end_timestamp', context),
      };
      return fromRelation(
        context.appends(item.path, item.at, range),
        item.alias ?? item.path.at(-1),
        context,
      );
    }
    case 'derived':
      return fromRelation(context.subquery(item.query), item.alias, context);
    case 'unnest': {
      const scope = new Scope(context.outer, left);
      const array = resolveExpression(item.array, { ...context.expression, scope, clause: 'UNNEST' });
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
  const columns = relation.outputs.map(
    ({ name, column, type, columns, origin = column, isPseudo = false }) => {
      if (!firsts.has(origin)) firsts.set(origin, sqlOf(column));
      return { name, type, columns, isPseudo, sql: sqlOf(column), origin: firsts.get(origin) ?? '' };
    },
  );
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
function arrayPath(
  path: readonly Name[],
  context: FromContext,
  left: readonly Source[],
): Resolved | undefined {
  const [first] = path;
  if (!first || path.length < 2) return undefined;
  const scope = new Scope(context.outer, left);
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
  if (array.type.kind !== 'ARRAY') {
    throw invalidQuery(
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${array.type.kind}`,
      array.at,
    );
  }
  const duckAlias = context.newAlias();
  const element: ScopeColumn = {
    name: '',
    sql: `${duckAlias}."v"`,
    type: array.type.element,
    columns: array.columns,
  };
  const source = valueSource(element, alias);
  const place = offset && {
    name: offset.text,
    sql: `${duckAlias}."o"`,
    type: scalar('INT64'),
    columns: array.columns,
  };
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
  if (right.lateral && (item.kind === 'RIGHT' || item.kind === 'FULL')) {
    throw unsupported(`${item.kind} JOIN with UNNEST`, item.at);
  }
  const isOptional =
    (right.count && item.kind === 'LEFT') ||
    (left.count && item.kind === 'RIGHT') ||
    ((left.count ?? right.count) && item.kind === 'FULL');
  if (isOptional) {
    throw invalidQuery(
      `A query containing a recursive reference may not be used as that operand of a ${item.kind} JOIN`,
      item.at,
    );
  }
  const joined = joinCondition(item, left, right, context, outerLeft);
  const rightSql = item.right.node === 'join' ? `(${right.sql})` : right.sql;
  const words = item.kind === 'CROSS' ? 'CROSS JOIN' : `${item.kind} JOIN`;
  return {
    sql: `${left.sql} ${words} ${rightSql}${joined.sql}`,
    sources: [...left.sources, ...right.sources],
    merged: joined.merged,
    reads: [...left.reads, ...right.reads, ...joined.reads],
    lateral: left.lateral || right.lateral,
    count: left.count ?? right.count,
  };
}

function joinCondition(
  item: Join,
  left: ResolvedFrom,
  right: ResolvedFrom,
  context: FromContext,
  outerLeft: readonly Source[],
): { sql: string; merged: readonly ScopeColumn[]; reads: readonly Resolved[] } {
  const merged = [...left.merged, ...right.merged];
  if (item.kind === 'CROSS') return { sql: '', merged, reads: [] };
  if (item.on) {
    const scope = new Scope(context.outer, [...outerLeft, ...left.sources, ...right.sources], merged);
    const on = resolveExpression(item.on, { ...context.expression, scope, clause: 'JOIN ON clause' });
    const bool = condition(on, 'JOIN ON clause', context.expression.bindings);
    return { sql: ` ON ${bool.sql}`, merged, reads: [withoutReferences(bool, scope)] };
  }
  if (item.using) return usingCondition(item.using, item, left, right, context);
  if (!right.lateral) {
    throw invalidQuery(`${item.kind} JOIN must have an immediately following ON or USING clause`, item.at);
  }
  return { sql: ' ON TRUE', merged, reads: [] };
}

function usingCondition(
  names: readonly Name[],
  item: Join,
  left: ResolvedFrom,
  right: ResolvedFrom,
  context: FromContext,
): { sql: string; merged: readonly ScopeColumn[]; reads: readonly Resolved[] } {
  const { bindings } = context.expression;
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
    return { name: name.text, sql: both[item.kind] ?? a.sql, type: a.type, columns: unionColumns([a, b]) };
  });
  const others = [...left.merged, ...right.merged].filter(
    (column) => !names.some((name) => sameName(name.text, column.name)),
  );
  return { sql: ` ON ${conditions.join(' AND ')}`, merged: [...merged, ...others], reads };
}

function assertDistinctAliases(sources: readonly Source[], at: Position): void {
  const seen = new Set<string>();
  for (const { alias } of sources) {
    const key = alias?.toLowerCase();
    if (key === undefined) continue;
    if (seen.has(key)) throw invalidQuery(`Duplicate table alias ${alias} in the same FROM clause`, at);
    seen.add(key);
  }
}
