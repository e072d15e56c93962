import type { TableReference } from '../../warehouse.ts';
import { physicalSql } from '../catalog.ts';
import { invalidQuery, unsupported } from '../errors.ts';
import { quoteColumn } from '../names.ts';
import type { RoutineReference } from '../routine-catalog.ts';
import { parseFields } from '../schema.ts';
import { standardType } from '../standard-types.ts';
import { kindOf, type TableKind } from '../table-kind.ts';
import type { Field } from '../types.ts';
import { checkRoutine } from './check-routine.ts';
import { assignable } from './coercion.ts';
import {
  FUNCTION_OPTIONS,
  type OptionValue,
  resolveOptions,
  SCHEMA_OPTIONS,
  TABLE_OPTIONS,
} from './options.ts';
import { partitioning } from './partition-by.ts';
import type { ResolvedQuery } from './resolve-query.ts';
import { combined } from './resolved.ts';
import { columnDescription, createdFields, definedField } from './result-fields.ts';
import type {
  AlterTable,
  CreateFunction,
  CreateTable,
  CreateView,
  DdlStatement,
  DropFunction,
  TableNoun,
} from './statements.ts';
import { type Common, readOf, type Translators } from './translate.ts';

/** A change of a table, with the fields that it needs resolved. */
export type TableAlteration =
  | { readonly change: 'ADD COLUMN'; readonly field: Field; readonly ifNotExists: boolean }
  | { readonly change: 'DROP COLUMN'; readonly name: string; readonly ifExists: boolean }
  | {
      readonly change: 'RENAME COLUMN';
      readonly name: string;
      readonly to: string;
      readonly ifExists: boolean;
    }
  | { readonly change: 'DROP NOT NULL'; readonly name: string; readonly ifExists: boolean }
  | {
      readonly change: 'SET COLUMN OPTIONS';
      readonly name: string;
      readonly ifExists: boolean;
      readonly description: string | undefined;
    }
  | { readonly change: 'SET OPTIONS'; readonly options: readonly OptionValue[] }
  | { readonly change: 'RENAME TO'; readonly to: string };

export interface CreateTranslation extends Common {
  readonly kind: 'create table';
  readonly tableKind: TableKind;
  readonly reference: TableReference;
  readonly fields: readonly Field[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly options: readonly OptionValue[];
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  /** SQL of the rows. */
  readonly sql?: string;
}

export interface AlterTranslation extends Common {
  readonly kind: 'alter table';
  readonly tableKind: TableKind;
  readonly reference: TableReference;
  readonly ifExists: boolean;
  readonly changes: readonly TableAlteration[];
}

export interface DropTranslation extends Common {
  readonly kind: 'drop table';
  readonly tableKind: TableKind;
  readonly reference: TableReference;
  readonly ifExists: boolean;
}

export type SchemaTranslation = Common & { readonly datasetId: string } & (
    | {
        readonly kind: 'create schema';
        readonly ifNotExists: boolean;
        readonly options: readonly OptionValue[];
      }
    | { readonly kind: 'alter schema'; readonly ifExists: boolean; readonly options: readonly OptionValue[] }
    | { readonly kind: 'undrop schema'; readonly ifNotExists: boolean }
    | { readonly kind: 'drop schema'; readonly ifExists: boolean; readonly cascade: boolean }
  );

export type FunctionTranslation = Common & { readonly routine: RoutineReference } & (
    | {
        readonly kind: 'create function';
        readonly properties: Readonly<Record<string, unknown>>;
        readonly options: readonly OptionValue[];
        readonly orReplace: boolean;
        readonly ifNotExists: boolean;
      }
    | { readonly kind: 'drop function'; readonly ifExists: boolean }
  );

export type DdlTranslation =
  | FunctionTranslation
  | CreateTranslation
  | AlterTranslation
  | DropTranslation
  | SchemaTranslation;

type Statement<K extends DdlStatement['node']> = Extract<DdlStatement, { node: K }>;

const KIND_OF_NOUN: Readonly<Record<TableNoun, TableKind>> = {
  TABLE: 'TABLE',
  VIEW: 'VIEW',
  'SNAPSHOT TABLE': 'SNAPSHOT',
};

const typeOf = (verb: string, noun: string) => `${verb}_${noun.replace(' ', '_')}`;

export class DdlTranslator {
  readonly #shared: Translators;

  constructor(shared: Translators) {
    this.#shared = shared;
  }

