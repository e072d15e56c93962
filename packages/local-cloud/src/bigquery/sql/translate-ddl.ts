import type { TableReference } from '../../warehouse.ts';
import { physicalSql } from '../catalog.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import { quoteColumn } from '../names.ts';
import type { RoutineReference } from '../routine-catalog.ts';
import { parseFields } from '../schema.ts';
import { standardType } from '../standard-types.ts';
import { kindOf, type TableKind } from '../table-kind.ts';
import type { Field } from '../types.ts';
import { assignable, columnValue } from './coercion.ts';
import {
  FUNCTION_OPTIONS,
  type OptionValue,
  resolveOptions,
  SCHEMA_OPTIONS,
  TABLE_OPTIONS,
} from './options.ts';
import { partitioning } from './partition-by.ts';
import { type ResolvedQuery, readOf } from './relation.ts';
import { columnDescription, createdFields, definedField } from './result-fields.ts';
import { checkRoutine } from './routine.ts';
import type { ChangeOf, OptionSetting, StatementOf, TableName, TableNoun } from './statements.ts';
import type { Common, Translators } from './translate.ts';

type Options = readonly OptionValue[];

/** A change of a table, with the fields that it needs resolved. */
export type TableAlteration = ChangeOf<string, Field, { readonly description: string | undefined }, Options>;

interface OfTable extends Common {
  readonly tableKind: TableKind;
  readonly reference: TableReference;
}

/** Whether a statement may find such a thing already there. */
interface Creating {
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
}

type Properties = Readonly<Record<string, unknown>>;

export interface CreateTranslation extends OfTable, Creating {
  readonly kind: 'create table';
  readonly fields: readonly Field[];
  readonly properties: Properties;
  readonly options: Options;
  /** SQL of the rows. */
  readonly sql?: string;
}

export interface AlterTranslation extends OfTable {
  readonly kind: 'alter table';
  readonly ifExists: boolean;
  readonly changes: readonly TableAlteration[];
}

export interface DropTranslation extends OfTable {
  readonly kind: 'drop table';
  readonly ifExists: boolean;
}

export type SchemaTranslation = Common & { readonly datasetId: string } & (
    | { readonly kind: 'create schema'; readonly ifNotExists: boolean; readonly options: Options }
    | { readonly kind: 'alter schema'; readonly ifExists: boolean; readonly options: Options }
    | { readonly kind: 'undrop schema'; readonly ifNotExists: boolean }
    | { readonly kind: 'drop schema'; readonly ifExists: boolean; readonly cascade: boolean }
  );

export type FunctionTranslation = Common & { readonly routine: RoutineReference } & (
    | (Creating & {
        readonly kind: 'create function';
        readonly properties: Properties;
        readonly options: Options;
      })
    | { readonly kind: 'drop function'; readonly ifExists: boolean }
  );

export type DdlTranslation =
  | FunctionTranslation
  | CreateTranslation
  | AlterTranslation
  | DropTranslation
  | SchemaTranslation;

const KIND_OF_NOUN: Readonly<Record<TableNoun, TableKind>> = {
  TABLE: 'TABLE',
  VIEW: 'VIEW',
  'SNAPSHOT TABLE': 'SNAPSHOT',
};

/** BigQuery's `statementType` of a statement that only changes the catalog: `CREATE_SCHEMA`. */
const typeOf = (words: string) => words.toUpperCase().replaceAll(' ', '_');

export class DdlTranslator {
  readonly #shared: Translators;

  constructor(shared: Translators) {
    this.#shared = shared;
  }

  createTable(statement: StatementOf<'create table'>): CreateTranslation {
    const { queries, reads, tables } = this.#shared;
    const query = statement.query && queries.query(statement.query);
    const created = statement.source ? this.#copied(statement) : this.#defined(statement, query);
    const clustering = statement.clusterBy.length > 0 && {
      clustering: { fields: statement.clusterBy.map(({ text }) => text) },
    };
    return {
      kind: 'create table',
      statementType: query ? 'CREATE_TABLE_AS_SELECT' : typeOf(`create ${statement.noun}`),
      tableKind: KIND_OF_NOUN[statement.noun],
      reference: statement.isTemporary
        ? tables.names.newTemporary(statement.table)
        : tables.names.reference(statement.table),
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      options: this.#options(statement.options),
      reads: query ? reads(readOf(query)) : [],
      ...created,
      properties: {
        ...created.properties,
        ...clustering,
        ...(statement.partitionBy && partitioning(statement.partitionBy)),
      },
    };
  }

