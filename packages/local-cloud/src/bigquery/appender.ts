import type { DuckDBAppender, DuckDBValue } from '@duckdb/node-api';
import type { Table } from './catalog.ts';
import type { Transaction } from './database.ts';

/**
 * Appends rows; each lists its values in the order of the table's columns. Writes several 100,000 rows a second. Call
 * `Catalog.touchTable` first: it sets the commit time of the rows.
 */
export async function appendValues(
  connection: Transaction['connection'],
  table: Pick<Table, 'physicalName' | 'fields'>,
  rows: readonly (readonly DuckDBValue[])[],
): Promise<void> {
  const appender = await connection.createAppender(table.physicalName, 'data');
  try {
    const append = table.fields.map((field, index) =>
      field.type === 'STRING' && field.mode !== 'REPEATED'
        ? appendText(appender)
        : appendTyped(appender, appender.columnType(index + 1)),
    );
    for (const row of rows) {
      // The commit time, which is the first column.
      appender.appendDefault();
      append.forEach((write, index) => {
        write(row[index] ?? null);
      });
      appender.endRow();
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

function appendText(appender: DuckDBAppender): (value: DuckDBValue) => void {
  return (value) => (typeof value === 'string' ? appender.appendVarchar(value) : appender.appendNull());
}

function appendTyped(
  appender: DuckDBAppender,
  type: ReturnType<DuckDBAppender['columnType']>,
): (value: DuckDBValue) => void {
  return (value) => (value === null ? appender.appendNull() : appender.appendValue(value, type));
}
