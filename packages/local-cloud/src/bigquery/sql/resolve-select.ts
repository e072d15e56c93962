import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, scalar } from '../types.ts';
import type { Expression, Name, OrderItem, Select } from './ast.ts';
import { coerce } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { GroupBy, ordinalOf } from './group-by.ts';
import { assertGroupable } from './operators.ts';
import { orderKeySql } from './order-key.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type FromContext, resolveFrom } from './resolve-from.ts';
import type { Resolved } from './resolved.ts';
import { Scope, sameName } from './scope.ts';
import { expandItems, type ListItem } from './select-items.ts';
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

class SelectResolver {
  readonly #select: Select;
  readonly #scope: Scope;
  readonly #fromSql: string;
  readonly #count: string | undefined;
  readonly #reads: Resolved[] = [];
  readonly #base: ExpressionContext;
  readonly #items: readonly ListItem[];

  constructor(select: Select, from: FromContext) {
    this.#select = select;
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
    const select = this.#select;
    const where = select.where && this.#condition(select.where, { ...this.#base, clause: 'WHERE clause' });
    if (where && !select.from)
      throw invalidQuery('Query without FROM clause cannot have a WHERE clause', select.where?.at);
    const groups = select.groupBy && new GroupBy(select.groupBy, this.#items, this.#base);
    const keys = groups?.keys ?? [];
    const grouping = { aggregates: true, groupKeys: new Set(keys.map(({ sql }) => sql)) };
    const list = { ...this.#base, ...grouping, clause: 'SELECT list', windows: true };
    const values = this.#items.map((item) => groups?.keyOfItem.get(item) ?? item.resolve(list));
    const alias = (name: Name) => this.#alias(name, values);
    const having =
      select.having &&
      this.#condition(select.having, {
        ...this.#base,
        ...grouping,
        clause: 'HAVING clause',
        alias,
      });
    const qualify =
      select.qualify && this.#condition(select.qualify, { ...list, clause: 'QUALIFY clause', alias });
    if (qualify && !qualify.hasWindow && !values.some(({ hasWindow }) => hasWindow)) {
      throw invalidQuery(
        'The QUALIFY clause requires analytic function to be present in the QUALIFY clause or the SELECT list',
        select.qualify?.at,
      );
    }
    const order = this.#orderBy(orderBy, values, { ...list, clause: 'ORDER BY clause' });
    const everything = [
      ...values,
      ...order.values,
      ...(having ? [having] : []),
      ...(qualify ? [qualify] : []),
    ];
    const isAggregated = select.groupBy || having || everything.some(({ hasAggregate }) => hasAggregate);
    if (isAggregated && !select.from)
      throw invalidQuery('SELECT without FROM clause cannot use aggregation', select.at);
    if (having && !select.groupBy && !everything.some(({ hasAggregate }) => hasAggregate)) {
      throw invalidQuery(
        'The HAVING clause requires GROUP BY or aggregation to be present',
        select.having?.at,
      );
    }
    if (isAggregated) this.#assertGrouped(values, grouping.groupKeys, 'SELECT list');
    if (isAggregated)
      this.#assertGrouped(everything, grouping.groupKeys, 'ORDER BY, HAVING or QUALIFY clause');
    if (select.distinct) for (const { type, at } of values) assertGroupable('SELECT DISTINCT', type, at);
    const isWindowed = everything.some(({ hasWindow }) => hasWindow);
    if (this.#count && (select.distinct || isAggregated || isWindowed)) {
      throw invalidQuery(
        'A subquery containing a recursive reference may not use DISTINCT, GROUP BY, any aggregate function or any analytic function',
        select.at,
      );
    }

    const distinct = select.distinct ? 'DISTINCT ' : '';
    const outputs = this.#outputs(values);
    const columns = outputs.map(({ value }, index) => `${value.sql} AS c${index}`);
    if (this.#count) columns.push(`${this.#count} AS d`);
    const clauses = [
      where && ` WHERE ${where.sql}`,
      groups && ` GROUP BY ${groups.sql}`,
      having && ` HAVING ${having.sql}`,
      qualify && ` QUALIFY ${qualify.sql}`,
    ];
    const always = [where, having, qualify].filter((condition) => condition !== undefined);
    return {
      sql: `SELECT ${distinct}${columns.join(', ')}${this.#fromSql}${clauses.filter(Boolean).join('')}`,
      orderBy: order.sql,
      outputs,
      reads: [...this.#reads, ...always, ...keys, ...order.values, ...(select.distinct ? values : [])],
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
    const condition = resolveExpression(node, context);
    const bool = coerce(condition, scalar('BOOL'), context.bindings);
    if (bool) return bool;
    throw invalidQuery(
      `${context.clause} should return type BOOL, but returns type ${condition.type.kind}`,
      node.at,
    );
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

  #orderBy(
    items: readonly OrderItem[],
    values: readonly Resolved[],
    context: ExpressionContext,
  ): { sql: string; values: Resolved[] } {
    const alias = (name: Name) => this.#alias(name, values);
    const resolved: Resolved[] = [];
    const keys = items.map((item) => {
      const ordinal = ordinalOf(item.value);
      const value = ordinal ? values[ordinal - 1] : resolveExpression(item.value, { ...context, alias });
      if (!value) throw invalidQuery(`ORDER BY is out of SELECT list range: ${ordinal}`, item.value.at);
      const index = values.findIndex(({ sql }) => sql === value.sql);
      if (this.#select.distinct && index < 0) {
        throw invalidQuery(
          'ORDER BY clause expression references column which is not visible after SELECT DISTINCT',
          item.value.at,
        );
      }
      resolved.push({ ...value, at: item.value.at });
      // After DISTINCT, DuckDB sorts only by ordinal. AS STRUCT makes one column, so its values have no ordinals.
      const hasOrdinal = index >= 0 && !this.#select.as;
      if (this.#select.distinct && value.type.kind === 'FLOAT64')
        throw unsupported('ORDER BY FLOAT64 with SELECT DISTINCT', item.value.at);
      return orderKeySql(value, item, hasOrdinal ? String(index + 1) : value.sql);
    });
    return { sql: keys.length > 0 ? ` ORDER BY ${keys.join(', ')}` : '', values: resolved };
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
