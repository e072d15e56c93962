import { invalidQuery, type Position, unsupported } from '../errors.ts';
import { scalar } from '../types.ts';
import type { Expression, FromItem, Name, OrderItem, Query, QueryBody, SetOperation } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { rowCount } from './coercion.ts';
import type { ExpressionContext, ResolvedSubquery } from './context.ts';
import { itemAt, orderBySql } from './order-key.ts';
import { parseStatement } from './parse-statement.ts';
import { columnList, type Relation, type ResolvedQuery, readOf } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import { type FromContext, type ResolvedFrom, resolveFrom, type TimeRange } from './resolve-from.ts';
import { resolveSelect } from './resolve-select.ts';
import { resolveSetOperation } from './resolve-set.ts';
import { type Ctes, WithClause } from './resolve-with.ts';
import { combined, withoutReferences } from './resolved.ts';
import type { RoutineDefinition } from './routine.ts';
import { Scope, type Source } from './scope.ts';

/** https://docs.cloud.google.com/bigquery/quotas#view_limits */
const MAX_VIEW_DEPTH = 16;

/** Finds stored tables for the queries of one statement. */
export interface TableFinder {
  /** The e-mail address of the caller. */
  readonly user: string;
  /** Reads the query of a view, with what the view may read; undefined for another table. Throws PERMISSION_DENIED. */
  view<T>(path: readonly Name[], at: Position, read: (query: string) => T): T | undefined;
  find(path: readonly Name[], at: Position): Relation;
  appends(path: readonly Name[], at: Position, range: TimeRange): Relation;
  asOf(path: readonly Name[], at: Position, time: string, now: number): Relation;
  /** The function that a user defined. Throws PERMISSION_DENIED, NOT_FOUND. */
  routine(name: string, at: Position): RoutineDefinition | undefined;
}

/** Resolves the queries of one statement: their SQL in DuckDB, their columns and the stored columns that they read. */
export class QueryResolver {
  readonly bindings: Bindings;
  /** The names around the outermost query. */
  readonly root = new Scope();
  readonly #now: number;
  readonly #tables: TableFinder;
  #aliases = 0;
  #viewDepth = 0;
  #holdsRows = false;

  constructor(bindings: Bindings, now: number, tables: TableFinder) {
    this.bindings = bindings;
    this.#now = now;
    this.#tables = tables;
  }

