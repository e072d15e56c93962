import type { Position } from '../errors.ts';
import type { DataType, ScalarKind } from '../types.ts';
import type { Expression, FromItem, Name, Query } from './ast.ts';

/** The syntax trees of statements that are not queries. `at` is the position where a node begins. */

export interface TableName {
  readonly path: readonly Name[];
  readonly at: Position;
}

/** `OPTIONS(name = value)` */
export interface OptionSetting {
  readonly name: Name;
  readonly value: Expression;
}

/** The type of a column has what no other type has: parameters, and options of the fields of a STRUCT. */
export type ColumnType =
  | { readonly kind: ScalarKind; readonly parameters: readonly string[]; readonly at: Position }
  | { readonly kind: 'ARRAY'; readonly element: Exclude<ColumnType, { kind: 'ARRAY' }> }
  | { readonly kind: 'STRUCT'; readonly fields: readonly ColumnDefinition[] };

export interface ColumnDefinition {
  readonly name: Name;
  readonly type: ColumnType;
  readonly required: boolean;
  readonly options: readonly OptionSetting[];
}

export interface Assignment {
  readonly column: Name;
  /** Undefined is DEFAULT. */
  readonly value?: Expression;
}

/** What one WHEN of MERGE does. */
export type MergeAction =
  | { readonly action: 'UPDATE'; readonly assignments: readonly Assignment[] }
  | { readonly action: 'DELETE' }
  | {
      readonly action: 'INSERT';
      readonly at: Position;
      readonly columns?: readonly Name[];
      /** Undefined is ROW: the columns of the source. Undefined values are DEFAULT. */
      readonly values?: readonly (Expression | undefined)[];
    };

export interface MergeClause {
  readonly when: 'MATCHED' | 'NOT MATCHED BY TARGET' | 'NOT MATCHED BY SOURCE';
  readonly condition?: Expression;
  readonly then: MergeAction;
}

export type DmlStatement =
  | {
      readonly node: 'insert';
      readonly at: Position;
      readonly table: TableName;
      readonly columns?: readonly Name[];
      /** Undefined is DEFAULT. */
      readonly rows?: readonly (readonly (Expression | undefined)[])[];
      readonly query?: Query;
    }
  | {
      readonly node: 'update';
      readonly at: Position;
      readonly table: TableName;
      readonly alias?: Name;
      readonly assignments: readonly Assignment[];
      readonly from?: FromItem;
      readonly where: Expression;
    }
  | {
      readonly node: 'delete';
      readonly at: Position;
      readonly table: TableName;
      readonly alias?: Name;
      readonly where: Expression;
    }
  | {
      readonly node: 'merge';
      readonly at: Position;
      readonly table: TableName;
      readonly alias?: Name;
      readonly source: FromItem;
      readonly on: Expression;
      readonly clauses: readonly MergeClause[];
    }
  | { readonly node: 'truncate'; readonly at: Position; readonly table: TableName };

/** The kinds of tables that have statements of their own. */
export type TableNoun = 'TABLE' | 'VIEW' | 'SNAPSHOT TABLE';

export interface CreateTable {
  readonly node: 'create table';
  readonly at: Position;
  readonly noun: TableNoun;
  readonly isTemporary?: true;
  readonly table: TableName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columns?: readonly ColumnDefinition[];
  readonly partitionBy?: Expression;
  readonly clusterBy: readonly Name[];
  readonly options: readonly OptionSetting[];
  /** LIKE copies the columns, CLONE and COPY the rows, too. */
  readonly source?: { readonly how: 'LIKE' | 'CLONE' | 'COPY'; readonly table: TableName };
  readonly query?: Query;
}

export interface CreateView {
  readonly node: 'create view';
  readonly at: Position;
  readonly table: TableName;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  readonly columns?: readonly { readonly name: Name; readonly options: readonly OptionSetting[] }[];
  readonly options: readonly OptionSetting[];
  readonly query: Query;
  /** The text of the query, which the view keeps. */
  readonly text: string;
}

export type TableChange =
  | { readonly change: 'ADD COLUMN'; readonly column: ColumnDefinition; readonly ifNotExists: boolean }
  | { readonly change: 'DROP COLUMN'; readonly name: Name; readonly ifExists: boolean }
  | { readonly change: 'RENAME COLUMN'; readonly name: Name; readonly to: Name; readonly ifExists: boolean }
  | { readonly change: 'DROP NOT NULL'; readonly name: Name; readonly ifExists: boolean }
  | {
      readonly change: 'SET COLUMN OPTIONS';
      readonly name: Name;
      readonly ifExists: boolean;
      readonly options: readonly OptionSetting[];
    }
  | { readonly change: 'SET OPTIONS'; readonly options: readonly OptionSetting[] }
  | { readonly change: 'RENAME TO'; readonly to: Name };

export interface AlterTable {
  readonly node: 'alter table';
  readonly at: Position;
  readonly noun: Exclude<TableNoun, 'SNAPSHOT TABLE'>;
  readonly table: TableName;
  readonly ifExists: boolean;
  readonly changes: readonly TableChange[];
}

export interface CreateFunction {
  readonly node: 'create function';
  readonly at: Position;
  readonly routine: TableName;
  readonly isTemporary: boolean;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
  /** One without a type is of ANY TYPE. */
  readonly parameters: readonly { readonly name: string; readonly type: DataType | undefined }[];
  readonly returns?: DataType;
  readonly body: Expression;
  /** The text of the body. */
  readonly text: string;
  readonly options: readonly OptionSetting[];
}

export interface DropFunction {
  readonly node: 'drop function';
  readonly at: Position;
  readonly routine: TableName;
  readonly ifExists: boolean;
}

export type DdlStatement =
  | CreateFunction
  | DropFunction
  | CreateTable
  | CreateView
  | AlterTable
  | {
      readonly node: 'drop table';
      readonly at: Position;
      readonly noun: TableNoun;
      readonly table: TableName;
      readonly ifExists: boolean;
    }
  | {
      readonly node: 'create schema';
      readonly at: Position;
      readonly schema: TableName;
      readonly ifNotExists: boolean;
      readonly options: readonly OptionSetting[];
    }
  | {
      readonly node: 'undrop schema';
      readonly at: Position;
      readonly schema: TableName;
      readonly ifNotExists: boolean;
    }
  | {
      readonly node: 'alter schema';
      readonly at: Position;
      readonly schema: TableName;
      readonly ifExists: boolean;
      readonly options: readonly OptionSetting[];
    }
  | {
      readonly node: 'drop schema';
      readonly at: Position;
      readonly schema: TableName;
      readonly ifExists: boolean;
      readonly cascade: boolean;
    };

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/debugging-statements */
export interface AssertStatement {
  readonly node: 'assert';
  readonly at: Position;
  readonly condition: Expression;
  readonly description?: string;
}

export function isDml(statement: Statement): statement is DmlStatement {
  return /^(insert|update|delete|merge|truncate)$/.test(statement.node);
}

/** https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language */
export interface AccessStatement {
  readonly node: 'access';
  readonly at: Position;
  readonly verb: 'GRANT' | 'REVOKE';
  readonly roles: readonly Name[];
  readonly noun: 'SCHEMA' | 'TABLE' | 'VIEW';
  readonly target: TableName;
  readonly members: readonly string[];
}

export type Statement = AccessStatement | Query | DmlStatement | DdlStatement | AssertStatement;
