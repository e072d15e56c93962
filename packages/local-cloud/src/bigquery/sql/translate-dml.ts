import { physicalSql, type Table } from '../catalog.ts';
import { invalidQuery, type Position } from '../errors.ts';
import { quoteColumn, quoteIdentifier } from '../names.ts';
import { type Field, scalar, typeOfField } from '../types.ts';
import type { Expression, FromItem, Name } from './ast.ts';
import { assignable, columnValue, condition } from './coercion.ts';
import type { ExpressionContext } from './context.ts';
import { readOf } from './relation.ts';
import { resolveExpression } from './resolve-expression.ts';
import type { ResolvedFrom } from './resolve-from.ts';
import { columnKey, combined, type Resolved } from './resolved.ts';
import { Scope, type Source } from './scope.ts';
import type { Assignment, MergeAction, MergeClause, StatementOf, TableName } from './statements.ts';
import { type Common, NOWHERE, type TableRead, type Translators } from './translate.ts';

/** What a change of rows does with a row: the `op` of a staged change. */
export type RowOperation = 'INSERT' | 'UPDATE' | 'DELETE';

export type DmlTranslation = Common & { readonly table: Table } & (
    | { readonly kind: 'insert'; readonly sql: string }
    | { readonly kind: 'truncate' }
    | {
        /**
         * Changes that are computed before any is made. The columns of `sql`: `rid`, the row of the table, NULL for a
         * new one; OPERATION, an index of `operations`; `v0`, `v1`, …, the new values of the table's columns.
         */
        readonly kind: 'change';
        readonly sql: string;
        readonly operations: readonly RowOperation[];
        /** Whether a row may be changed twice, which is an error. */
        readonly mayRepeat: boolean;
      }
  );

/** The table that a statement changes. */
interface Target {
  readonly table: Table;
  /** Its alias in DuckDB. */
  readonly alias: string;
  readonly source: Source;
}

/** The column of a staged change that says what to do. Its name is reserved, so no column of a user has it. */
export const OPERATION = quoteIdentifier('_CHANGE_SEQUENCE_NUMBER');

export class DmlTranslator {
  readonly #shared: Translators;

  constructor(shared: Translators) {
    this.#shared = shared;
  }

  truncate(statement: StatementOf<'truncate'>): DmlTranslation {
    const table = this.#shared.tables.table(statement.table);
    return { kind: 'truncate', statementType: 'TRUNCATE_TABLE', table, reads: [] };
  }

  insert(statement: StatementOf<'insert'>): DmlTranslation {
    const { queries, reads, tables } = this.#shared;
    const table = tables.table(statement.table);
    const fields = insertedFields(table, statement.columns);
    const names = fields.map(({ name }) => quoteColumn(name)).join(', ');
    const head = `INSERT INTO ${physicalSql(table)} (${names})`;
    const common = { kind: 'insert', statementType: 'INSERT', table } as const;
    if (statement.query) {
      const query = queries.query(statement.query);
      assertCount(query.outputs.length, fields.length, statement.at);
      const alias = queries.newAlias();
      const columns = query.outputs.map(
        ({ value }, index) => this.#stored(columnValue(`${alias}.c${index}`, value), fields[index]).sql,
      );
      const sql = `${head} SELECT ${columns.join(', ')} FROM (${query.sql}) AS ${alias}`;
      return { ...common, sql, reads: reads(readOf(query)) };
    }
    const read: Resolved[] = [];
    const context = queries.expressionContext(queries.root, 'VALUES');
    const rows = (statement.rows ?? []).map((row) => {
      assertCount(row.length, fields.length, statement.at);
      const values = row.map((value, index) => {
        const stored = this.#assigned(value, fields[index], context);
        read.push(stored);
        return stored.sql;
      });
      return `(${values.join(', ')})`;
    });
    return { ...common, sql: `${head} VALUES ${rows.join(', ')}`, reads: reads(read) };
  }

  update(statement: StatementOf<'update'>): DmlTranslation {
    const target = this.#target(statement.table, statement.alias);
    const from = statement.from && this.#from(statement.from, target);
    const scope = this.#scope([target.source, ...(from?.sources ?? [])], from);
    const values = this.#updated(target, statement.assignments, scope, 'UPDATE SET clause');
    const where = this.#condition(statement.where, scope, 'WHERE clause');
    const joined = from ? ` CROSS JOIN ${from.sql}` : '';
    const sql = changesSql('0', values.sql, `${targetSql(target)}${joined} WHERE ${where.sql}`);
    return {
      ...{ kind: 'change', statementType: 'UPDATE', table: target.table, sql },
      ...{ operations: ['UPDATE'], mayRepeat: from !== undefined },
      reads: this.#modified(target.table, [...values.read, where, ...(from?.reads ?? [])]),
    };
  }