  /** The FROM of a statement that changes rows; `left` are the items before it. */
  from(item: FromItem, left: readonly Source[]): ResolvedFrom {
    return resolveFrom(item, this.#from(this.root, new Map()), left);
  }

  /** Whether a query so far sorts, groups or joins all rows of a relation. */
  get holdsRows(): boolean {
    return this.#holdsRows;
  }

  newAlias(): string {
    this.#aliases += 1;
    return `t${this.#aliases}`;
  }

  query(node: Query, outer: Scope = this.root, around: Ctes = new Map()): ResolvedQuery {
    const ctes = node.ctes.length === 0 ? around : new WithClause(node, around, this);
    const body = this.body(node.body, node.orderBy, outer, ctes);
    if (body.counts && (node.limit || node.orderBy.length > 0)) {
      const clause = node.limit ? 'a LIMIT' : 'an ORDER BY';
      throw invalidQuery(`A query containing a recursive reference may not use ${clause} clause`, node.at);
    }
    const limit = node.limit ? ` LIMIT ${this.#count(node.limit, 'LIMIT')}` : '';
    const offset = node.offset ? ` OFFSET ${this.#count(node.offset, 'OFFSET')}` : '';
    const head = ctes instanceof WithClause && ctes !== around ? ctes.sql : '';
    return { ...body, sql: `${head}${body.sql}${limit}${offset}` };
  }

  /** The context of an expression without aggregate and window functions, as in UPDATE and DELETE. */
  expressionContext(scope: Scope, clause: string, ctes: Ctes = new Map()): ExpressionContext {
    return {
      scope,
      clause,
      bindings: this.bindings,
      now: this.#now,
      user: this.#tables.user,
      aggregates: false,
      windows: false,
      resolve: resolveExpression,
      resolveQuery: (query, inner) => this.#subquery(query, inner, ctes),
      routines: {
        find: (name, at) => this.#tables.routine(name, at),
        context: (own, label) => this.expressionContext(own, label),
      },
    };
  }

  /** The rows of a query before its LIMIT. */
  body(
    node: QueryBody,
    orderBy: readonly OrderItem[],
    outer: Scope = this.root,
    ctes: Ctes = new Map(),
  ): ResolvedQuery {
    if (node.node === 'select') {
      const selected = resolveSelect(node, orderBy, this.#from(outer, ctes));
      const { distinct, groupBy, from, where, qualify } = node;
      const holds =
        orderBy.length > 0 || distinct || groupBy || qualify || /join|pivot/.test(from?.node ?? '');
      const isWindowed = selected.outputs.some(({ value }) => value.hasWindow);
      // A condition usually leaves few rows to hold.
      if (!where && (holds || isWindowed)) this.#holdsRows = true;
      return selected;
    }
    const resolved =
      node.node === 'query' ? this.query(node, outer, ctes) : this.#setOperation(node, outer, ctes);
    if (orderBy.length > 0) return this.#ordered(resolved, orderBy, node.at);
    return node.node === 'query' ? { ...resolved, sql: `(${resolved.sql})` } : resolved;
  }

  #from(outer: Scope, ctes: Ctes): FromContext {
    return {
      outer,
      bindings: this.bindings,
      expression: (scope, clause) => this.expressionContext(scope, clause, ctes),
      cte: (path) => (path.length === 1 ? ctes.get(path[0]?.text.toLowerCase() ?? '') : undefined),
      table: (path, at) => this.#view(path, at) ?? this.#tables.find(path, at),
      appends: (path, at, range) => this.#tables.appends(path, at, range),
      asOf: (path, at, time) => {
        if (this.#view(path, at))
          throw invalidQuery('FOR SYSTEM_TIME AS OF can only be used with a table', at);
        return this.#tables.asOf(path, at, time, this.#now);
      },
      subquery: (query) => {
        const resolved = this.query(query, outer, ctes);
        return { ...resolved, sql: `(${resolved.sql})` };
      },
      newAlias: () => this.newAlias(),
    };
  }

  /** A view as a subquery, which sees nothing of the query around it. */
  #view(path: readonly Name[], at: Position): Relation | undefined {
    return this.#tables.view(path, at, (text) => {
      const statement = parseStatement(text);
      if (statement.node !== 'query') throw invalidQuery('The query of a view must be a SELECT', at);
      if (this.#viewDepth >= MAX_VIEW_DEPTH)
        throw invalidQuery(`Views are nested deeper than ${MAX_VIEW_DEPTH} levels`, at);
      this.#viewDepth += 1;
      const resolved = this.query(statement);
      this.#viewDepth -= 1;
      return { ...resolved, sql: `(${resolved.sql})` };
    });
  }

  #subquery(query: Query, scope: Scope, ctes: Ctes): ResolvedSubquery {
    const resolved = this.query(query, scope, ctes);
    if (resolved.counts)
      throw invalidQuery('A recursive reference from inside an expression subquery is not allowed', query.at);
    const none = { hasAggregate: false, hasWindow: false };
    return { ...resolved, reads: combined('', scalar('BOOL'), query.at, readOf(resolved), none) };
  }

  /** ORDER BY after a set operation or parentheses can use only their output columns. */
  #ordered(query: ResolvedQuery, orderBy: readonly OrderItem[], at: Position): ResolvedQuery {
    this.#holdsRows = true;
    const alias = this.newAlias();
    const columns = query.outputs.map(({ name, value: { type, columns } }, index) => {
      return { name, type, columns, sql: `${alias}.c${index}` };
    });
    const scope = new Scope(undefined, [{ alias: undefined, columns }]);
    const context = this.expressionContext(scope, 'ORDER BY clause');
    const order = orderBySql(orderBy, (node) => {
      const column = itemAt(node, 'ORDER BY', columns);
      if (!column) return resolveExpression(node, context);
      return scope.reference(column, { text: column.name, at: node.at });
    });
    const outputs = query.outputs.map((output, index) => {
      const { type } = output.value;
      return { ...output, value: combined(`${alias}.c${index}`, type, at, [output.value]) };
    });
    return {
      sql: `SELECT ${columnList(columns)} FROM (${query.sql}) AS ${alias} ${order.sql}`,
      outputs,
      reads: [...query.reads, ...order.values.map((value) => withoutReferences(value, scope))],
    };
  }

  #setOperation(node: SetOperation, outer: Scope, ctes: Ctes): ResolvedQuery {
    const operands = node.operands.map((operand) => this.body(operand, [], outer, ctes));
    if (operands.some(({ counts }) => counts))
      throw unsupported(`${node.operator} of a recursive reference inside the recursive term`, node.at);
    this.#holdsRows ||= node.operator !== 'UNION ALL';
    return resolveSetOperation(node, operands, this);
  }

  #count(node: Expression, clause: string): string {
    const value = resolveExpression(node, this.expressionContext(new Scope(), `${clause} clause`));
    return rowCount(value, clause, this.bindings);
  }
}
