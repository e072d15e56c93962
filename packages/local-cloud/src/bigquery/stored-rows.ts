import type { DuckDBValue } from '@duckdb/node-api';
import type { Database } from './database.ts';
import type { RowSource } from './page.ts';
import type { Field } from './types.ts';

interface StoredRows {
  /** The table in DuckDB. */
  readonly table: string;
  readonly fields: readonly Field[];
  /** The columns of the fields, quoted. */
  readonly columns: readonly string[];
  /** Whether DuckDB's rowid is the index of each row. */
  readonly isIndexed: boolean;
}

/** Reads ranges of the rows of a DuckDB table, in insertion order. */
export function readerOf(
  database: Database,
  { table, fields, columns, isIndexed }: StoredRows,
): RowSource['read'] {
  if (fields.length === 0) return async () => [];
  const list = columns.join(', ');
  // Without ORDER BY, DuckDB keeps the insertion order. BigInt refuses what is no whole number.
  const rows = (start: number, count: number) =>
    isIndexed
      ? `FROM ${table} WHERE rowid >= ${BigInt(start)} AND rowid < ${BigInt(start + count)}`
      : `FROM ${table} LIMIT ${BigInt(count)} OFFSET ${BigInt(start)}`;
  if (!fields.every(isText)) return (start, count) => database.list(`SELECT ${list} ${rows(start, count)}`);
  // As one JSON text: @duckdb/node-api makes a call and a buffer for each text, which takes most of the time of a page.
  const named = columns.map((column, index) => `${column} AS c${index}`);
  const values = columns.map((_, index) => `c${index}`);
  const select =
    `SELECT string_agg(json_array(${values.join(', ')}), ',' ORDER BY place) ` +
    `FROM (SELECT rowid AS place, ${named.join(', ')}`;
  return async (start, count) => {
    const [[text = null] = []] = await database.list(`${select} ${rows(start, count)})`);
    const all: DuckDBValue[][] = JSON.parse(`[${text ?? ''}]`);
    return all;
  };
}

function isText({ type, mode }: Field): boolean {
  return type === 'STRING' && mode !== 'REPEATED';
}