  delete(statement: StatementOf<'delete'>): DmlTranslation {
    const target = this.#target(statement.table, statement.alias);
    const where = this.#condition(statement.where, this.#scope([target.source]), 'WHERE clause');
    const sql = changesSql('0', [], `${targetSql(target)} WHERE ${where.sql}`);
    return {
      ...{ kind: 'change', statementType: 'DELETE', table: target.table, sql },
      ...{ operations: ['DELETE'], mayRepeat: false },
      reads: this.#modified(target.table, [where]),
    };
  }

  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#merge_statement */
  merge({ table, alias, source, on, clauses }: StatementOf<'merge'>): DmlTranslation {
    const target = this.#target(table, alias);
    const from = this.#from(source, undefined);
    const both = this.#scope([target.source, ...from.sources], from);
    const scopes: Readonly<Record<MergeClause['when'], Scope>> = {
      MATCHED: both,
      'NOT MATCHED BY TARGET': this.#scope(from.sources, from),
      'NOT MATCHED BY SOURCE': this.#scope([target.source]),
    };
    const matches = this.#condition(on, both, 'MERGE ON clause');
    // A row of the source, which may be NULL in every column, has this mark.
    const mark = `${this.#shared.queries.newAlias()}.m`;
    const isMatch = { target: `${target.alias}.rowid IS NOT NULL`, source: `${mark} IS NOT NULL` };
    const cases: Readonly<Record<MergeClause['when'], string>> = {
      MATCHED: `${isMatch.target} AND ${isMatch.source}`,
      'NOT MATCHED BY TARGET': `NOT (${isMatch.target})`,
      'NOT MATCHED BY SOURCE': `NOT (${isMatch.source})`,
    };
    const read: Resolved[] = [matches, ...from.reads];
    const branches: string[] = [];
    const rows = clauses.map(({ when, condition, then }, index) => {
      const scope = scopes[when];
      const also = condition && this.#condition(condition, scope, 'MERGE WHEN clause');
      if (also) read.push(also);
      branches.push(`WHEN ${cases[when]}${also ? ` AND ${also.sql}` : ''} THEN ${index}`);
      const row = this.#mergedRow(target, from, then, scope);
      read.push(...row.read);
      return row.sql;
    });
    const chosen = this.#shared.queries.newAlias();
    const columns = target.table.fields.map((_, column) => {
      const values = rows.flatMap((row, index) => (row[column] ? `WHEN ${index} THEN ${row[column]}` : []));
      return values.length > 0 ? `CASE ${chosen}.op ${values.join(' ')} END` : 'NULL';
    });
    const join = joinOf(clauses);
    const marked = `(${from.sql} CROSS JOIN (SELECT TRUE AS m) AS ${mark.slice(0, -2)})`;
    // Not an alias beside the values: DuckDB takes no subquery in one.
    const choice = `CROSS JOIN LATERAL (SELECT CASE ${branches.join(' ')} END AS op) AS ${chosen}`;
    const changes = changesSql(
      `${chosen}.op`,
      columns,
      `${targetSql(target)} ${join} JOIN ${marked} ON ${matches.sql} ${choice}`,
    );
    const modifies = clauses.some(({ then }) => then.action !== 'INSERT');
    return {
      ...{ kind: 'change', statementType: 'MERGE', table: target.table, mayRepeat: true },
      sql: `SELECT * FROM (${changes}) WHERE ${OPERATION} IS NOT NULL`,
      operations: clauses.map(({ then }) => then.action),
      reads: modifies ? this.#modified(target.table, read) : this.#readWithTarget(target.table, read),
    };
  }