  /** A table with listed columns, the columns of a query, or both. */
  #defined({ columns, at }: StatementOf<'create table'>, query: ResolvedQuery | undefined) {
    // The checks of tables.insert: a column twice, too many columns, too deep a RECORD.
    if (!columns) {
      const fields = parseFields(query ? createdFields(query) : []);
      return { fields, properties: {}, ...(query && { sql: query.sql }) };
    }
    const fields = parseFields(columns.map(definedField));
    if (!query) return { fields, properties: {} };
    if (query.outputs.length !== fields.length)
      throw invalidQuery(
        `The number of columns in the column definition list does not match the number of columns of the query: ${fields.length} and ${query.outputs.length}`,
        at,
      );
    const alias = this.#shared.queries.newAlias();
    const values = query.outputs.map(({ value }, index) => {
      const column = columnValue(`${alias}.c${index}`, value);
      const field = fields[index];
      if (!field) throw new RangeError('a value without a column');
      return `${assignable(column, field, this.#shared.bindings).sql} AS c${index}`;
    });
    return { fields, properties: {}, sql: `SELECT ${values.join(', ')} FROM (${query.sql}) AS ${alias}` };
  }

  /** A table like another one: LIKE, COPY, CLONE or a snapshot. */
  #copied({ source, query, noun, at }: StatementOf<'create table'>) {
    if (!source) throw new RangeError('a copy without a source');
    if (query) throw unsupported('CREATE TABLE with LIKE and AS', at);
    // Finding it checks the permission to read.
    if (source.how !== 'LIKE') this.#shared.tables.find(source.table.path, source.table.at);
    const table = this.#shared.tables.table(source.table);
    if (kindOf(table) !== 'TABLE')
      throw invalidQuery(
        `CREATE TABLE with ${source.how} needs a table, not a ${kindOf(table)}`,
        source.table.at,
      );
    const { expirationTime: _, snapshotDefinition, cloneDefinition, ...kept } = table.properties;
    const columns = table.fields.map(({ name }, index) => `${quoteColumn(name)} AS c${index}`);
    const sql = source.how !== 'LIKE' && `SELECT ${columns.join(', ')} FROM ${physicalSql(table)}`;
    const baseTableReference = table.reference;
    const time = new Date(this.#shared.now).toISOString();
    const snapshot = noun === 'SNAPSHOT TABLE' && {
      snapshotDefinition: { baseTableReference, snapshotTime: time },
    };
    const clone = noun === 'TABLE' &&
      source.how === 'CLONE' && { cloneDefinition: { baseTableReference, cloneTime: time } };
    return {
      fields: table.fields,
      properties: { ...kept, ...snapshot, ...clone },
      ...(sql && { sql }),
    };
  }

  createView(statement: StatementOf<'create view'>): CreateTranslation {
    const { queries, tables } = this.#shared;
    if (statement.columns) throw unsupported('CREATE VIEW with a list of columns', statement.at);
    const query = tables.storing('view', () => queries.query(statement.query));
    return {
      kind: 'create table',
      statementType: 'CREATE_VIEW',
      tableKind: 'VIEW',
      reference: tables.names.reference(statement.table),
      fields: parseFields(createdFields(query)),
      properties: { view: { query: statement.text, useLegacySql: false } },
      options: this.#options(statement.options),
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      reads: [],
    };
  }

  alterTable({ node, noun, table, ifExists, changes }: StatementOf<'alter table'>): AlterTranslation {
    const alterations = changes.map((change) => this.#alteration(change));
    return { ...this.#ofTable(node, noun, table), ifExists, changes: alterations };
  }

  dropTable({ node, noun, table, ifExists }: StatementOf<'drop table'>): DropTranslation {
    return { ...this.#ofTable(node, noun, table), ifExists };
  }

  #ofTable<Kind extends string>(kind: Kind, noun: TableNoun, table: TableName) {
    const statementType = typeOf(kind.replace('table', noun));
    const reference = this.#shared.tables.names.reference(table);
    return { kind, statementType, tableKind: KIND_OF_NOUN[noun], reference, reads: [] };
  }

  #options(options: readonly OptionSetting[]): Options {
    return resolveOptions(options, TABLE_OPTIONS, this.#shared);
  }

  #alteration(change: StatementOf<'alter table'>['changes'][number]): TableAlteration {
    switch (change.change) {
      case 'ADD COLUMN': {
        const [field] = parseFields([definedField(change.column)]);
        if (!field) throw new RangeError('no column');
        return { ...change, column: field };
      }
      case 'RENAME COLUMN':
        return { ...change, name: change.name.text, to: change.to.text };
      case 'DROP COLUMN':
      case 'DROP NOT NULL':
        return { ...change, name: change.name.text };
      case 'SET COLUMN OPTIONS':
        return {
          ...{ change: change.change, name: change.name.text, ifExists: change.ifExists },
          description: columnDescription(change.options).description,
        };
      case 'SET OPTIONS':
        return { ...change, options: this.#options(change.options) };
      case 'RENAME TO':
        return { ...change, to: change.to.text };
    }
  }

  createFunction(statement: StatementOf<'create function'>): FunctionTranslation {
    const { isTemporary, routine, parameters, returns, body, text, at } = statement;
    if (isTemporary)
      throw invalidQuery('CREATE TEMPORARY FUNCTION statements must be followed by an actual query.', at);
    const { queries, tables } = this.#shared;
    const reference = tables.names.routineReference(routine);
    tables.storing('function', () =>
      checkRoutine({ name: reference.routineId, parameters, returns, body }, queries),
    );
    return {
      ...{ kind: 'create function', statementType: 'CREATE_FUNCTION', routine: reference, reads: [] },
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      options: resolveOptions(statement.options, FUNCTION_OPTIONS, this.#shared),
      properties: {
        ...{ routineType: 'SCALAR_FUNCTION', language: 'SQL', definitionBody: text },
        ...(parameters.length > 0 && {
          arguments: parameters.map(({ name, type }) =>
            type ? { name, dataType: standardType(type) } : { name, argumentKind: 'ANY_TYPE' },
          ),
        }),
        ...(returns && { returnType: standardType(returns) }),
      },
    };
  }

  dropFunction({ node, routine, ifExists }: StatementOf<'drop function'>): FunctionTranslation {
    const reference = this.#shared.tables.names.routineReference(routine);
    return { kind: node, statementType: typeOf(node), routine: reference, ifExists, reads: [] };
  }

  createSchema({ node, schema, ifNotExists, options }: StatementOf<'create schema'>): SchemaTranslation {
    return { ...this.#ofSchema(node, schema), ifNotExists, options: this.#schemaOptions(options) };
  }

  alterSchema({ node, schema, ifExists, options }: StatementOf<'alter schema'>): SchemaTranslation {
    return { ...this.#ofSchema(node, schema), ifExists, options: this.#schemaOptions(options) };
  }

  undropSchema({ node, schema, ifNotExists }: StatementOf<'undrop schema'>): SchemaTranslation {
    return { ...this.#ofSchema(node, schema), ifNotExists };
  }

  dropSchema({ node, schema, ifExists, cascade }: StatementOf<'drop schema'>): SchemaTranslation {
    return { ...this.#ofSchema(node, schema), ifExists, cascade };
  }

  #ofSchema<Kind extends string>(kind: Kind, name: TableName) {
    const datasetId = this.#shared.tables.names.schema(name);
    return { kind, statementType: typeOf(kind), reads: [], datasetId };
  }

  #schemaOptions(options: readonly OptionSetting[]): Options {
    return resolveOptions(options, SCHEMA_OPTIONS, this.#shared);
  }
}
