import { invalidQuery, type Position } from '../errors.ts';
import type { DataType } from '../types.ts';
import type { Expression, Name, OrderItem, Select } from './ast.ts';
import { condition } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { GroupBy } from './group-by.ts';
import { assertGroupable } from './operators.ts';
import { orderKeySql, ordinalOf } from './order-key.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type FromContext, resolveFrom } from './resolve-from.ts';
import { type Resolved, withoutReferences } from './resolved.ts';
import { Scope, type ScopeColumn, sameName } from './scope.ts';
import { expandItems, isPath, type ListItem } from './select-items.ts';
import { structOf } from './struct.ts';

export interface Output {
  /** Empty for a column without a name. */
  readonly name: string;
  readonly type: DataType;
  readonly value: Resolved;
  /** Equal for outputs that are one column under several names. */
  readonly origin?: string | undefined;
}

export interface ResolvedSelect {
  /** Without ORDER BY and LIMIT. Columns are `c0`, `c1`, … */
  readonly sql: string;
  readonly orderBy: string;
  readonly outputs: readonly Output[];
  /** Values that are read even when no output is used. */
  readonly reads: readonly Resolved[];
  readonly scope: Scope;
  /** Whether the column `d` counts the iterations of WITH RECURSIVE. */
  readonly counts: boolean;
}

export function resolveSelect(
  select: Select,
  orderBy: readonly OrderItem[],
  from: FromContext,
): ResolvedSelect {
  return new SelectResolver(select, from).resolve(orderBy);
}

/** The rows of SELECT DISTINCT, each once. */
interface DistinctRows {
  readonly alias: string;
  readonly values: readonly Resolved[];
  readonly scope: Scope;
}

interface Clauses {
  readonly where: Resolved | undefined;
  readonly groups: GroupBy | undefined;
  /** Of the SELECT list. */
  readonly values: readonly Resolved[];
  readonly having: Resolved | undefined;
  readonly qualify: Resolved | undefined;
  /** Set for SELECT DISTINCT with ORDER BY. */
  readonly distinct: DistinctRows | undefined;
  readonly order: { readonly sql: string; readonly values: readonly Resolved[] };
}

class SelectResolver {
  readonly #select: Select;
  readonly #scope: Scope;
  readonly #fromSql: string;
  readonly #count: string | undefined;
  readonly #reads: Resolved[] = [];
  readonly #base: ExpressionContext;
  readonly #items: readonly ListItem[];
  readonly #newAlias: () => string;

