import { physicalSql, type Table } from '../catalog.ts';
import { quoteIdentifier, quoteLiteral } from '../names.ts';
import { type DataType, duckType, type ScalarKind, scalar } from '../types.ts';
import type { Relation } from './resolve-from.ts';

/** A value of a metadata table: a value of JSON, or an expression of DuckDB over the rows of `MetadataRow.of`. */
type MetadataValue = string | number | null | { readonly sql: string };

export interface MetadataRow {
  /** Keyed by column; an absent one is NULL. */
  readonly values: Readonly<Record<string, MetadataValue>>;
  /** The table whose rows the expressions read. */
  readonly of?: Table;
}

/** A table that BigQuery makes of its catalog. */
export interface MetadataTable {
  readonly columns: Readonly<Record<string, DataType>>;
  /** One row for each thing that it describes, made from the tables of a dataset. */
  rows(tables: readonly Table[]): readonly MetadataRow[];
}

export function typed(kinds: Readonly<Record<string, ScalarKind>>): Readonly<Record<string, DataType>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, scalar(kind)]));
}

/** A metadata table as a relation of DuckDB. It reads no column that is billed. */
export function metadataRelation({ columns, rows }: MetadataTable, tables: readonly Table[]): Relation {
  const names = Object.entries(columns);
  const selects = rows(tables).map(({ values, of }) => {
    const list = names.map(
      ([name, type]) =>
        `CAST(${valueSql(values[name] ?? null)} AS ${duckType(type)}) AS ${quoteIdentifier(name)}`,
    );
    return `SELECT ${list.join(', ')}${of ? ` FROM ${physicalSql(of)}` : ''}`;
  });
  const none = names.map(([name, type]) => `CAST(NULL AS ${duckType(type)}) AS ${quoteIdentifier(name)}`);
  return {
    sql: `(${selects.join(' UNION ALL ') || `SELECT ${none.join(', ')} WHERE false`})`,
    outputs: names.map(([name, type]) => ({ name, column: name, type, columns: new Set() })),
    reads: [],
  };
}

function valueSql(value: MetadataValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoteLiteral(value);
  return typeof value === 'number' ? String(value) : value.sql;
}
