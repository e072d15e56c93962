import type { TableReference } from '../../warehouse.ts';
import { physicalSql, type Table } from '../catalog.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import { quoteIdentifier } from '../names.ts';
import { parseFields } from '../schema.ts';
import { type Field, scalar, typeOfField } from '../types.ts';
import type { Expression, Name, Statement } from './ast.ts';
import type { Bindings } from './bindings.ts';
import { assignable, coerce } from './coercion.ts';
import { parseStatement } from './parse-statement.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { TimeRange } from './resolve-from.ts';
import { QueryResolver, type ResolvedQuery } from './resolve-query.ts';
import { columnKey, combined, QueryTooComplexError, type Resolved, unionColumns } from './resolved.ts';
import { createdFields, definedField, resultFields } from './result-fields.ts';
import { Scope } from './scope.ts';
import type { StoredTables, TableSource } from './stored-tables.ts';

/** The columns of a table that a statement reads, by lower-case name. */
export interface TableRead {
  readonly table: Table;
  readonly columns: ReadonlySet<string>;
  /** Set for APPENDS, which reads only these rows. */
  readonly range?: TimeRange;
}

interface Common {
  /** BigQuery's `statistics.query.statementType`. */
  readonly statementType: string;
  /** The columns that are billed. Empty for a statement that only changes the catalog. */
  readonly reads: readonly TableRead[];
}

export type Translation = Common &
  (
    | { readonly kind: 'query'; readonly sql: string; readonly fields: readonly Field[] }
    | { readonly kind: 'dml'; readonly sql: string; readonly table: Table }
    | {
        readonly kind: 'create';
        readonly reference: TableReference;
        readonly fields: readonly Field[];
        readonly properties: Readonly<Record<string, unknown>>;
        readonly orReplace: boolean;
        readonly ifNotExists: boolean;
        /** SQL of the rows, for AS SELECT. */
        readonly sql?: string;
      }
    | { readonly kind: 'drop'; readonly reference: TableReference; readonly ifExists: boolean }
  );

/** Translates one statement of GoogleSQL to DuckDB. Throws CloudError `invalidQuery` or `notFound`. */
export function translate(sql: string, bindings: Bindings, now: number, tables: StoredTables): Translation {
  try {
    const statement = parseStatement(sql);
    return new Translator(bindings, now, tables).translate(statement);
  } catch (error) {
    if (error instanceof QueryTooComplexError) throw unsupported('A query of this complexity');
    throw error;
  }
}

class Translator {
  readonly #tables: StoredTables;
  readonly #queries: QueryResolver;
  readonly #bindings: Bindings;

  constructor(bindings: Bindings, now: number, tables: StoredTables) {
    this.#tables = tables;
    this.#bindings = bindings;
    this.#queries = new QueryResolver(bindings, now, tables);
  }

  translate(statement: Statement): Translation {
    switch (statement.node) {
      case 'query':
        return this.#select(statement);
      case 'insert':
        return this.#insert(statement);
      case 'update':
        return this.#update(statement);
      case 'delete':
        return this.#delete(statement);
      case 'truncate': {
        const table = this.#tables.table(statement.table);
        return {
          kind: 'dml',
          statementType: 'TRUNCATE_TABLE',
          sql: `DELETE FROM ${physicalSql(table)}`,
          table,
          reads: [],
        };
      }
      case 'create':
        return this.#create(statement);
      case 'drop':
        return {
          kind: 'drop',
          statementType: 'DROP_TABLE',
          reference: this.#tables.reference(statement.table),
          ifExists: statement.ifExists,
          reads: [],
        };
    }
  }

