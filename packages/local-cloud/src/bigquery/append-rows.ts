import type { DuckDBValue } from '@duckdb/node-api';
import { CloudError } from '../errors.ts';
import type { RowError, TableReference } from '../warehouse.ts';
import { appendValues } from './appender.ts';
import type { ServiceContext } from './datasets.ts';
import { RowValueError, rowValues } from './row-values.ts';
import { byteSize } from './sizes.ts';
import { assertWritable } from './table-kind.ts';
import { type DataType, type Field, typeOfField } from './types.ts';

/** https://docs.cloud.google.com/bigquery/quotas#write-api-limits */
const MAX_ROW_BYTES = 10 * 1024 * 1024;

/** Appends to the Storage Write API's default stream: all rows or none. See Warehouse.appendRows. */
export async function appendRows(
  context: ServiceContext,
  reference: TableReference,
  rows: readonly Record<string, unknown>[],
): Promise<readonly RowError[]> {
  const { catalog, database, statistics, clock } = context;
  if (rows.length === 0) return [];
  try {
    return await database.write(async (transaction) => {
      const table = catalog.table(reference);
      assertWritable(table);
      const { values, errors } = checkedRows(table.fields, rows);
      if (errors.length > 0) return errors;
      await catalog.touchTable(transaction, table, clock.now());
      await appendValues(transaction.connection, table, values);
      transaction.afterCommit(() => statistics.add(table, values));
      return [];
    });
  } catch (error) {
    if (error instanceof CloudError) throw error;
    throw new CloudError('UNAVAILABLE', 'The rows could not be written.', { cause: error });
  }
}

function checkedRows(fields: readonly Field[], rows: readonly Record<string, unknown>[]) {
  const types = fields.map(typeOfField);
  const values: DuckDBValue[][] = [];
  const errors: RowError[] = [];
  for (const [index, row] of rows.entries()) {
    try {
      const checked = rowValues(fields, row, { lenient: false, ignoreUnknownValues: false });
      assertRowSize(types, checked);
      values.push(checked);
    } catch (error) {
      if (!(error instanceof RowValueError)) throw error;
      errors.push({ index, message: error.message });
    }
  }
  return { values, errors };
}

/** Throws RowValueError for a row above 10 MiB, the limit of `tabledata.insertAll` and of the Storage Write API. */
export function assertRowSize(types: readonly DataType[], values: readonly DuckDBValue[]): void {
  const bytes = types.reduce((sum, type, index) => sum + byteSize(type, values[index] ?? null), 0);
  if (bytes <= MAX_ROW_BYTES) return;
  throw new RowValueError('', `Row is too large: ${bytes} bytes, the maximum is ${MAX_ROW_BYTES}.`);
}