  createTable(statement: CreateTable): CreateTranslation {
    const { queries, reads, tables } = this.#shared;
    const query = statement.query && queries.query(statement.query);
    const created = statement.source ? this.#copied(statement) : this.#defined(statement, query);
    const clustering = statement.clusterBy.length > 0 && {
      clustering: { fields: statement.clusterBy.map(({ text }) => text) },
    };
    return {
      kind: 'create table',
      statementType: query ? 'CREATE_TABLE_AS_SELECT' : typeOf('CREATE', statement.noun),
      tableKind: KIND_OF_NOUN[statement.noun],
      reference: statement.isTemporary
        ? tables.names.newTemporary(statement.table)
        : tables.names.reference(statement.table),
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      options: resolveOptions(statement.options, TABLE_OPTIONS, this.#shared),
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
  #defined({ columns, at }: CreateTable, query: ResolvedQuery | undefined) {
    // The checks of tables.insert: a column twice, too many columns, too deep a RECORD.
    if (!columns) {
      const fields = parseFields(query ? createdFields(query) : []);
      return { fields, properties: {}, ...(query && { sql: query.sql }) };
    }
    const fields = parseFields(columns.map(definedField));
    if (!query) return { fields, properties: {} };
    if (query.outputs.length !== fields.length) {
      throw invalidQuery(
        `The number of columns in the column definition list does not match the number of columns of the query: ${fields.length} and ${query.outputs.length}`,
        at,
      );
    }
    const alias = this.#shared.queries.newAlias();
    const values = query.outputs.map(({ type, value }, index) => {
      const isNull = value.coercible === 'NULL';
      const column = combined(`${alias}.c${index}`, type, value.at, [], isNull ? { coercible: 'NULL' } : {});
      const field = fields[index];
      if (!field) throw new RangeError('a value without a column');
      return `${assignable(column, field, this.#shared.bindings).sql} AS c${index}`;
    });
    return { fields, properties: {}, sql: `SELECT ${values.join(', ')} FROM (${query.sql}) AS ${alias}` };
  }

  /** A table like another one: LIKE, COPY, CLONE or a snapshot. */
  #copied({ source, query, noun, at }: CreateTable) {
    if (!source) throw new RangeError('a copy without a source');
    if (query) throw unsupported('CREATE TABLE with LIKE and AS', at);
    // Finding it checks the permission to read.
    if (source.how !== 'LIKE') this.#shared.tables.find(source.table.path, source.table.at);
    const table = this.#shared.tables.table(source.table);
    if (kindOf(table) !== 'TABLE') {
      throw invalidQuery(
        `CREATE TABLE with ${source.how} needs a table, not a ${kindOf(table)}`,
        source.table.at,
      );
    }
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

  createView(statement: CreateView): CreateTranslation {
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
      options: resolveOptions(statement.options, TABLE_OPTIONS, this.#shared),
      orReplace: statement.orReplace,
      ifNotExists: statement.ifNotExists,
      reads: [],
    };
  }

  alterTable({ noun, table, ifExists, changes }: AlterTable): AlterTranslation {
    return {
      kind: 'alter table',
      statementType: typeOf('ALTER', noun),
      tableKind: KIND_OF_NOUN[noun],
      reference: this.#shared.tables.names.reference(table),
      ifExists,
      changes: changes.map((change) => this.#alteration(change)),
      reads: [],
    };
  }

  #alteration(change: AlterTable['changes'][number]): TableAlteration {
    switch (change.change) {
      case 'ADD COLUMN': {
        const [field] = parseFields([definedField(change.column)]);
        if (!field) throw new RangeError('no column');
        return { change: change.change, field, ifNotExists: change.ifNotExists };
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
        return { ...change, options: resolveOptions(change.options, TABLE_OPTIONS, this.#shared) };
      case 'RENAME TO':
        return { ...change, to: change.to.text };
    }
  }

  createFunction(statement: CreateFunction): FunctionTranslation {
    const { isTemporary, routine, parameters, returns, body, text, at } = statement;
    if (isTemporary) {
      throw invalidQuery('CREATE TEMPORARY FUNCTION statements must be followed by an actual query.', at);
    }
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

  dropFunction({ routine, ifExists }: DropFunction): FunctionTranslation {
    const reference = this.#shared.tables.names.routineReference(routine);
    return { kind: 'drop function', statementType: 'DROP_FUNCTION', routine: reference, ifExists, reads: [] };
  }

  dropTable({ noun, table, ifExists }: Statement<'drop table'>): DropTranslation {
    return {
      kind: 'drop table',
      statementType: typeOf('DROP', noun),
      tableKind: KIND_OF_NOUN[noun],
      reference: this.#shared.tables.names.reference(table),
      ifExists,
      reads: [],
    };
  }

  createSchema({ schema, ifNotExists, options }: Statement<'create schema'>): SchemaTranslation {
    return {
      ...{ kind: 'create schema', statementType: 'CREATE_SCHEMA', reads: [], ifNotExists },
      datasetId: this.#shared.tables.names.schema(schema),
      options: resolveOptions(options, SCHEMA_OPTIONS, this.#shared),
    };
  }

  alterSchema({ schema, ifExists, options }: Statement<'alter schema'>): SchemaTranslation {
    return {
      ...{ kind: 'alter schema', statementType: 'ALTER_SCHEMA', reads: [], ifExists },
      datasetId: this.#shared.tables.names.schema(schema),
      options: resolveOptions(options, SCHEMA_OPTIONS, this.#shared),
    };
  }

  undropSchema({ schema, ifNotExists }: Statement<'undrop schema'>): SchemaTranslation {
    return {
      ...{ kind: 'undrop schema', statementType: 'UNDROP_SCHEMA', reads: [], ifNotExists },
      datasetId: this.#shared.tables.names.schema(schema),
    };
  }

  dropSchema({ schema, ifExists, cascade }: Statement<'drop schema'>): SchemaTranslation {
    return {
      ...{ kind: 'drop schema', statementType: 'DROP_SCHEMA', reads: [], ifExists, cascade },
      datasetId: this.#shared.tables.names.schema(schema),
    };
  }
}
