import { invalidQuery } from '../errors.ts';
import { sameType, typeName } from '../types.ts';
import type { Query, QueryBody, SetOperation } from './ast.ts';
import { coerce, columnValue } from './coercion.ts';
import { failure } from './let.ts';
import { type Relation, type ResolvedQuery, readOf } from './relation.ts';
import type { QueryResolver } from './resolve-query.ts';
import { assertSameCount, resolveSetOperation } from './resolve-set.ts';

/** Finds common table expressions by their lower-case name. */
export interface Ctes {
  get(name: string): Relation | undefined;
}

type Definition = Query['ctes'][number];

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#recursive_cte_rules */
const MAX_ITERATIONS = 500;

/** A WITH clause. With RECURSIVE, a query may use itself and queries after it. */
export class WithClause implements Ctes {
  /** In the order in which each one uses only those before it. */
  readonly definitions: string[] = [];
  readonly #isRecursive: boolean;
  readonly #around: Ctes;
  readonly #resolver: QueryResolver;
  readonly #byName = new Map<string, Definition>();
  readonly #resolved = new Map<string, Relation>();
  readonly #resolving: string[] = [];

  constructor({ ctes, recursive }: Query, around: Ctes, resolver: QueryResolver) {
    this.#isRecursive = recursive;
    this.#around = around;
    this.#resolver = resolver;
    for (const definition of ctes) {
      const { text, at } = definition.name;
      if (this.#byName.has(text.toLowerCase()))
        throw invalidQuery(`Duplicate alias ${text} for WITH subquery`, at);
      this.#byName.set(text.toLowerCase(), definition);
    }
    for (const [key, definition] of this.#byName) this.#resolved.get(key) ?? this.#define(key, definition);
  }

  get sql(): string {
    if (this.definitions.length === 0) return '';
    return `WITH ${this.#isRecursive ? 'RECURSIVE ' : ''}${this.definitions.join(', ')} `;
  }

  get(key: string): Relation | undefined {
    const definition = this.#byName.get(key);
    const known = this.#resolved.get(key);
    if (known || !definition || !this.#isRecursive) return known ?? this.#around.get(key);
    const { text, at } = definition.name;
    if (this.#resolving.at(-1) === key)
      throw invalidQuery(
        'Recursive query does not have the form <non-recursive-term> UNION [ALL|DISTINCT] <recursive-term>',
        at,
      );
    if (this.#resolving.includes(key))
      throw invalidQuery(
        `Unsupported WITH entry dependency cycle: ${[...this.#resolving, key].join(' => ')} (${text})`,
        at,
      );
    return this.#define(key, definition);
  }

  #define(key: string, { query, name }: Definition): Relation {
    this.#resolving.push(key);
    const set = this.#isRecursive ? unionOf(query) : undefined;
    const relation = set
      ? this.#union(key, set, name.at)
      : this.#plain(this.#resolver.query(query, undefined, this));
    this.#resolving.pop();
    this.#resolved.set(key, relation);
    return relation;
  }

  #plain(query: ResolvedQuery): Relation {
    const alias = this.#resolver.newAlias();
    this.definitions.push(`${alias} AS (${query.sql})`);
    return { ...query, sql: alias };
  }

  /** A UNION whose last operand may use its result so far. */
  #union(key: string, set: SetOperation, at: Definition['name']['at']): Relation {
    const body = (node: QueryBody, ctes: Ctes) => this.#resolver.body(node, [], undefined, ctes);
    const [last, ...others] = set.operands.toReversed();
    if (!last) throw new RangeError('a set operation without operands');
    const operands = others.toReversed();
    const [only] = operands;
    const first = body(only && operands.length === 1 ? only : { ...set, operands }, this);
    const alias = this.#resolver.newAlias();
    const own = { ...first, sql: alias, counts: true };
    let uses = 0;
    const next = body(last, {
      get: (name) => {
        if (name !== key) return this.get(name);
        uses += 1;
        if (uses > 1)
          throw invalidQuery(`Multiple recursive references to table '${key}' are not allowed`, at);
        return own;
      },
    });
    if (uses === 0) return this.#plain(resolveSetOperation(set, [first, next], this.#resolver));
    this.definitions.push(recursiveSql(alias, set, first, next, this.#resolver));
    return { ...first, sql: alias, reads: [...first.reads, ...readOf(next)] };
  }
}

/** The UNION that a query is, without clauses around it. */
function unionOf(query: Query): SetOperation | undefined {
  const { body, ctes, orderBy, limit } = query;
  if (ctes.length > 0 || orderBy.length > 0 || limit) return undefined;
  if (body.node === 'query') return unionOf(body);
  return body.node === 'set' && body.operator.startsWith('UNION') && !body.byName ? body : undefined;
}

/** The column `d` counts the iterations, which have a limit. */
function recursiveSql(
  alias: string,
  { operator, operands, at }: SetOperation,
  first: ResolvedQuery,
  next: ResolvedQuery,
  resolver: QueryResolver,
): string {
  assertSameCount({ operator, operands: operands.slice(-2) }, [first, next]);
  const [from, to] = [resolver.newAlias(), resolver.newAlias()];
  const names = first.outputs.map((_, index) => `c${index}`);
  const values = next.outputs.map(({ value }, index) => {
    const column = columnValue(`${to}.c${index}`, value);
    const type = first.outputs[index]?.value.type ?? value.type;
    const coerced = coerce(column, type, resolver.bindings);
    if (coerced) return sameType(column.type, type) ? column.sql : coerced.sql;
    throw invalidQuery(
      `Cannot coerce column ${index + 1} of recursive term (${typeName(column.type)}) to column type in non-recursive term (${typeName(type)})`,
      at,
    );
  });
  const tooMany = failure(`A recursive CTE has reached the maximum number of iterations: ${MAX_ITERATIONS}.`);
  const count = `CASE WHEN ${to}.d >= ${MAX_ITERATIONS} THEN ${tooMany} ELSE ${to}.d + 1 END`;
  const start = `SELECT ${names.map((name) => `${from}.${name}`).join(', ')}, 0 FROM (${first.sql}) AS ${from}`;
  const step = `SELECT ${values.join(', ')}, ${count} FROM (${next.sql}) AS ${to}`;
  const head = `${alias}(${[...names, 'd'].join(', ')})`;
  if (operator === 'UNION ALL') return `${head} AS (${start} UNION ALL ${step})`;
  // Rows that the result has do not come again, whatever their count.
  const known = values.map((value, index) => `known.c${index} IS NOT DISTINCT FROM ${value}`).join(' AND ');
  return `${head} USING KEY (${names.join(', ')}) AS (${start} UNION ${step} WHERE NOT EXISTS (SELECT 1 FROM recurring.${alias} AS known WHERE ${known}))`;
}
