import type { AccessTranslation } from '../access-changes.ts';
import type { Position } from '../errors.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import { type DataType, type Field, fieldOfType, scalar, typeName } from '../types.ts';
import type { Expression, Query } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { coerce } from './coercion.ts';
import { failure } from './let.ts';
import { readOf } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import { QueryResolver } from './resolve-query.ts';
import { columnKey, QueryTooComplexError, type Resolved, unionColumns } from './resolved.ts';
import { resultFields } from './result-fields.ts';
import type { Statement, StatementOf } from './statements.ts';
import type { StoredTables, TableSource } from './stored-tables.ts';
import { type DdlTranslation, DdlTranslator } from './translate-ddl.ts';
import { type DmlTranslation, DmlTranslator } from './translate-dml.ts';

/** The columns of a table that a statement reads, by lower-case name. */
export interface TableRead extends Pick<TableSource, 'table' | 'range' | 'asOf'> {
  readonly columns: ReadonlySet<string>;
}

export interface Common {
  /** BigQuery's `statistics.query.statementType`. */
  readonly statementType: string;
  /** The columns that are billed. Empty for a statement that only changes the catalog. */
  readonly reads: readonly TableRead[];
}

export interface QueryTranslation extends Common {
  readonly kind: 'query';
  readonly sql: string;
  readonly fields: readonly Field[];
  /** Whether it sorts, groups or joins all rows of a table: DuckDB keeps them in memory until it has read the last one. */
  readonly holdsRows: boolean;
}

interface AssertTranslation extends Common {
  readonly kind: 'assert';
  /** A query that fails unless the condition holds. */
  readonly sql: string;
}

export type Translation =
  | QueryTranslation
  | DmlTranslation
  | DdlTranslation
  | AssertTranslation
  | AccessTranslation;

/** What the translators of all statements share. */
export interface Translators {
  readonly tables: StoredTables;
  readonly queries: QueryResolver;
  readonly bindings: Bindings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The columns of stored tables that these values read. */
  reads(values: readonly Resolved[]): TableRead[];
}

/** Translates one statement of GoogleSQL to DuckDB. Throws CloudError `invalidQuery` or `notFound`. */
export function translate(
  statement: Statement,
  bindings: Bindings,
  now: number,
  tables: StoredTables,
): Translation {
  return translating(() => {
    const visitor = translatorsOf(sharedBy(bindings, now, tables));
    return (visitor[statement.node] as (statement: Statement) => Translation)(statement);
  });
}

/** An expression of a script as a query, and its type: the given one, or its own. */
export function translateExpression(
  expression: Expression,
  type: DataType | undefined,
  bindings: Bindings,
  now: number,
  tables: StoredTables,
): QueryTranslation & { readonly type: DataType } {
  return translating(() => {
    const { queries, reads } = sharedBy(bindings, now, tables);
    const value = coerced(expression, type, queries, bindings);
    return {
      ...{ kind: 'query', statementType: 'SELECT', holdsRows: false, reads: reads([value]) },
      ...{ sql: `SELECT ${value.sql} AS c0`, fields: [fieldOfType('f0_', value.type)], type: value.type },
    };
  });
}

function coerced(
  expression: Expression,
  type: DataType | undefined,
  queries: QueryResolver,
  bindings: Bindings,
): Resolved {
  const own = resolveExpression(expression, queries.expressionContext(queries.root, 'script'));
  const value = type ? coerce(own, type, bindings) : own;
  if (value) return value;
  throw invalidQuery(
    `Cannot coerce expression of type ${typeName(own.type)} to type ${typeName(type ?? own.type)}`,
    expression.at,
  );
}

function translating<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof QueryTooComplexError) throw unsupported('A query of this complexity');
    throw error;
  }
}

function sharedBy(bindings: Bindings, now: number, tables: StoredTables): Translators {
  const queries = new QueryResolver(bindings, now, tables);
  return { tables, bindings, now, queries, reads: (values) => readColumns(tables.found, values) };
}

/** The translation of each statement. */
type StatementTranslators = {
  readonly [Name in Statement['node']]: (statement: StatementOf<Name>) => Translation;
};

function translatorsOf(shared: Translators): StatementTranslators {
  const [dml, ddl] = [new DmlTranslator(shared), new DdlTranslator(shared)];
  return {
    query: (statement) => select(statement, shared),
    insert: (statement) => dml.insert(statement),
    update: (statement) => dml.update(statement),
    delete: (statement) => dml.delete(statement),
    merge: (statement) => dml.merge(statement),
    truncate: (statement) => dml.truncate(statement),
    'create table': (statement) => ddl.createTable(statement),
    'create view': (statement) => ddl.createView(statement),
    'alter table': (statement) => ddl.alterTable(statement),
    'drop table': (statement) => ddl.dropTable(statement),
    'create schema': (statement) => ddl.createSchema(statement),
    'undrop schema': (statement) => ddl.undropSchema(statement),
    'alter schema': (statement) => ddl.alterSchema(statement),
    'drop schema': (statement) => ddl.dropSchema(statement),
    'create function': (statement) => ddl.createFunction(statement),
    'drop function': (statement) => ddl.dropFunction(statement),
    assert: (statement) => assertion(statement, shared),
    access: (statement) => access(statement, shared),
  };
}

function select(statement: Query, { queries, reads }: Translators): Translation {
  const query = queries.query(statement);
  const fields = resultFields(query);
  return {
    kind: 'query',
    statementType: 'SELECT',
    sql: query.sql,
    fields,
    holdsRows: queries.holdsRows,
    reads: reads(readOf(query)),
  };
}

function access(
  { verb, noun, target, roles, members }: StatementOf<'access'>,
  { tables }: Translators,
): AccessTranslation {
  return {
    ...{ kind: 'access', statementType: verb, reads: [], verb, noun, members },
    roles: roles.map(({ text }) => text),
    target:
      noun === 'SCHEMA'
        ? { projectId: tables.projectId, datasetId: tables.names.schema(target) }
        : tables.table(target).reference,
  };
}

function assertion(
  { condition, description }: StatementOf<'assert'>,
  { queries, bindings, reads }: Translators,
): AssertTranslation {
  const value = coerced(condition, scalar('BOOL'), queries, bindings);
  const failed = failure(`Assertion failed${description === undefined ? '' : `: ${description}`}`);
  const sql = `SELECT CASE WHEN ${value.sql} THEN TRUE ELSE ${failed} END`;
  return { kind: 'assert', statementType: 'ASSERT', sql, reads: reads([value]) };
}

function readColumns(sources: readonly TableSource[], values: readonly Resolved[]): TableRead[] {
  const keys = unionColumns(values);
  return sources.map(({ table, key, range, asOf }) => {
    const names = table.fields.map(({ name }) => name.toLowerCase());
    const columns = new Set(names.filter((name) => keys.has(columnKey(key, name))));
    return { table, columns, ...(range && { range }), ...(asOf && { asOf }) };
  });
}

/** The position of a value that no text of the query has. */
export const NOWHERE: Position = { line: 1, column: 1 };
