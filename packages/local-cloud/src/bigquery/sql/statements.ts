import type { DataType, ScalarKind } from '../types.ts';
import type { Expression, FromItem, Located, Name, Node, Query } from './ast.ts';

/** The syntax trees of statements that are not queries. */

export interface TableName extends Located {
  readonly path: readonly Name[];
}

/** `OPTIONS(name = value)` */
export interface OptionSetting {
  readonly name: Name;
  readonly value: Expression;
}

type Options = readonly OptionSetting[];

/** The type of a column has what no other type has: parameters, and options of the fields of a STRUCT. */
export type ColumnType =
  | (Located & { readonly kind: ScalarKind; readonly parameters: readonly string[] })
  | { readonly kind: 'ARRAY'; readonly element: Exclude<ColumnType, { kind: 'ARRAY' }> }
  | { readonly kind: 'STRUCT'; readonly fields: readonly ColumnDefinition[] };

export interface ColumnDefinition {
  readonly name: Name;
  readonly type: ColumnType;
  readonly required: boolean;
  readonly options: Options;
}

export interface Assignment {
  readonly column: Name;
  /** Undefined is DEFAULT. */
  readonly value: Expression | undefined;
}

/** What one WHEN of MERGE does. INSERT ROW has no `values`: it takes the columns of the source. */
export type MergeAction =
  | { readonly action: 'UPDATE'; readonly assignments: readonly Assignment[] }
  | { readonly action: 'DELETE' }
  | (Located & {
      readonly action: 'INSERT';
      readonly columns: readonly Name[] | undefined;
      readonly values: Row | undefined;
    });

/** The values of a new row. Undefined is DEFAULT. */
type Row = readonly (Expression | undefined)[];

export interface MergeClause {
  readonly when: 'MATCHED' | 'NOT MATCHED BY TARGET' | 'NOT MATCHED BY SOURCE';
  readonly condition: Expression | undefined;
  readonly then: MergeAction;
}

interface DmlFields {
  insert: { columns: readonly Name[] | undefined; rows?: readonly Row[]; query?: Query };
  update: Aliased & { assignments: readonly Assignment[]; from: FromItem | undefined; where: Expression };
  delete: Aliased & { where: Expression };
  merge: Aliased & { source: FromItem; on: Expression; clauses: readonly MergeClause[] };
  truncate: object;
}

interface Aliased {
  alias: Name | undefined;
}

export type DmlStatement = Located & { readonly table: TableName } & Node<DmlFields>;

/** The kinds of tables that have statements of their own. */
export type TableNoun = 'TABLE' | 'VIEW' | 'SNAPSHOT TABLE';

/** A change of a table, given how it names columns, and what its columns and options are. */
export type ChangeOf<Column, NewColumn, Described, Options> =
  | { readonly change: 'ADD COLUMN'; readonly column: NewColumn; readonly ifNotExists: boolean }
  | { readonly change: 'DROP COLUMN' | 'DROP NOT NULL'; readonly name: Column; readonly ifExists: boolean }
  | {
      readonly change: 'RENAME COLUMN';
      readonly name: Column;
      readonly to: Column;
      readonly ifExists: boolean;
    }
  | ({ readonly change: 'SET COLUMN OPTIONS'; readonly name: Column; readonly ifExists: boolean } & Described)
  | { readonly change: 'SET OPTIONS'; readonly options: Options }
  | { readonly change: 'RENAME TO'; readonly to: Column };

export type TableChange = ChangeOf<Name, ColumnDefinition, { readonly options: Options }, Options>;

/** What CREATE does where there is such a thing already. */
interface Creating {
  orReplace: boolean;
  ifNotExists: boolean;
}

interface DdlFields {
  'create table': Creating & {
    noun: TableNoun;
    isTemporary?: true;
    table: TableName;
    columns?: readonly ColumnDefinition[] | undefined;
    partitionBy?: Expression | undefined;
    clusterBy: readonly Name[];
    options: Options;
    /** LIKE copies the columns, CLONE and COPY the rows, too. */
    source: { readonly how: 'LIKE' | 'CLONE' | 'COPY'; readonly table: TableName } | undefined;
    query?: Query | undefined;
  };
  'create view': Creating & {
    table: TableName;
    columns: readonly { readonly name: Name; readonly options: Options }[] | undefined;
    options: Options;
    query: Query;
    /** The text of the query, which the view keeps. */
    text: string;
  };
  'create function': Creating & {
    routine: TableName;
    isTemporary: boolean;
    /** One without a type is of ANY TYPE. */
    parameters: readonly { readonly name: string; readonly type: DataType | undefined }[];
    returns: DataType | undefined;
    body: Expression;
    /** The text of the body. */
    text: string;
    options: Options;
  };
  'alter table': {
    noun: Exclude<TableNoun, 'SNAPSHOT TABLE'>;
    table: TableName;
    ifExists: boolean;
    changes: readonly TableChange[];
  };
  'drop table': { noun: TableNoun; table: TableName; ifExists: boolean };
  'drop function': { routine: TableName; ifExists: boolean };
  'create schema': { schema: TableName; ifNotExists: boolean; options: Options };
  'undrop schema': { schema: TableName; ifNotExists: boolean };
  'alter schema': { schema: TableName; ifExists: boolean; options: Options };
  'drop schema': { schema: TableName; ifExists: boolean; cascade: boolean };
}

export type DdlStatement = Located & Node<DdlFields>;

interface OtherFields {
  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/debugging-statements */
  assert: { condition: Expression; description?: string };
  /** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language */
  access: {
    verb: 'GRANT' | 'REVOKE';
    roles: readonly Name[];
    noun: 'SCHEMA' | 'TABLE' | 'VIEW';
    target: TableName;
    members: readonly string[];
  };
}

export type Statement = Query | DmlStatement | DdlStatement | (Located & Node<OtherFields>);
/** The statements of a name: `create table`. */
export type StatementOf<Name extends Statement['node']> = Extract<Statement, { readonly node: Name }>;

export function isDml(statement: Statement): statement is DmlStatement {
  return /^(insert|update|delete|merge|truncate)$/.test(statement.node);
}