  constructor(select: Select, from: FromContext) {
    this.#select = select;
    this.#newAlias = from.newAlias;
    const resolved = select.from && resolveFrom(select.from, from);
    this.#scope = new Scope(from.outer, resolved?.sources, resolved?.merged);
    this.#fromSql = resolved ? ` FROM ${resolved.sql}` : '';
    this.#count = resolved?.count;
    this.#reads.push(...(resolved?.reads ?? []));
    const windows = select.windows.map(({ name, spec }) => [name.text.toLowerCase(), spec] as const);
    this.#base = {
      ...from.expression,
      scope: this.#scope,
      clause: 'FROM clause',
      aggregates: false,
      windows: false,
      namedWindows: new Map(windows),
    };
    this.#items = expandItems(select, this.#scope, this.#base);
  }

  resolve(orderBy: readonly OrderItem[]): ResolvedSelect {
    const clauses = this.#clauses(orderBy);
    this.#assertClauses(clauses, orderBy.length > 0);
    return this.#written(clauses);
  }

  #clauses(orderBy: readonly OrderItem[]): Clauses {
    const select = this.#select;
    const where = select.where && this.#condition(select.where, { ...this.#base, clause: 'WHERE clause' });
    const groups = select.groupBy && new GroupBy(select.groupBy, this.#items, this.#base);
    const keys = new Set(groups?.keys.map(({ sql }) => sql));
    const grouping = { aggregates: true, groups: { keys, paths: groups?.paths ?? new Set<string>() } };
    const list = { ...this.#base, ...grouping, clause: 'SELECT list', windows: true };
    const isUsedLater = orderBy.length > 0 || Boolean(select.having ?? select.qualify);
    const values = this.#items.map(
      (item) => groups?.keyOfItem.get(item) ?? this.#listValue(item, list, isUsedLater),
    );
    const alias = (name: Name) => this.#alias(name, values);
    const afterGroups = { ...this.#base, ...grouping, clause: 'HAVING clause', alias };
    const having = select.having && this.#condition(select.having, afterGroups);
    const qualify =
      select.qualify && this.#condition(select.qualify, { ...list, clause: 'QUALIFY clause', alias });
    const distinct =
      select.distinct && orderBy.length > 0 ? this.#distinctRows(values, this.#newAlias()) : undefined;
    const order = this.#orderBy(orderBy, values, { ...list, clause: 'ORDER BY clause' }, distinct);
    return { where, groups, values, having, qualify, distinct, order };
  }

  /** Throws for clauses that a SELECT does not have together. */
  #assertClauses({ where, groups, values, having, qualify, order }: Clauses, isOrdered: boolean): void {
    const select = this.#select;
    const after = [having, qualify].filter((condition) => condition !== undefined);
    const everything = [...values, ...order.values, ...after];
    const hasAggregate = everything.some((value) => value.hasAggregate);
    const isAggregated = groups || having || hasAggregate;
    const isWindowed = everything.some(({ hasWindow }) => hasWindow);
    if (qualify && !qualify.hasWindow && !values.some(({ hasWindow }) => hasWindow)) {
      throw invalidQuery(
        'The QUALIFY clause requires analytic function to be present in the QUALIFY clause or the SELECT list',
        select.qualify?.at,
      );
    }
    if (having && !groups && !hasAggregate) {
      throw invalidQuery(
        'The HAVING clause requires GROUP BY or aggregation to be present',
        select.having?.at,
      );
    }
    const paths: ReadonlySet<string> = groups?.paths ?? new Set();
    if (isAggregated) this.#assertGrouped(values, paths, 'SELECT list');
    if (isAggregated) this.#assertGrouped(everything, paths, 'ORDER BY, HAVING or QUALIFY clause');
    if (select.distinct) for (const { type, at } of values) assertGroupable('SELECT DISTINCT', type, at);
    if (!select.from)
      assertNone(select.at, {
        'SELECT without FROM clause cannot use aggregation': isAggregated,
        'SELECT without FROM clause cannot use analytic functions': isWindowed,
        'Query without FROM clause cannot use SELECT DISTINCT': select.distinct,
        'Query without FROM clause cannot have a WHERE clause': where,
        'Query without FROM clause cannot have an ORDER BY clause': isOrdered,
      });
    if (this.#count && (select.distinct || isAggregated || isWindowed)) {
      throw invalidQuery(
        'A subquery containing a recursive reference may not use DISTINCT, GROUP BY, any aggregate function or any analytic function',
        select.at,
      );
    }
  }

  #written({ where, groups, values, having, qualify, distinct, order }: Clauses): ResolvedSelect {
    const outputs = this.#outputs(distinct?.values ?? values);
    const columns = columnList(distinct ? values : outputs.map(({ value }) => value));
    if (this.#count) columns.push(`${this.#count} AS d`);
    const clauses = [
      where && ` WHERE ${where.sql}`,
      groups && ` GROUP BY ${groups.sql}`,
      having && ` HAVING ${having.sql}`,
      qualify && ` QUALIFY ${qualify.sql}`,
    ];
    const always = [where, having, qualify].filter((condition) => condition !== undefined);
    const { distinct: isDistinct } = this.#select;
    const word = isDistinct ? 'SELECT DISTINCT' : 'SELECT';
    const rows = `${word} ${columns.join(', ')}${this.#fromSql}${clauses.filter(Boolean).join('')}`;
    const shown = columnList(outputs.map(({ value }) => value)).join(', ');
    const read = [...always, ...(groups?.keys ?? []), ...order.values, ...(isDistinct ? values : [])];
    return {
      sql: distinct ? `SELECT ${shown} FROM (${rows}) AS ${distinct.alias}` : rows,
      orderBy: order.sql,
      outputs,
      reads: [...this.#reads, ...read],
      scope: this.#scope,
      counts: this.#count !== undefined,
    };
  }

  #outputs(values: readonly Resolved[]): Output[] {
    const { as, at } = this.#select;
    const [only] = values;
    if (as === 'VALUE') {
      if (!only || values.length > 1)
        throw invalidQuery('SELECT AS VALUE query must have exactly one column', at);
      return [{ name: '', type: only.type, value: only }];
    }
    if (!as) {
      return values.map((value, index) => ({
        name: this.#items[index]?.name ?? '',
        type: value.type,
        value,
      }));
    }
    const fields = values.map(({ type }, index) => ({ name: this.#items[index]?.name ?? '', type }));
    const value = structOf(values, { kind: 'STRUCT', fields }, at);
    return [{ name: '', type: value.type, value }];
  }

  #condition(node: Expression, context: ExpressionContext): Resolved {
    return condition(resolveExpression(node, context), context.clause, context.bindings);
  }

  /** Resolves an alias of the SELECT list, for the clauses after it. */
  #alias(name: Name, values: readonly Resolved[]): Resolved | undefined {
    const indexes = this.#items.flatMap((item, index) => (sameName(item.name, name.text) ? [index] : []));
    const found = indexes.flatMap((index) => values[index] ?? []);
    const [value] = found;
    if (!value) return undefined;
    if (found.some(({ sql }) => sql !== value.sql)) {
      throw invalidQuery(`Column name ${name.text} is ambiguous`, name.at);
    }
    return value;
  }

  /** An item of the SELECT list that is no key of its own, but may be written as one. */
  #listValue(item: ListItem, context: ExpressionContext, isUsedLater: boolean): Resolved {
    const value = item.resolve(context);
    // Google computes a named item before it groups where a later clause may use the name.
    const isKey = context.groups?.keys.has(value.sql) && (item.name === '' || !isUsedLater);
    return isKey ? withoutReferences(value, this.#scope) : value;
  }

  #orderBy(
    items: readonly OrderItem[],
    values: readonly Resolved[],
    context: ExpressionContext,
    distinct: DistinctRows | undefined,
  ): { sql: string; values: Resolved[] } {
    const shown = distinct?.values ?? values;
    const resolved = items.map(({ value }) => this.#orderValue(value, values, context, distinct));
    const keys = items.map((item, place) => {
      const value = resolved[place];
      if (!value) throw new RangeError('an ORDER BY item without a value');
      const index = shown.findIndex(({ sql }) => sql === value.sql);
      // AS STRUCT makes one column, so its values have no ordinals.
      const hasOrdinal = index >= 0 && !this.#select.as;
      return orderKeySql(value, item, hasOrdinal ? String(index + 1) : value.sql);
    });
    return { sql: keys.length > 0 ? ` ORDER BY ${keys.join(', ')}` : '', values: resolved };
  }

  #orderValue(
    node: Expression,
    values: readonly Resolved[],
    context: ExpressionContext,
    distinct: DistinctRows | undefined,
  ): Resolved {
    const { at } = node;
    const shown = distinct?.values ?? values;
    const ordinal = ordinalOf(node, 'ORDER BY');
    if (ordinal !== undefined) {
      const value = shown[ordinal - 1];
      if (!value) throw invalidQuery(`ORDER BY is out of SELECT list range: ${ordinal}`, at);
      return { ...value, at };
    }
    const resolve = () => resolveExpression(node, { ...context, alias: (name) => this.#alias(name, values) });
    if (!distinct) return resolve();
    const path = isPath(node) ? resolve() : undefined;
    const column = path && shown[values.findIndex(({ sql }) => sql === path.sql)];
    return column ? { ...column, at } : this.#afterDistinct(node, distinct);
  }

  /** The rows of SELECT DISTINCT as columns of `alias`, for ORDER BY: it sees no others. */
  #distinctRows(values: readonly Resolved[], alias: string): DistinctRows {
    const visible = (column: ScopeColumn): ScopeColumn => {
      const index = values.findIndex(({ sql }) => sql === column.sql);
      return index < 0 ? column : { ...column, sql: `${alias}.c${index}` };
    };
    const sources = this.#scope.sources.map(({ columns, value, ...source }) => ({
      ...source,
      columns: columns.map(visible),
      ...(value && { value: visible(value) }),
    }));
    return {
      alias,
      values: values.map((value, index) => ({ ...value, sql: `${alias}.c${index}` })),
      scope: new Scope(this.#scope.parent, sources, this.#scope.merged.map(visible)),
    };
  }

  #afterDistinct(node: Expression, { values, scope }: DistinctRows): Resolved {
    const alias = (name: Name) => this.#alias(name, values);
    const clause = 'ORDER BY clause after SELECT DISTINCT';
    const value = resolveExpression(node, { ...this.#base, scope, clause, alias });
    const hidden = value.references.find(
      (reference) => reference.scope === scope && !values.some(({ sql }) => sql === reference.sql),
    );
    if (!hidden) return withoutReferences(value, scope);
    throw invalidQuery(
      `ORDER BY clause expression references column ${hidden.name} which is not visible after SELECT DISTINCT`,
      hidden.at,
    );
  }

  #assertGrouped(values: readonly Resolved[], keys: ReadonlySet<string>, clause: string): void {
    const reference = values
      .flatMap(({ references }) => references)
      .find(({ scope, sql }) => scope === this.#scope && !keys.has(sql));
    if (!reference) return;
    throw invalidQuery(
      `${clause} expression references column ${reference.name} which is neither grouped nor aggregated`,
      reference.at,
    );
  }
}

function columnList(values: readonly Resolved[]): string[] {
  return values.map(({ sql }, index) => `${sql} AS c${index}`);
}

/** Throws the first message whose value is truthy. */
function assertNone(at: Position, messages: Readonly<Record<string, unknown>>): void {
  const message = Object.keys(messages).find((key) => messages[key]);
  if (message) throw invalidQuery(message, at);
}
