import { DuckDBListValue } from '@duckdb/node-api';
import { type Dataset, physicalSql, type Table } from '../catalog.ts';
import type { Position } from '../errors.ts';
import type { JobResource } from '../job-resources.ts';
import { quoteColumn, quoteLiteral } from '../names.ts';
import { typedValue } from '../row-values.ts';
import { type DataType, duckType, type ScalarKind, scalar, structKey } from '../types.ts';
import type { Bindings } from './bindings.ts';
import type { Relation } from './relation.ts';

/** A value as JSON has it: a STRUCT is the list of its fields. */
type JsonValue = string | number | boolean | null | undefined | readonly JsonValue[];

/** A value, or an expression of DuckDB over the rows of `MetadataRow.of`. */
type MetadataValue = JsonValue | { readonly sql: string };

interface MetadataRow {
  /** Keyed by column; undefined is NULL. */
  readonly values: Readonly<Record<string, MetadataValue>>;
  /** The table whose rows the expressions read. */
  readonly of: Table | undefined;
}

/** What a metadata table tells of: one dataset or those of a region, and the jobs of a region. */
export interface Described {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly datasets: readonly Dataset[];
  readonly tables: readonly Table[];
  /** Those of the caller, or of everybody. Throws PERMISSION_DENIED. */
  jobs(allUsers: boolean): readonly JobResource[];
}

/** A table that BigQuery makes of its catalog. */
export interface MetadataTable {
  readonly columns: Readonly<Record<string, DataType>>;
  /** Whether it tells of a project, so that no dataset comes before its name. */
  readonly ofProject: boolean;
  /** One row for each thing that it describes. */
  rows(described: Described): readonly MetadataRow[];
}

/** The type of a column, and its value in a row; without one, it is always NULL. */
type Column<Row> = readonly [type: ScalarKind | DataType, value?: (row: Row) => MetadataValue];

export type Columns<Row> = Readonly<Record<string, Column<Row>>>;

/** A STRUCT of texts, and of numbers where the name says so. */
export function structType(...names: string[]): DataType {
  const kindOf = (name: string) => (name.endsWith('_count') ? 'INT64' : 'STRING');
  return { kind: 'STRUCT', fields: names.map((name) => ({ name, type: scalar(kindOf(name)) })) };
}

/** A metadata table of rows, of which each column reads its value. */
export function metadataTable<Row>(
  rows: (described: Described) => readonly Row[],
  columns: Columns<Row>,
  { ofProject = false, of }: { ofProject?: boolean; of?: (row: Row) => Table | undefined } = {},
): MetadataTable {
  const entries = Object.entries(columns);
  return {
    ofProject,
    columns: Object.fromEntries(
      entries.map(([name, [type]]) => [name, typeof type === 'string' ? scalar(type) : type]),
    ),
    rows: (described) =>
      rows(described).map((row) => ({
        values: Object.fromEntries(entries.map(([name, [, value]]) => [name, value?.(row)])),
        of: of?.(row),
      })),
  };
}

/** A metadata table as a relation of DuckDB. It reads no column that is billed. */
export function metadataRelation(
  { columns, rows }: MetadataTable,
  described: Described,
  bindings: Bindings,
  at: Position,
): Relation {
  const all = rows(described);
  const counted = all.some(({ of }) => of);
  return {
    sql: counted ? countedSql(columns, all) : boundSql(columns, all, bindings, at),
    outputs: Object.entries(columns).map(([name, type]) => {
      return { name, column: name, value: { type, columns: new Set() } };
    }),
    reads: [],
  };
}

/** Rows whose values are known are a parameter of the statement. */
function boundSql(
  columns: MetadataTable['columns'],
  rows: readonly MetadataRow[],
  bindings: Bindings,
  at: Position,
): string {
  const fields = Object.entries(columns).map(([name, type]) => ({ name, type }));
  const type: DataType = { kind: 'STRUCT', fields };
  const items = rows.map(({ values }) => {
    const item = typedValue(
      type,
      fields.map(({ name }) => values[name] ?? null),
    );
    if (item === undefined)
      throw new TypeError(`a value of a metadata table has another type: ${JSON.stringify(values)}`);
    return item;
  });
  const list = bindings.bindOnce({ kind: 'ARRAY', element: type }, new DuckDBListValue(items), at);
  const names = fields.map(({ name }, index) => `v.${structKey(index)} AS ${quoteColumn(name)}`);
  return `(SELECT ${names.join(', ')} FROM (SELECT unnest(${list.sql}) AS v))`;
}

function countedSql(columns: MetadataTable['columns'], rows: readonly MetadataRow[]): string {
  const selects = rows.map(({ values, of }) => {
    const list = Object.entries(columns).map(
      ([name, type]) => `CAST(${valueSql(values[name])} AS ${duckType(type)}) AS ${quoteColumn(name)}`,
    );
    return `SELECT ${list.join(', ')}${of ? ` FROM ${physicalSql(of)}` : ''}`;
  });
  return `(${selects.join(' UNION ALL ')})`;
}

function valueSql(value: MetadataValue): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number' || typeof value === 'string') return quoteLiteral(String(value));
  if (typeof value === 'object' && 'sql' in value) return value.sql;
  throw new TypeError(`not a scalar: ${JSON.stringify(value)}`);
}