  #mergedRow(target: Target, from: ResolvedFrom, then: MergeAction, scope: Scope) {
    if (then.action === 'DELETE') return { sql: [], read: [] };
    if (then.action === 'UPDATE')
      return this.#updated(target, then.assignments, scope, 'MERGE UPDATE clause');
    return this.#insertedRow(target.table, from, then, scope);
  }

  #insertedRow(
    table: Table,
    from: ResolvedFrom,
    { columns, values, at }: Extract<MergeAction, { action: 'INSERT' }>,
    scope: Scope,
  ): { sql: string[]; read: Resolved[] } {
    const fields = insertedFields(table, columns);
    const context = this.#shared.queries.expressionContext(scope, 'MERGE INSERT clause');
    const given = values
      ? values.map((value, index) => this.#assigned(value, fields[index], context))
      : new Scope(undefined, from.sources, from.merged)
          .star()
          .map((column, index) =>
            this.#stored(scope.reference(column, { text: column.name, at }), fields[index]),
          );
    assertCount(given.length, fields.length, at);
    const sql = table.fields.map((field) => {
      const value = given[fields.indexOf(field)] ?? this.#assigned(undefined, field, context);
      return value.sql;
    });
    return { sql, read: given };
  }

  /** The values of all columns of an updated row. */
  #updated(target: Target, assignments: readonly Assignment[], scope: Scope, clause: string) {
    const context = this.#shared.queries.expressionContext(scope, clause);
    const assigned = new Map<string, Resolved>();
    for (const { column, value } of assignments) {
      const field = fieldNamed(target.table, column);
      if (assigned.has(field.name))
        throw invalidQuery(`Update item ${column.text} assigned more than once`, column.at);
      assigned.set(field.name, this.#assigned(value, field, context));
    }
    const sql = target.table.fields.map(
      ({ name }) => assigned.get(name)?.sql ?? `${target.alias}.${quoteColumn(name)}`,
    );
    return { sql, read: [...assigned.values()] };
  }

  #target(name: TableName, alias: Name | undefined): Target {
    const { queries, tables } = this.#shared;
    const table = tables.table(name);
    const duckAlias = queries.newAlias();
    const columns = table.fields.map((field) => ({
      name: field.name,
      sql: `${duckAlias}.${quoteColumn(field.name)}`,
      type: typeOfField(field),
      columns: new Set([columnKey(table.physicalName, field.name)]),
    }));
    return { table, alias: duckAlias, source: { alias: alias?.text ?? table.reference.tableId, columns } };
  }

  /** The FROM of UPDATE, which sees the target, or the source of MERGE. */
  #from(item: FromItem, target: Target | undefined): ResolvedFrom {
    return this.#shared.queries.from(item, target ? [target.source] : []);
  }

  #scope(sources: readonly Source[], from?: ResolvedFrom): Scope {
    return new Scope(this.#shared.queries.root, sources, from?.merged);
  }

  #condition(node: Expression, scope: Scope, clause: string): Resolved {
    return condition(node, this.#shared.queries.expressionContext(scope, clause));
  }

  /** The value of a column: an expression, or DEFAULT when `node` is undefined. */
  #assigned(node: Expression | undefined, field: Field | undefined, context: ExpressionContext): Resolved {
    const value: Resolved = node
      ? resolveExpression(node, context)
      : combined('NULL', scalar('INT64'), NOWHERE, [], { coercible: 'NULL' });
    return this.#stored(value, field);
  }

  #stored(value: Resolved, field: Field | undefined): Resolved {
    if (!field) return value;
    const stored = assignable(value, field, this.#shared.bindings);
    // BigQuery stores a NULL array as an empty one.
    return field.mode === 'REPEATED' ? { ...stored, sql: `coalesce(${stored.sql}, [])` } : stored;
  }

  /** UPDATE and DELETE are billed for every column of the table. https://cloud.google.com/bigquery/docs/data-manipulation-language#on-demand_pricing */
  #modified(table: Table, values: readonly Resolved[]): TableRead[] {
    const others = this.#shared
      .reads(values)
      .filter((read) => read.table !== table || read.range || read.asOf);
    return [...others, { table, columns: new Set(table.fields.map(({ name }) => name.toLowerCase())) }];
  }

  /** A MERGE that only inserts is billed for the columns that it reads. */
  #readWithTarget(table: Table, values: readonly Resolved[]): TableRead[] {
    const read = new Set(values.flatMap(({ columns }) => [...columns]));
    const columns = table.fields
      .map(({ name }) => name.toLowerCase())
      .filter((name) => read.has(columnKey(table.physicalName, name)));
    const others = this.#shared.reads(values).filter((other) => other.table !== table);
    return [...others, { table, columns: new Set(columns) }];
  }
}

function targetSql({ table, alias }: Target): string {
  return `FROM ${physicalSql(table)} AS ${alias}`;
}

function changesSql(operation: string, values: readonly string[], from: string): string {
  const alias = /^FROM \S+ AS (t\d+)/.exec(from)?.[1];
  const columns = values.map((value, index) => `, ${value} AS v${index}`).join('');
  return `SELECT ${alias}.rowid AS rid, ${operation} AS ${OPERATION}${columns} ${from}`;
}

/** The join of MERGE that keeps the rows which its clauses may need. */
function joinOf(clauses: readonly MergeClause[]): string {
  const inserts = clauses.some(({ when }) => when === 'NOT MATCHED BY TARGET');
  const keepsTarget = clauses.some(({ when }) => when === 'NOT MATCHED BY SOURCE');
  if (inserts) return keepsTarget ? 'FULL' : 'RIGHT';
  return keepsTarget ? 'LEFT' : 'INNER';
}

function insertedFields(table: Table, columns: readonly Name[] | undefined): readonly Field[] {
  const fields = columns?.map((name) => fieldNamed(table, name)) ?? table.fields;
  const repeated = columns?.find((_, index) => fields.indexOf(fields[index] as Field) < index);
  if (repeated) throw invalidQuery(`INSERT has columns with duplicate name: ${repeated.text}`, repeated.at);
  return fields;
}

function assertCount(count: number, expected: number, at: Position): void {
  if (count === expected) return;
  throw invalidQuery(`Inserted row has wrong column count; Has ${count}, expected ${expected}`, at);
}

function fieldNamed(table: Table, name: Name): Field {
  const field = table.fields.find((candidate) => candidate.name.toLowerCase() === name.text.toLowerCase());
  if (field) return field;
  throw invalidQuery(
    `Column ${name.text} is not present in table ${table.reference.datasetId}.${table.reference.tableId}`,
    name.at,
  );
}