  #select(statement: Extract<Statement, { node: 'query' }>): Translation {
    const query = this.#queries.query(statement);
    const fields = resultFields(query);
    return {
      kind: 'query',
      statementType: 'SELECT',
      sql: query.sql,
      fields,
      reads: this.#reads(readOf(query)),
    };
  }

  #insert(statement: Extract<Statement, { node: 'insert' }>): Translation {
    const table = this.#tables.table(statement.table);
    const fields = statement.columns?.map((name) => fieldNamed(table, name)) ?? table.fields;
    const repeated = statement.columns?.find((_, index) => fields.indexOf(fields[index] as Field) < index);
    if (repeated) throw invalidQuery(`INSERT has columns with duplicate name: ${repeated.text}`, repeated.at);
    const names = fields.map(({ name }) => quoteIdentifier(name)).join(', ');
    const head = `INSERT INTO ${physicalSql(table)} (${names})`;
    const common = { kind: 'dml', statementType: 'INSERT', table } as const;
    if (statement.query) {
      const query = this.#queries.query(statement.query);
      this.#assertCount(query.outputs.length, fields.length, statement.at);
      const alias = this.#queries.newAlias();
      const columns = query.outputs.map(({ type, value }, index) => {
        const column = combined(
          `${alias}.c${index}`,
          type,
          value.at,
          [],
          value.coercible === 'NULL' ? { coercible: 'NULL' } : {},
        );
        return this.#stored(column, fields[index]).sql;
      });
      const sql = `${head} SELECT ${columns.join(', ')} FROM (${query.sql}) AS ${alias}`;
      return { ...common, sql, reads: this.#reads(readOf(query)) };
    }
    const read: Resolved[] = [];
    const context = this.#queries.expressionContext(new Scope(), 'VALUES');
    const rows = (statement.rows ?? []).map((row) => {
      this.#assertCount(row.length, fields.length, statement.at);
      const values = row.map((value, index) => {
        const stored = this.#assigned(value, fields[index], context);
        read.push(stored);
        return stored.sql;
      });
      return `(${values.join(', ')})`;
    });
    return { ...common, sql: `${head} VALUES ${rows.join(', ')}`, reads: this.#reads(read) };
  }

  #update(statement: Extract<Statement, { node: 'update' }>): Translation {
    const { table, alias, scope } = this.#target(statement.table, statement.alias);
    const context = this.#queries.expressionContext(scope, 'UPDATE SET clause');
    const seen = new Set<string>();
    const read: Resolved[] = [];
    const assignments = statement.assignments.map(({ column, value }) => {
      const field = fieldNamed(table, column);
      if (seen.has(field.name))
        throw invalidQuery(`Update item ${column.text} assigned more than once`, column.at);
      seen.add(field.name);
      const assigned = this.#assigned(value, field, context);
      read.push(assigned);
      return `${quoteIdentifier(field.name)} = ${assigned.sql}`;
    });
    const where = this.#condition(statement.where, scope);
    const sql = `UPDATE ${physicalSql(table)} AS ${alias} SET ${assignments.join(', ')} WHERE ${where.sql}`;
    return {
      kind: 'dml',
      statementType: 'UPDATE',
      sql,
      table,
      reads: this.#modified(table, [...read, where]),
    };
  }

  #delete(statement: Extract<Statement, { node: 'delete' }>): Translation {
    const { table, alias, scope } = this.#target(statement.table, statement.alias);
    const where = this.#condition(statement.where, scope);
    const sql = `DELETE FROM ${physicalSql(table)} AS ${alias} WHERE ${where.sql}`;
    return { kind: 'dml', statementType: 'DELETE', sql, table, reads: this.#modified(table, [where]) };
  }

  #create(statement: Extract<Statement, { node: 'create' }>): Translation {
    const { columns, query: asQuery } = statement;
    if (columns && asQuery) throw unsupported('CREATE TABLE with a list of columns and AS', statement.at);
    const query = asQuery && this.#queries.query(asQuery);
    // The checks of tables.insert: a column twice, too many columns, too deep a RECORD.
    const fields = parseFields(query ? createdFields(query) : (columns ?? []).map(definedField));
    const clustering = statement.clusterBy.length > 0 && {
      clustering: { fields: statement.clusterBy.map(({ text }) => text) },
    };
    return {
      kind: 'create',
      statementType: query ? 'CREATE_TABLE_AS_SELECT' : 'CREATE_TABLE',
      reference: this.#tables.reference(statement.table),
      fields,
      properties: { ...statement.options, ...clustering },
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      reads: query ? this.#reads(readOf(query)) : [],
      ...(query && { sql: query.sql }),
    };
  }

  #target(name: Extract<Statement, { node: 'delete' }>['table'], alias: Name | undefined) {
    const table = this.#tables.table(name);
    const duckAlias = this.#queries.newAlias();
    const columns = table.fields.map((field) => ({
      name: field.name,
      sql: `${duckAlias}.${quoteIdentifier(field.name)}`,
      type: typeOfField(field),
      columns: new Set([columnKey(table.physicalName, field.name)]),
    }));
    const scope = new Scope(undefined, [{ alias: alias?.text ?? table.reference.tableId, columns }]);
    return { table, alias: duckAlias, scope };
  }

  #condition(node: Expression, scope: Scope): Resolved {
    const condition = resolveExpression(node, this.#queries.expressionContext(scope, 'WHERE clause'));
    const bool = coerce(condition, scalar('BOOL'), this.#bindings);
    if (bool) return bool;
    throw invalidQuery(
      `WHERE clause should return type BOOL, but returns type ${condition.type.kind}`,
      node.at,
    );
  }

  /** The value of a column: an expression, or DEFAULT when `node` is undefined. */
  #assigned(
    node: Expression | undefined,
    field: Field | undefined,
    context: Parameters<typeof resolveExpression>[1],
  ): Resolved {
    const value: Resolved = node
      ? resolveExpression(node, context)
      : combined('NULL', scalar('INT64'), { line: 1, column: 1 }, [], { coercible: 'NULL' });
    return this.#stored(value, field);
  }

  #stored(value: Resolved, field: Field | undefined): Resolved {
    if (!field) throw new RangeError('a value without a column');
    const stored = assignable(value, typeOfField(field), field.name, this.#bindings);
    // BigQuery stores a NULL array as an empty one.
    return field.mode === 'REPEATED' ? { ...stored, sql: `coalesce(${stored.sql}, [])` } : stored;
  }

  #assertCount(count: number, expected: number, at: Statement['at']): void {
    if (count === expected) return;
    throw invalidQuery(`Inserted row has wrong column count; Has ${count}, expected ${expected}`, at);
  }

  #reads(values: readonly Resolved[]): TableRead[] {
    const keys = unionColumns(values);
    return this.#tables.found.map((source) => readColumns(source, keys));
  }

  /** UPDATE and DELETE are billed for every column of the table. https://cloud.google.com/bigquery/docs/data-manipulation-language#on-demand_pricing */
  #modified(table: Table, values: readonly Resolved[]): TableRead[] {
    const others = this.#reads(values).filter((read) => read.table !== table || read.range);
    return [...others, { table, columns: new Set(table.fields.map(({ name }) => name.toLowerCase())) }];
  }
}

function readOf({ outputs, reads }: ResolvedQuery): Resolved[] {
  return [...reads, ...outputs.map(({ value }) => value)];
}

function readColumns({ table, key, range }: TableSource, keys: ReadonlySet<string>): TableRead {
  const names = table.fields.map(({ name }) => name.toLowerCase());
  const columns = new Set(names.filter((name) => keys.has(columnKey(key, name))));
  return { table, columns, ...(range && { range }) };
}

function fieldNamed(table: Table, name: Name): Field {
  const field = table.fields.find((candidate) => candidate.name.toLowerCase() === name.text.toLowerCase());
  if (field) return field;
  throw invalidQuery(
    `Column ${name.text} is not present in table ${table.reference.datasetId}.${table.reference.tableId}`,
    name.at,
  );
}
