import { invalidQuery, type Position } from '../errors.ts';
import type { Expression, Name, OrderItem, Select } from './ast.ts';
import { condition } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { GroupBy } from './group-by.ts';
import { assertGroupable } from './operators.ts';
import { itemAt, orderBySql } from './order-key.ts';
import { columnList, type Output, type ResolvedQuery } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type FromContext, type ResolvedFrom, resolveFrom } from './resolve-from.ts';
import { type Resolved, withoutReferences } from './resolved.ts';
import { Scope, type ScopeColumn, sameName } from './scope.ts';
import { expandItems, type ListItem } from './select-items.ts';
import { structOf } from './struct.ts';

export function resolveSelect(
  select: Select,
  orderBy: readonly OrderItem[],
  from: FromContext,
): ResolvedQuery {
  return new SelectResolver(select, from).resolve(orderBy);
}

/** The rows of SELECT DISTINCT, each once. */
interface DistinctRows {
  readonly alias: string;
  readonly values: readonly Resolved[];
  /** The columns and fields among the values, by their SQL before. */
  readonly shown: ReadonlyMap<string, Resolved>;
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
  readonly #from: ResolvedFrom | undefined;
  readonly #scope: Scope;
  readonly #base: ExpressionContext;
  readonly #items: readonly ListItem[];
  readonly #newAlias: () => string;

  constructor(select: Select, context: FromContext) {
    this.#select = select;
    this.#newAlias = context.newAlias;
    this.#from = select.from && resolveFrom(select.from, context);
    this.#scope = new Scope(context.outer, this.#from?.sources, this.#from?.merged);
    const windows = select.windows.map(({ name, spec }) => [name.text.toLowerCase(), spec] as const);
    this.#base = { ...context.expression(this.#scope, 'FROM clause'), namedWindows: new Map(windows) };
    this.#items = expandItems(select, this.#scope, this.#base);
  }

  resolve(orderBy: readonly OrderItem[]): ResolvedQuery {
    const clauses = this.#clauses(orderBy);
    this.#assertClauses(clauses);
    return this.#written(clauses);
  }

  #clauses(orderBy: readonly OrderItem[]): Clauses {
    const select = this.#select;
    const isOrdered = orderBy.length > 0;
    const where = select.where && condition(select.where, { ...this.#base, clause: 'WHERE clause' });
    const groups = select.groupBy && new GroupBy(select.groupBy, this.#items, this.#base);
    const keys = new Set(groups?.keys.map(({ sql }) => sql));
    const grouping = { aggregates: true, groups: { keys, paths: groups?.paths ?? new Set<string>() } };
    const list = { ...this.#base, ...grouping, clause: 'SELECT list', windows: true };
    const isUsedLater = isOrdered || Boolean(select.having ?? select.qualify);
    const values = this.#items.map(
      (item) => groups?.keyOfItem.get(item) ?? this.#listValue(item, list, isUsedLater),
    );
    const later = { ...list, alias: (name: Name) => this.#alias(name, values) };
    const having =
      select.having && condition(select.having, { ...later, windows: false, clause: 'HAVING clause' });
    const qualify = select.qualify && condition(select.qualify, { ...later, clause: 'QUALIFY clause' });
    const distinct = select.distinct && isOrdered ? this.#distinctRows(values, this.#newAlias()) : undefined;
    const order = this.#orderBy(orderBy, values, { ...later, clause: 'ORDER BY clause' }, distinct);
    return { where, groups, values, having, qualify, distinct, order };
  }

  /** Throws for clauses that a SELECT does not have together. */
  #assertClauses({ where, groups, values, having, qualify, order }: Clauses): void {
    const select = this.#select;
    const after = [having, qualify].filter((condition) => condition !== undefined);
    const everything = [...values, ...order.values, ...after];
    const hasAggregate = everything.some((value) => value.hasAggregate);
    const isAggregated = groups || having || hasAggregate;
    const isWindowed = everything.some(({ hasWindow }) => hasWindow);
    const isUnwindowed = qualify && !qualify.hasWindow && !values.some(({ hasWindow }) => hasWindow);
    assertNone(select.qualify?.at, {
      'The QUALIFY clause requires analytic function to be present in the QUALIFY clause or the SELECT list':
        isUnwindowed,
    });
    assertNone(select.having?.at, {
      'The HAVING clause requires GROUP BY or aggregation to be present': having && !groups && !hasAggregate,
    });
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
        'Query without FROM clause cannot have an ORDER BY clause': order.sql,
      });
    assertNone(select.at, {
      'A subquery containing a recursive reference may not use DISTINCT, GROUP BY, any aggregate function or any analytic function':
        this.#from?.count && (select.distinct || isAggregated || isWindowed),
    });
  }

