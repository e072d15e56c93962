import { invalidQuery } from '../errors.ts';
import type { Expression, GroupingSet, Select } from './ast.ts';
import type { ExpressionContext } from './context.ts';
import { assertGroupable } from './operators.ts';
import { itemAt } from './order-key.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type Resolved, withoutReferences } from './resolved.ts';
import { sameName } from './scope.ts';
import { isPath, type ListItem } from './select-items.ts';

/** A resolved GROUP BY. https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#group_by_clause */
export class GroupBy {
  readonly keys: readonly Resolved[];
  /** What follows GROUP BY. */
  readonly sql: string;
  /** The items of the SELECT list that are keys. */
  readonly keyOfItem = new Map<ListItem, Resolved>();
  /** The SQL of the keys that are columns or fields. Expressions may use only these. */
  readonly paths = new Set<string>();
  readonly #items: readonly ListItem[];
  readonly #context: ExpressionContext;

  constructor(
    { all, keys, sets }: NonNullable<Select['groupBy']>,
    items: readonly ListItem[],
    context: ExpressionContext,
  ) {
    this.#items = items;
    this.#context = { ...context, clause: 'GROUP BY clause' };
    const resolved: Resolved[] = [];
    const keySql = (key: Expression) => {
      const value = this.#key(key);
      resolved.push(value);
      return value.sql;
    };
    this.keys = resolved;
    if (sets) {
      this.sql = setSql(sets, keySql);
    } else {
      if (all) resolved.push(...this.#allKeys());
      else for (const key of keys) keySql(key);
      // Without a key, all rows are one group.
      this.sql = resolved.map(({ sql }) => sql).join(', ') || '()';
    }
  }

  /** GROUP BY ALL: every item of the SELECT list that aggregates nothing. */
  #allKeys(): Resolved[] {
    const list = { ...this.#context, clause: 'SELECT list', aggregates: true, windows: true };
    return this.#items
      .filter((item) => {
        const { hasAggregate, hasWindow, coercible } = item.resolve(list);
        return !hasAggregate && !hasWindow && coercible === undefined;
      })
      .map((item) => this.#itemKey(item));
  }

  #key(key: Expression): Resolved {
    const value = this.#named(key);
    assertGroupable('GROUP BY', value.type, key.at);
    return value;
  }

  /** A key by its ordinal, by an alias of the SELECT list, which comes before a column of FROM, or as it is. */
  #named(key: Expression): Resolved {
    const context = this.#context;
    const numbered = itemAt(key, 'GROUP BY', this.#items);
    if (numbered) return this.#itemKey(numbered);
    const [name, ...fields] = key.node === 'path' ? key.parts : [];
    const items = name ? this.#items.filter((item) => sameName(item.name, name.text)) : [];
    const [item] = items;
    if (!name || !item) return this.#expression(key);
    const list = { ...context, aggregates: true, windows: true };
    const values = items.map((other) => other.resolve(list));
    if (values.some(({ sql }) => sql !== values[0]?.sql))
      throw invalidQuery(
        `Name ${name.text} in GROUP BY clause is ambiguous; it may refer to multiple columns in the SELECT-list`,
        key.at,
      );
    if (fields.length > 0 && !values[0]?.hasAggregate)
      throw invalidQuery(`Cannot GROUP BY field references from SELECT list alias ${name.text}`, key.at);
    if (!values[0]?.hasAggregate) return this.#itemKey(item);
    // `SELECT ARRAY_AGG(t)[OFFSET(0)].* … GROUP BY id` names a field `id` without an alias.
    if (item.isExpanded && context.scope.hasColumn(name)) return this.#expression(key);
    throw invalidQuery(
      `Column ${name.text} contains an aggregation function, which is not allowed in GROUP BY`,
      key.at,
    );
  }

  #expression(key: Expression): Resolved {
    const value = resolveExpression(key, this.#context);
    if (isPath(key)) this.paths.add(value.sql);
    return value;
  }

  #itemKey(item: ListItem): Resolved {
    const value = item.resolve(this.#context);
    if (item.isPath) this.paths.add(value.sql);
    this.keyOfItem.set(item, withoutReferences(value, this.#context.scope));
    return value;
  }
}

function setSql(set: GroupingSet, keySql: (key: Expression) => string): string {
  const list = (keys: readonly Expression[]) => `(${keys.map(keySql).join(', ')})`;
  switch (set.kind) {
    case 'KEYS':
      return list(set.keys);
    case 'GROUPING SETS':
      return `GROUPING SETS (${set.sets.map((inner) => setSql(inner, keySql)).join(', ')})`;
    default:
      return `${set.kind} (${set.items.map(list).join(', ')})`;
  }
}