  #written({ where, groups, values, having, qualify, distinct, order }: Clauses): ResolvedQuery {
    const { count, sql: from, reads = [] } = this.#from ?? {};
    const outputs = this.#outputs(distinct?.values ?? values);
    const shown = columnList(outputs.map(({ value }) => value));
    const clauses = [
      `SELECT${this.#select.distinct ? ' DISTINCT' : ''} ${distinct ? columnList(values) : shown}`,
      count && `, ${count} AS d`,
      from && ` FROM ${from}`,
      where && ` WHERE ${where.sql}`,
      groups && ` GROUP BY ${groups.sql}`,
      having && ` HAVING ${having.sql}`,
      qualify && ` QUALIFY ${qualify.sql}`,
    ];
    const rows = clauses.filter(Boolean).join('');
    const ordered = order.sql && ` ${order.sql}`;
    const always = [where, having, qualify].filter((condition) => condition !== undefined);
    const read = [
      ...always,
      ...(groups?.keys ?? []),
      ...order.values,
      ...(this.#select.distinct ? values : []),
    ];
    const own = (value: Resolved) => withoutReferences(value, this.#scope);
    return {
      sql: (distinct ? `SELECT ${shown} FROM (${rows}) AS ${distinct.alias}` : rows) + ordered,
      outputs: outputs.map((output) => ({ ...output, value: own(output.value) })),
      reads: [...reads, ...read].map(own),
      counts: count !== undefined,
      isValue: this.#select.as !== undefined,
    };
  }

  #outputs(values: readonly Resolved[]): Output<Resolved>[] {
    const { as, at } = this.#select;
    const origins = this.#scope.origins();
    const named = values.map((value, index) => {
      return { name: this.#items[index]?.name ?? '', value, origin: origins.get(value.sql) };
    });
    if (!as) return named;
    if (as === 'STRUCT') {
      const fields = named.map(({ name, value }) => ({ name, type: value.type }));
      return [{ name: '', value: structOf(values, { kind: 'STRUCT', fields }, at) }];
    }
    if (values.length > 1) throw invalidQuery('SELECT AS VALUE query must have exactly one column', at);
    return named.map((output) => ({ ...output, name: '' }));
  }

  /** Resolves an alias of the SELECT list, for the clauses after it. */
  #alias(name: Name, values: readonly Resolved[]): Resolved | undefined {
    const found = values.filter((_, index) => sameName(this.#items[index]?.name ?? '', name.text));
    const [value] = found;
    if (found.every(({ sql }) => sql === value?.sql)) return value;
    throw invalidQuery(`Column name ${name.text} is ambiguous`, name.at);
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
  ): Clauses['order'] {
    const shown = distinct?.values ?? values;
    const resolve = (node: Expression) => {
      const { at } = node;
      const numbered = itemAt(node, 'ORDER BY', shown);
      if (numbered) return { ...numbered, at };
      return distinct ? this.#afterDistinct(node, distinct) : resolveExpression(node, context);
    };
    return orderBySql(items, resolve, ({ sql }) => {
      const index = shown.findIndex((value) => value.sql === sql);
      // AS STRUCT makes one column, so its values have no ordinals.
      return index >= 0 && !this.#select.as ? String(index + 1) : sql;
    });
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
    const columns = values.map((value, index) => ({ ...value, sql: `${alias}.c${index}` }));
    const paths = columns.flatMap((column, index) =>
      this.#items[index]?.isPath ? [[values[index]?.sql ?? '', column] as const] : [],
    );
    return {
      alias,
      values: columns,
      shown: new Map(paths),
      scope: new Scope(this.#scope.parent, sources, this.#scope.merged.map(visible)),
    };
  }

  #afterDistinct(node: Expression, { values, shown, scope }: DistinctRows): Resolved {
    const alias = (name: Name) => this.#alias(name, values);
    const clause = 'ORDER BY clause after SELECT DISTINCT';
    const value = resolveExpression(node, { ...this.#base, scope, shown, clause, alias });
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

/** Throws the first message whose value is truthy. */
function assertNone(at: Position | undefined, messages: Readonly<Record<string, unknown>>): void {
  const message = Object.keys(messages).find((key) => messages[key]);
  if (message) throw invalidQuery(message, at);
}
